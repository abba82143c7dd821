#include "settings.h"

#include <stdlib.h>
#include <string.h>

/* A route with all its domains is far shorter. */
#define TEXT_MAX ((size_t)16 << 20)

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add(struct settings *settings, const char *name, const char *value)
{
    struct buf text = BUF_INIT(TEXT_MAX);
    char *copy = NULL;

    if (settings->c.n == settings->cap) {
        size_t cap = settings->cap == 0 ? 32 : settings->cap * 2;
        char **list = realloc(settings->list, cap * sizeof(*list));

        if (list == NULL)
            return -1;
        settings->list = list;
        settings->cap = cap;
    }
    if (buf_addf(&text, "%s=%s", name, value) == 0)
        copy = strdup(buf_str(&text));
    buf_release(&text);
    if (copy == NULL)
        return -1;
    settings->list[settings->c.n++] = copy;
    return 0;
}

/* Tags of languages are compared without regard to case. */
static int add_lang(struct settings *settings, const char *tag)
{
    char *lower = strdup(tag);
    int rc;

    if (lower == NULL)
        return -1;
    for (char *p = lower; *p != '\0'; p++)
        *p = slice_lower(*p);
    rc = add(settings, "lang", lower);
    free(lower);
    return rc;
}

static int add_langs(struct settings *settings, const struct config *config)
{
    for (size_t i = 0; i < config->nlangs; i++) {
        if (add_lang(settings, config->langs[i]) != 0)
            return -1;
    }
    return config->nlangs == 0 ? add(settings, "lang", "any") : 0;
}

static int add_all(struct settings *settings, const char *name,
                   const char *const *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (add(settings, name, values[i]) != 0)
            return -1;
    }
    return 0;
}

/* The domains that lead to a stream, in the words of --route; another route
 * may have taken some.  The first one is named in each record, so it counts in
 * any case; of the others neither order nor repetition does. */
static int add_route(struct settings *settings, const struct routes *routes,
                     const struct route *route)
{
    size_t n = route->ndomains;
    const char **domains = malloc(n * sizeof(*domains));
    struct buf text = BUF_INIT(TEXT_MAX);
    int rc = domains == NULL ? -1 : 0;
    bool first;

    for (size_t i = 0; rc == 0 && i < n; i++)
        domains[i] = route->domains[i];
    if (rc == 0) {
        qsort(domains + 1, n - 1, sizeof(*domains), compare);
        first = routes_find(routes, slice_str(domains[0])) == route;
        rc = buf_addf(&text, first ? "%s" : "(%s)", domains[0]);
    }
    for (size_t i = 1; rc == 0 && i < n; i++) {
        if (routes_find(routes, slice_str(domains[i])) == route &&
            strcmp(domains[i], domains[i - 1]) != 0 &&
            strcmp(domains[i], domains[0]) != 0)
            rc = buf_addf(&text, ",%s", domains[i]);
    }
    if (rc == 0)
        rc = buf_addf(&text, "=%s", route->stream);
    if (rc == 0)
        rc = add(settings, "route", buf_str(&text));
    buf_release(&text);
    free(domains);
    return rc;
}

static int add_routes(struct settings *settings, const struct routes *routes)
{
    for (size_t i = 0; i < routes_count(routes); i++) {
        if (add_route(settings, routes, routes_get(routes, i)) != 0)
            return -1;
    }
    return 0;
}

/* In order, and what is said twice once. */
static void tidy(struct settings *settings)
{
    size_t kept = 0;

    qsort(settings->list, settings->c.n, sizeof(*settings->list), compare);
    for (size_t i = 0; i < settings->c.n; i++) {
        if (kept > 0 &&
            strcmp(settings->list[kept - 1], settings->list[i]) == 0)
            free(settings->list[i]);
        else
            settings->list[kept++] = settings->list[i];
    }
    settings->c.n = kept;
}

int settings_make(struct settings *settings, const struct config *config,
                  const struct routes *routes, struct err *err)
{
    const struct options *o = config->options;

    memset(settings, 0, sizeof(*settings));
    if (add(settings, "prefix", o->prefix == NULL ? "" : o->prefix) != 0 ||
        add(settings, "links", config_links(o)) != 0 ||
        add_langs(settings, config) != 0 ||
        add_all(settings, "did", o->dids.v, o->dids.n) != 0 ||
        add_routes(settings, routes) != 0)
        return err_memory(err);
    if (o->unrouted != NULL && add(settings, "unrouted", o->unrouted) != 0)
        return err_memory(err);
    tidy(settings);
    settings->c.list = (const char *const *)settings->list;
    checkpoint_settings_hash(&settings->c);
    return 0;
}

void settings_release(struct settings *settings)
{
    for (size_t i = 0; i < settings->c.n; i++)
        free(settings->list[i]);
    free(settings->list);
    memset(settings, 0, sizeof(*settings));
}
