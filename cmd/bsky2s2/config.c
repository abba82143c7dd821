#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "bsky/event.h"
#include "bsky/jetstream.h"
#include "secret.h"
#include "slurp.h"

/* A map of 10,000 routes with long names. */
#define ROUTES_FILE_MAX ((size_t)16 << 20)
#define PATH_SIZE 4096

#define MINUTE_US INT64_C(60000000)

static const char *const default_urls[] = {
    "wss://jetstream2.us-west.bsky.network/subscribe",
    "wss://jetstream1.us-west.bsky.network/subscribe",
    "wss://jetstream2.us-east.bsky.network/subscribe",
    "wss://jetstream1.us-east.bsky.network/subscribe",
};

static const char *const default_langs[] = {"en"};

/* An environment variable; an empty one counts as unset. */
static const char *env(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

static const char *option_or_env(const char *option, const char *name)
{
    return option != NULL ? option : env(name);
}

static char *default_basin(struct err *err)
{
    const char *data = env("XDG_DATA_HOME");
    const char *home = env("HOME");
    struct buf path = BUF_INIT(PATH_SIZE - 1);
    int rc;

    if (data == NULL && home == NULL) {
        err_set(err, ERR_CONFIG,
                "the default basin needs HOME or XDG_DATA_HOME; or name one "
                "with --basin");
        return NULL;
    }
    rc = data != NULL
             ? buf_addf(&path, "%s/bsky2s2/basin.db", data)
             : buf_addf(&path, "%s/.local/share/bsky2s2/basin.db", home);
    if (rc != 0 || buf_str(&path) == NULL) {
        err_set(err, ERR_CONFIG, "the default basin's path is too long");
        buf_release(&path);
        return NULL;
    }
    return path.p; /* now the caller's */
}

int config_make_directory(const struct config *config, struct err *err)
{
    char path[PATH_SIZE];

    if (!config->basin_is_default)
        return 0;
    snprintf(path, sizeof(path), "%s", config->basin_name);
    for (char *p = strchr(path + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
        *p = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST && errno != EROFS)
            return err_os(err, ERR_CANTCREATE, errno, "%.300s", path);
        *p = '/';
    }
    return 0;
}

/* s2://NAME, NAME or file:PATH. */
static int set_basin(struct config *config, const char *spec, const char *from,
                     enum err_code code, struct err *err)
{
    const char *name = spec;

    config->basin = CONFIG_S2;
    if (strncmp(spec, "file:", 5) == 0) {
        config->basin = CONFIG_FILE;
        name = spec + 5;
    } else if (strncmp(spec, "s2://", 5) == 0) {
        name = spec + 5;
    }
    if (name[0] == '\0' ||
        (config->basin == CONFIG_S2 && strpbrk(name, "/:") != NULL))
        return err_set(err, code,
                       "%s: '%.200s' is no basin: s2://NAME, NAME or "
                       "file:PATH",
                       from, spec);
    config->basin_name = strdup(name);
    return config->basin_name == NULL ? err_memory(err) : 0;
}

static int find_basin(struct config *config, struct err *err)
{
    const struct options *o = config->options;

    if (o->dry_run)
        return 0;
    if (o->basin != NULL)
        return set_basin(config, o->basin, "--basin", ERR_USAGE, err);
    if (env("S2_BASIN") != NULL)
        return set_basin(config, env("S2_BASIN"), "S2_BASIN", ERR_CONFIG, err);
    config->basin = CONFIG_FILE;
    config->basin_is_default = true;
    config->basin_name = default_basin(err);
    return config->basin_name == NULL ? -1 : 0;
}

static int token_from_file(struct config *config, const char *path,
                           const char *from, struct err *err)
{
    config->token_from = from;
    config->token = secret_read(path, err);
    return config->token == NULL ? err_prefix(err, "access token") : 0;
}

/* Flag, environment, credential directory, in that order. */
static int find_token(struct config *config, struct err *err)
{
    const char *path =
        option_or_env(config->options->token_file, "S2_ACCESS_TOKEN_FILE");
    const char *dir = env("CREDENTIALS_DIRECTORY");
    char *plain = secret_env("S2_ACCESS_TOKEN");
    char *old = secret_env("S2_AUTH_TOKEN");
    char file[PATH_SIZE];
    struct stat st;
    int rc = 0;

    if (dir != NULL)
        snprintf(file, sizeof(file), "%s/s2-access-token", dir);
    if (path != NULL) {
        rc = token_from_file(config, path, "file", err);
    } else if (plain != NULL) {
        config->token = plain;
        config->token_from = "S2_ACCESS_TOKEN";
        plain = NULL;
    } else if (dir != NULL && stat(file, &st) == 0) {
        rc = token_from_file(config, file, "credential directory", err);
    } else if (old != NULL) {
        config->token = old;
        config->token_from = "S2_AUTH_TOKEN";
        config->token_old_name = true;
        old = NULL;
    }
    secret_free(plain);
    secret_free(old);
    return rc;
}

static int find_secrets(struct config *config, struct err *err)
{
    const char *path = config->options->encryption_key_file;
    char *key = secret_env("S2_ENCRYPTION_KEY");

    if (find_token(config, err) != 0) {
        secret_free(key);
        return -1;
    }
    if (path == NULL) {
        config->encryption_key = key;
        return 0;
    }
    secret_free(key);
    config->encryption_key = secret_read(path, err);
    return config->encryption_key == NULL ? err_prefix(err, "encryption key")
                                          : 0;
}

static int make_routes(struct config *config, struct err *err)
{
    const struct options *o = config->options;
    struct buf text = BUF_INIT(ROUTES_FILE_MAX);
    int rc = 0;

    config->routes = routes_new();
    if (config->routes == NULL)
        return err_memory(err);
    if (!o->no_default_routes)
        rc = routes_add_defaults(config->routes, err);
    if (rc == 0 && o->routes_file != NULL) {
        rc = slurp(o->routes_file, &text, err);
        if (rc == 0)
            rc = routes_add_text(config->routes, buf_slice(&text),
                                 o->routes_file, err);
    }
    buf_release(&text);
    for (size_t i = 0; rc == 0 && i < o->routes.n; i++) {
        rc = routes_add_spec(config->routes, o->routes.v[i], err);
        if (rc != 0)
            err_prefix(err, "--route");
    }
    if (rc == 0 && routes_count(config->routes) == 0 && o->unrouted == NULL)
        rc = err_set(err, ERR_CONFIG, "there is no route");
    return rc;
}

static int check_streams(const struct config *config, struct err *err)
{
    const struct options *o = config->options;
    const char *prefix = o->prefix == NULL ? "" : o->prefix;
    char name[2 * ROUTE_STREAM_MAX + 2];

    if (o->unrouted != NULL && !routes_stream_ok(slice_str(o->unrouted)))
        return err_set(err, ERR_USAGE,
                       "--unrouted: '%.64s' cannot be a stream's name",
                       o->unrouted);
    if (strlen(prefix) > ROUTE_STREAM_MAX)
        return err_set(err, ERR_USAGE, "--prefix: longer than 512 bytes");
    for (size_t i = 0; i <= routes_count(config->routes); i++) {
        const char *stream = i < routes_count(config->routes)
                                 ? routes_get(config->routes, i)->stream
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

static int check_source(struct config *config, struct err *err)
{
    const struct options *o = config->options;

    config->env_url = env("BSKY2S2_URL");
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
        if (jetstream_wire(config->urls[i], err) == 0)
            return err_prefix(err, "--url");
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
    config->max_age_us[EVENT_V1] = 2 * 24 * 60 * MINUTE_US;
    config->max_age_us[EVENT_V2] = 30 * MINUTE_US;
    if (o->max_age != OPTIONS_UNSET) {
        config->max_age_us[EVENT_V1] = o->max_age * 1000;
        config->max_age_us[EVENT_V2] = o->max_age * 1000;
    }
    config->idle_ms = o->idle != OPTIONS_UNSET ? o->idle
                      : o->dids.n > 0          ? 0
                                               : 60000;
    return 0;
}

int config_make(struct config *config, const struct options *options,
                struct err *err)
{
    memset(config, 0, sizeof(*config));
    config->options = options;
    config->account_endpoint =
        option_or_env(options->account_endpoint, "S2_ACCOUNT_ENDPOINT");
    config->basin_endpoint =
        option_or_env(options->basin_endpoint, "S2_BASIN_ENDPOINT");
    config->cacert = option_or_env(options->cacert, "SSL_CERT_FILE");
    config->output =
        options->output == NULL && options->dry_run ? "-" : options->output;
    if (check_source(config, err) != 0 || set_filter(config, err) != 0 ||
        make_routes(config, err) != 0 || check_streams(config, err) != 0 ||
        find_secrets(config, err) != 0)
        return -1;
    return find_basin(config, err);
}

void config_release(struct config *config)
{
    routes_free(config->routes);
    secret_free(config->token);
    secret_free(config->encryption_key);
    free(config->basin_name);
}
