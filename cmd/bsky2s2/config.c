#include "config.h"

#include <stdio.h>
#include <string.h>

#include "basin/checkpoint.h"
#include "bsky/event.h"
#include "bsky/jetstream.h"
#include "bsky/match.h"
#include "common/slurp.h"

/* A map of 10,000 routes with long names. */
#define ROUTES_FILE_MAX ((size_t)16 << 20)

static const char *const default_urls[] = {
    "wss://jetstream2.us-west.bsky.network/subscribe",
    "wss://jetstream1.us-west.bsky.network/subscribe",
    "wss://jetstream2.us-east.bsky.network/subscribe",
    "wss://jetstream1.us-east.bsky.network/subscribe",
};

static const char *const default_langs[] = {"en"};

static int fill_routes(const struct options *o, struct routes *routes,
                       struct err *err)
{
    struct buf text = BUF_INIT(ROUTES_FILE_MAX);
    int rc = 0;

    if (!o->no_default_routes)
        rc = routes_add_defaults(routes, err);
    if (rc == 0 && o->routes_file != NULL) {
        rc = slurp(o->routes_file, &text, err);
        if (rc == 0)
            rc = routes_add_text(routes, buf_slice(&text), o->routes_file, err);
    }
    buf_release(&text);
    for (size_t i = 0; rc == 0 && i < o->routes.n; i++) {
        rc = routes_add_spec(routes, o->routes.v[i], err);
        if (rc != 0)
            err_prefix(err, "--route");
    }
    if (rc == 0 && routes_count(routes) == 0 && o->unrouted == NULL)
        rc = err_set(err, ERR_CONFIG, "there is no route");
    return rc;
}

static int check_streams(const struct options *o, const struct routes *routes,
                         struct err *err)
{
    const char *prefix = o->prefix == NULL ? "" : o->prefix;
    char name[2 * ROUTE_STREAM_MAX + 2];

    if (o->unrouted != NULL && !routes_stream_ok(slice_str(o->unrouted)))
        return err_set(err, ERR_USAGE,
                       "--unrouted: '%.64s' cannot be a stream's name",
                       o->unrouted);
    if (strlen(prefix) > ROUTE_STREAM_MAX)
        return err_set(err, ERR_USAGE, "--prefix: longer than 512 bytes");
    for (size_t i = 0; i <= routes_count(routes); i++) {
        const char *stream = i < routes_count(routes)
                                 ? routes_get(routes, i)->stream
                                 : o->unrouted;

        if (stream == NULL)
            continue;
        if (stream != o->unrouted && o->unrouted != NULL &&
            strcmp(stream, o->unrouted) == 0)
            return err_set(err, ERR_USAGE,
                           "--unrouted: '%.64s' is a route's stream", stream);
        snprintf(name, sizeof(name), "%s%s", prefix, stream);
        if (!routes_stream_ok(slice_str(name)))
            return err_set(err, ERR_USAGE,
                           "--prefix: '%.64s...' cannot be a stream's name",
                           name);
    }
    return 0;
}

struct routes *config_routes(const struct options *options, struct err *err)
{
    struct routes *routes = routes_new();

    if (routes == NULL) {
        err_memory(err);
        return NULL;
    }
    if (fill_routes(options, routes, err) == 0 &&
        check_streams(options, routes, err) == 0)
        return routes;
    routes_free(routes);
    return NULL;
}

const char *config_links(const struct options *options)
{
    static const char *const words[] = {[MATCH_ALL] = "all",
                                        [MATCH_FACETS] = "facets",
                                        [MATCH_EMBEDS] = "embeds"};

    return words[options->links];
}

/* What the environment says wrong is no wrong usage. */
static int bad_url(const struct options *options, struct err *err)
{
    if (err_is_memory(err))
        return -1;
    if (options->urls.n > 0)
        return err_prefix(err, "--url");
    err->code = ERR_CONFIG;
    return err_prefix(err, "BSKY2S2_URL");
}

static int check_source(struct config *config, struct err *err)
{
    const struct options *o = config->options;

    config->env_url = place_env("BSKY2S2_URL");
    if (o->urls.n > 0) {
        config->urls = o->urls.v;
        config->nurls = o->urls.n;
    } else if (config->env_url != NULL) {
        config->urls = &config->env_url;
        config->nurls = 1;
    } else {
        config->urls = default_urls;
        config->nurls = sizeof(default_urls) / sizeof(default_urls[0]);
    }
    if (o->input != NULL && (o->urls.n > 0 || o->dids.n > 0))
        return err_set(err, ERR_USAGE,
                       "--input goes with neither --url nor --did");
    for (size_t i = 0; i < config->nurls; i++) {
        char name[POSITION_HOST_SIZE];

        if (jetstream_name(config->urls[i], name, err) != 0)
            return bad_url(o, err);
    }
    for (size_t i = 0; i < o->dids.n; i++) {
        if (strncmp(o->dids.v[i], "did:", 4) != 0 ||
            strlen(o->dids.v[i]) > EVENT_ID_MAX)
            return err_set(err, ERR_USAGE, "--did: '%.64s' is no DID",
                           o->dids.v[i]);
    }
    return 0;
}

static int set_filter(struct config *config, struct err *err)
{
    const struct options *o = config->options;

    config->langs = o->langs.n > 0 ? o->langs.v : default_langs;
    config->nlangs = o->langs.n > 0 ? o->langs.n : 1;
    for (size_t i = 0; i < config->nlangs; i++) {
        if (config->langs[i][0] == '\0')
            return err_set(err, ERR_USAGE, "--lang: empty");
        if (strcmp(config->langs[i], "any") == 0)
            config->nlangs = 0;
    }
    for (int wire = EVENT_V1; wire < EVENT_WIRES; wire++)
        config->max_age_us[wire] = o->max_age != OPTIONS_UNSET
                                       ? o->max_age * 1000
                                       : match_max_age((enum event_wire)wire);
    config->idle_ms = o->idle != OPTIONS_UNSET ? o->idle
                      : o->dids.n > 0          ? 0
                                               : 60000;
    return 0;
}

/* Where to begin, and whose checkpoints say so: a socket into a basin has
 * some, an input or a dry run has none. */
static int set_job(struct config *config, struct err *err)
{
    const struct options *o = config->options;
    char name[ROUTE_STREAM_MAX + 16];
    bool none = o->input != NULL || o->dry_run;

    config->anyway = o->since == OPT_WORD;
    config->since = config->anyway ? OPTIONS_UNSET : o->since;
    if (none && (o->job != NULL || config->anyway))
        return err_set(err, ERR_USAGE,
                       "%s goes with neither --input nor "
                       "--dry-run: they have no checkpoints",
                       o->job != NULL ? "--job" : "--since checkpoint");
    if (none)
        return 0;
    config->job = o->job == NULL ? "default" : o->job;
    snprintf(name, sizeof(name), "job/%.512s", config->job);
    if (config->job[0] == '\0' ||
        strlen(config->job) + strlen(CHECKPOINT_PREFIX) > ROUTE_STREAM_MAX ||
        !routes_stream_ok(slice_str(name)))
        return err_set(err, ERR_USAGE, "--job: '%.64s' cannot be a name",
                       config->job);
    return 0;
}

int config_make(struct config *config, const struct options *options,
                struct err *err)
{
    memset(config, 0, sizeof(*config));
    config->options = options;
    config->output =
        options->output == NULL && options->dry_run ? "-" : options->output;
    if (check_source(config, err) != 0 || set_job(config, err) != 0 ||
        set_filter(config, err) != 0)
        return -1;
    config->routes = config_routes(options, err);
    if (config->routes == NULL)
        return -1;
    return place_find(&config->place, &options->place, !options->dry_run, err);
}

void config_release(struct config *config)
{
    routes_free(config->routes);
    place_release(&config->place);
}
