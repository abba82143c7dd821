/*
 * Any map of routes, as lines STREAM DOMAIN..., after a '+' as
 * DOMAIN[,DOMAIN...]=STREAM, and after a '?' a host to be looked up; a '!'
 * adds the routes there are without a user's.  Every host goes where a search
 * through all routes finds the longest domain.
 */
#include "fuzz.h"

#include "bsky/route.h"

struct world {
    struct routes *routes;
    size_t own_from, own_to; /* the default routes */
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Whether ${host} is ${domain} or below it. */
static bool is_below(struct slice host, const char *domain)
{
    size_t n = strlen(domain);

    if (host.n < n || (host.n > n && host.p[host.n - n - 1] != '.'))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (lower(host.p[host.n - n + i]) != domain[i])
            return false;
    }
    return true;
}

static const struct route *search(const struct world *w, struct slice host)
{
    const struct route *best = NULL;
    size_t longest = 0;

    for (size_t i = 0; i < routes_count(w->routes); i++) {
        const struct route *route = routes_get(w->routes, i);
        bool own = i >= w->own_from && i < w->own_to;

        for (size_t d = 0; d < route->ndomains; d++) {
            size_t n = strlen(route->domains[d]);

            if (!is_below(host, route->domains[d]) || n < longest)
                continue;
            if (n == longest && best != NULL && own)
                continue;
            best = route;
            longest = n;
        }
    }
    return best;
}

static void check_route(const struct world *w, const struct route *route)
{
    struct slice stream = slice_str(route->stream);

    PROMISE(route->ndomains > 0 && stream.n > 0 && stream.n <= 512);
    PROMISE(strncmp(route->stream, "_bsky2s2/", 9) != 0);
    PROMISE(fuzz_is_utf8(stream));
    for (size_t i = 0; i < stream.n; i++)
        PROMISE((unsigned char)stream.p[i] >= ' ' && stream.p[i] != 0x7F);
    PROMISE(route->stream_id < routes_streams(w->routes));
    for (size_t d = 0; d < route->ndomains; d++) {
        const struct route *found =
            routes_find(w->routes, slice_str(route->domains[d]));

        /* Itself, or who came later with the same domain. */
        PROMISE(found != NULL);
        PROMISE(found == search(w, slice_str(route->domains[d])));
    }
}

/* Streams have one number each. */
static void check_streams(const struct world *w)
{
    size_t n = routes_count(w->routes), different = 0;

    n = n < 40 ? n : 40;
    for (size_t i = 0; i < routes_count(w->routes); i++) {
        const struct route *route = routes_get(w->routes, i);

        different += route->stream_id == different;
        for (size_t k = 0; k < n; k++) {
            const struct route *other = routes_get(w->routes, k);

            PROMISE((strcmp(route->stream, other->stream) == 0) ==
                    (route->stream_id == other->stream_id));
        }
    }
    PROMISE(different == routes_streams(w->routes));
}

static void add_line(struct world *w, struct slice line)
{
    struct err err = ERR_INIT;
    char *spec = fuzz_string(line);
    size_t before = routes_count(w->routes);

    if (spec[0] == '+') {
        if (routes_add_spec(w->routes, spec + 1, &err) != 0)
            PROMISE(err.code == ERR_USAGE);
    } else if (routes_add_text(w->routes, line, "map", &err) != 0) {
        PROMISE(err.code == ERR_CONFIG);
        PROMISE(strncmp(err.text, "map:1: ", 7) == 0);
    }
    PROMISE(routes_count(w->routes) - before ==
            (err.code == ERR_NONE && routes_count(w->routes) > before));
    free(spec);
}

static void take_line(struct world *w, struct slice line)
{
    struct slice host = {line.p + 1, line.n - 1};

    if (line.p[0] == '?') {
        PROMISE(routes_find(w->routes, host) == search(w, host));
    } else if (line.p[0] == '!' && w->own_to == 0) {
        w->own_from = routes_count(w->routes);
        PROMISE(routes_add_defaults(w->routes, NULL) == 0);
        w->own_to = routes_count(w->routes);
    } else {
        add_line(w, line);
    }
}

/* All lines at once are what they are one by one, up to the first bad one,
 * which the error names. */
static void check_file(struct slice in)
{
    struct routes *all = routes_new(), *single = routes_new();
    struct slice rest = in;
    struct err err = ERR_INIT, why = ERR_INIT;
    unsigned number = 0, named = 0;
    int r, one = 0;

    if (all == NULL || single == NULL)
        abort();
    r = routes_add_text(all, in, "map", &err);
    while (rest.n > 0 && one == 0) {
        number++;
        one = routes_add_text(single, fuzz_until(&rest, '\n'), "map", &why);
    }
    PROMISE(r == one && routes_count(all) == routes_count(single));
    if (r != 0)
        PROMISE(sscanf(err.text, "map:%u:", &named) == 1 && named == number);
    routes_free(all);
    routes_free(single);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct slice in = fuzz_input(data, n);
    struct world w = {.routes = routes_new()};

    if (w.routes == NULL)
        abort();
    check_file(in);
    while (in.n > 0) {
        struct slice line = fuzz_until(&in, '\n');

        if (line.n > 0)
            take_line(&w, line);
    }
    for (size_t i = 0; i < routes_count(w.routes); i++)
        check_route(&w, routes_get(w.routes, i));
    check_streams(&w);
    routes_free(w.routes);
    return 0;
}
