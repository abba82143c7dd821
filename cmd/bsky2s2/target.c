#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int add_name(struct target *target, size_t at, const char *prefix,
                    const char *stream, struct err *err)
{
    char name[2 * ROUTE_STREAM_MAX + 2];

    if (target->names[at] != NULL)
        return 0;
    snprintf(name, sizeof(name), "%s%s", prefix == NULL ? "" : prefix, stream);
    target->names[at] = strdup(name);
    return target->names[at] == NULL ? err_memory(err) : 0;
}

static int make_names(struct target *target, const struct config *config,
                      const struct routes *routes, struct err *err)
{
    const struct options *o = config->options;

    target->n = routes_streams(routes) + 1;
    target->names = calloc(target->n, sizeof(*target->names));
    if (target->names == NULL)
        return err_memory(err);
    for (size_t i = 0; i < routes_count(routes); i++) {
        const struct route *route = routes_get(routes, i);

        if (add_name(target, route->stream_id, o->prefix, route->stream, err) !=
            0)
            return -1;
    }
    if (o->unrouted == NULL)
        return 0;
    return add_name(target, target->n - 1, o->prefix, o->unrouted, err);
}

static int make_streams(struct target *target, struct writer *writer,
                        struct err *err)
{
    target->streams = calloc(target->n, sizeof(*target->streams));
    if (target->streams == NULL)
        return err_memory(err);
    for (size_t i = 0; i < target->n; i++) {
        if (target->names[i] == NULL)
            continue;
        target->streams[i] = writer_stream(writer, target->names[i], err);
        if (target->streams[i] < 0)
            return -1;
    }
    return 0;
}

static int make_match(struct target *target, const struct config *config,
                      const struct routes *routes, struct err *err)
{
    struct match_config match = {
        .routes = routes,
        .langs = config->langs,
        .nlangs = config->nlangs,
        .links = (enum match_links)config->options->links,
        .unrouted = config->options->unrouted != NULL,
    };

    memcpy(match.max_age_us, config->max_age_us, sizeof(match.max_age_us));
    target->match = match_new(&match, err);
    return target->match == NULL ? -1 : 0;
}

int target_make(struct target *target, const struct config *config,
                const struct routes *routes, struct writer *writer,
                struct err *err)
{
    memset(target, 0, sizeof(*target));
    if (make_names(target, config, routes, err) != 0 ||
        make_match(target, config, routes, err) != 0)
        return -1;
    return writer == NULL ? 0 : make_streams(target, writer, err);
}

void target_release(struct target *target)
{
    for (size_t i = 0; target->names != NULL && i < target->n; i++)
        free(target->names[i]);
    free(target->names);
    free(target->streams);
    match_free(target->match);
    memset(target, 0, sizeof(*target));
}
