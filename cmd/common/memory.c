#include "common/memory.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <jansson.h>
#include <libwebsockets.h>
#include <openssl/crypto.h>
#include <sqlite3.h>

static void (*give_up)(void);

static void *must(void *p, size_t n)
{
    if (p == NULL && n > 0)
        give_up();
    return p;
}

static void *take(size_t n)
{
    return must(malloc(n), n);
}

static void *take_zeroed(size_t n, size_t size)
{
    return must(calloc(n, size), n);
}

static void *resize(void *p, size_t n)
{
    return must(realloc(p, n), n);
}

static char *copy(const char *s)
{
    return must(strdup(s), 1);
}

static void *crypto_take(size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return take(n);
}

static void *crypto_resize(void *p, size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return resize(p, n);
}

static void crypto_give(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    free(p);
}

/* It frees by resizing to nothing. */
static void *lws_resize(void *p, size_t n, const char *reason)
{
    (void)reason;
    if (n > 0)
        return resize(p, n);
    free(p);
    return NULL;
}

/* SQLite's own allocator, which knows the sizes of blocks. */
static sqlite3_mem_methods sqlite;

static void *sqlite_take(int n)
{
    return must(sqlite.xMalloc(n), (size_t)n);
}

static void *sqlite_resize(void *p, int n)
{
    return must(sqlite.xRealloc(p, n), (size_t)n);
}

static void guard_sqlite(void)
{
    sqlite3_mem_methods guarded;

    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite);
    guarded = sqlite;
    guarded.xMalloc = sqlite_take;
    guarded.xRealloc = sqlite_resize;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &guarded);
}

void memory_guard(void (*end)(void))
{
    give_up = end;
    json_set_alloc_funcs(take, free);
    CRYPTO_set_mem_functions(crypto_take, crypto_resize, crypto_give);
    /* Its tidying allocates, when all is said. */
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
    lws_set_allocator(lws_resize);
    guard_sqlite();
    curl_global_init_mem(CURL_GLOBAL_DEFAULT, take, free, resize, copy,
                         take_zeroed);
}
