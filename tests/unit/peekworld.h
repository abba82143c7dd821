/*
 * What the tests of the prefilter share: several configurations, and
 * messages in memory whose end cannot be read across.
 */
#ifndef PEEKWORLD_H
#define PEEKWORLD_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "peekcheck.h"

#define PEEK_DAY_US INT64_C(86400000000)
#define PEEK_MAX ((size_t)1 << 20)

enum peek_config {
    PEEK_ENGLISH, /* as without any option */
    PEEK_ANY_LANGUAGE,
    PEEK_UNROUTED,
    PEEK_FACETS,
    PEEK_EMBEDS,
    PEEK_ODD,   /* one route */
    PEEK_LANGS, /* two languages, one of a region */
    PEEK_CONFIGS
};

static struct routes *peek_defaults;
static struct routes *peek_odd;
static struct match *peek_matches[PEEK_CONFIGS];

/* Memory whose end cannot be read across. */
static char *peek_place;

static inline void peek_init(void)
{
    static const char *const english[] = {"en"};
    static const char *const several[] = {"pt", "en-GB"};
    struct match_config config = {.langs = english, .nlangs = 1};
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *p = NULL;

    NEED(posix_memalign(&p, page, PEEK_MAX + page) == 0);
    peek_place = p;
    check_leaks = false; /* who looks for them would read across */
    mprotect(peek_place + PEEK_MAX, page, PROT_NONE);
    peek_defaults = NEEDED(routes_new());
    NEED(routes_add_defaults(peek_defaults, NULL) == 0);
    peek_odd = NEEDED(routes_new());
    NEED(routes_add_spec(peek_odd, "odd.example=odd/one", NULL) == 0);
    config.routes = peek_defaults;
    config.max_age_us[EVENT_V1] = 2 * PEEK_DAY_US;
    config.max_age_us[EVENT_V2] = PEEK_DAY_US / 48;
    peek_matches[PEEK_ENGLISH] = NEEDED(match_new(&config, NULL));
    config.nlangs = 0;
    peek_matches[PEEK_ANY_LANGUAGE] = NEEDED(match_new(&config, NULL));
    config.unrouted = true;
    peek_matches[PEEK_UNROUTED] = NEEDED(match_new(&config, NULL));
    config.unrouted = false;
    config.links = MATCH_FACETS;
    peek_matches[PEEK_FACETS] = NEEDED(match_new(&config, NULL));
    config.links = MATCH_EMBEDS;
    peek_matches[PEEK_EMBEDS] = NEEDED(match_new(&config, NULL));
    config.links = MATCH_ALL;
    config.routes = peek_odd;
    peek_matches[PEEK_ODD] = NEEDED(match_new(&config, NULL));
    config.routes = peek_defaults;
    config.langs = several;
    config.nlangs = 2;
    peek_matches[PEEK_LANGS] = NEEDED(match_new(&config, NULL));
}

static inline void peek_release(void)
{
    for (int i = 0; i < PEEK_CONFIGS; i++)
        match_free(peek_matches[i]);
    routes_free(peek_defaults);
    routes_free(peek_odd);
    mprotect(peek_place + PEEK_MAX, (size_t)sysconf(_SC_PAGESIZE),
             PROT_READ | PROT_WRITE);
    free(peek_place);
}

static inline struct slice peek_placed(struct slice s)
{
    struct slice copy = {peek_place + PEEK_MAX - s.n, s.n};

    NEED(s.n <= PEEK_MAX);
    if (s.n > 0)
        memcpy(peek_place + PEEK_MAX - s.n, s.p, s.n);
    return copy;
}

/* A message as the content of a C string. */
static inline void peek_show(struct slice s)
{
    printf("# ");
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c < 0x20 || c > 0x7E)
            printf("\\%03o", c);
        else
            printf("%s%c", c == '"' || c == '\\' ? "\\" : "", c);
    }
    printf("\n");
}

static inline bool peek_agrees(struct slice json, int config,
                               struct peekcheck *seen)
{
    const char *wrong =
        peekcheck(peek_placed(json), peek_matches[config], seen);

    if (wrong == NULL)
        return true;
    printf("# %s (configuration %d)\n", wrong, config);
    peek_show(json);
    return false;
}

/* A line of a table: a message with ' for ", and what is expected of it. */
struct peek_row {
    const char *text;
    int want;
};

/* Expects no more than that the two paths agree. */
#define PEEK_ANY -1

static inline struct slice peek_unquoted(const char *text, char *out,
                                         size_t size)
{
    size_t n = strlen(text);

    NEED(n < size);
    for (size_t i = 0; i <= n; i++)
        out[i] = text[i] == '\'' ? '"' : text[i];
    return (struct slice){out, n};
}

#endif
