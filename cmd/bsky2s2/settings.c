#include "settings.h"

#include <stdlib.h>
#include <string.h>

/* A route with all its domains is far shorter. */
#define TEXT_MAX ((size_t)16 << 20)

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

static int add_all(struct settings *settings, const char *name,
                   const char *const *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (add(settings, name, values[i]) != 0)
            return -1;
    }
    return 0;
}

/* STREAM and the domains that lead there; another route may have taken some.
 * The first one is named in each record, so it counts in any case. */
static int add_route(struct settings *settings, const struct routes *routes,
                     const struct route *route)
{
    struct buf text = BUF_INIT(TEXT_MAX);
    int rc = buf_addstr(&text, route->stream);

    for (size_t i = 0; rc == 0 && i < route->ndomains; i++) {
        const char *domain = route->domains[i];

        if (routes_find(routes, slice_str(domain)) == route)
            rc = buf_addf(&text, " %s", domain);
        else if (i == 0)
            rc = buf_addf(&text, " (%s)", domain);
    }
    if (rc == 0)
        rc = add(settings, "route", buf_str(&text));
    buf_release(&text);
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

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
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
    static const char *const links[] = {"all", "facets", "embeds"};
    static const char *const any[] = {"any"};
    const struct options *o = config->options;
    bool all = config->nlangs == 0;

    memset(settings, 0, sizeof(*settings));
    if (add(settings, "prefix", o->prefix == NULL ? "" : o->prefix) != 0 ||
        add(settings, "links", links[o->links]) != 0 ||
        add_all(settings, "lang", all ? any : config->langs,
                all ? 1 : config->nlangs) != 0 ||
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
