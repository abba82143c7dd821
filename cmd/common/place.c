#include "common/place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "basin/file.h"
#include "basin/service.h"
#include "common/credentials.h"

#define PATH_SIZE 4096

const char *place_env(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

const char *place_option(const char *option, const char *name)
{
    return option != NULL ? option : place_env(name);
}

static char *default_basin(struct err *err)
{
    const char *data = place_env("XDG_DATA_HOME");
    const char *home = place_env("HOME");
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
        buf_full(&path, err, ERR_CONFIG,
                 "the default basin's path is too long");
        buf_release(&path);
        return NULL;
    }
    return path.p; /* now the caller's */
}

/* The directories of the default basin, for the user only. */
static int make_directory(const struct place *place, struct err *err)
{
    char path[PATH_SIZE];

    if (!place->is_default)
        return 0;
    snprintf(path, sizeof(path), "%s", place->name);
    for (char *p = strchr(path + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
        *p = '\0';
        if (access(path, F_OK) != 0 && mkdir(path, 0700) != 0 &&
            errno != EEXIST)
            return err_os(err, ERR_CANTCREATE, errno, "%.300s", path);
        *p = '/';
    }
    return 0;
}

/* The absolute path of a file that may not be there yet: NULL without its
 * directory; without memory, errno is ENOMEM. */
static char *absolute(const char *name)
{
    char *path = realpath(name, NULL);
    const char *slash = strrchr(name, '/');
    const char *base = slash == NULL ? name : slash + 1;
    char *head;
    char *directory;

    if (path != NULL || errno == ENOMEM)
        return path;
    head = strndup(name, (size_t)(base - name));
    directory =
        head == NULL ? NULL : realpath(*head == '\0' ? "." : head, NULL);
    free(head);
    if (directory == NULL)
        return NULL;
    path = malloc(strlen(directory) + strlen(base) + 2);
    if (path != NULL) {
        memcpy(path, directory, strlen(directory));
        path[strlen(directory)] = '/';
        memcpy(path + strlen(directory) + 1, base, strlen(base) + 1);
    }
    free(directory);
    return path;
}

static int identify_file(const struct place *place, struct buf *out)
{
    char *path;
    int rc = -1;

    errno = 0;
    path = absolute(place->name);
    if (path != NULL || errno != ENOMEM)
        rc = buf_addf(out, "file:%s", path == NULL ? place->name : path);
    free(path);
    return rc;
}

static struct basin *open_file(const struct place *place, struct http *http,
                               bool writer, int64_t retention_ms,
                               struct err *err)
{
    struct file_config config = {
        .path = place->name, .writer = writer, .retention_ms = retention_ms};

    (void)http;
    if (writer && make_directory(place, err) != 0)
        return NULL;
    return file_open(&config, err);
}

static struct client_config s2_config(const struct place *place,
                                      struct http *http)
{
    return (struct client_config){.http = http,
                                  .basin = place->name,
                                  .account_endpoint = place->account_endpoint,
                                  .basin_endpoint = place->basin_endpoint,
                                  .token = place->token,
                                  .encryption_key = place->encryption_key,
                                  .allow_http = place->allow_http};
}

static int identify_s2(const struct place *place, struct buf *out)
{
    return buf_addf(out, "s2://%s at %s", place->name,
                    place->basin_endpoint == NULL ? "s2.dev"
                                                  : place->basin_endpoint);
}

static struct basin *open_s2(const struct place *place, struct http *http,
                             bool writer, int64_t retention_ms, struct err *err)
{
    struct client_config config = s2_config(place, http);

    (void)writer;
    (void)retention_ms;
    return service_open(&config, err);
}

static const struct place_type file_type = {.scheme = "file:",
                                            .path = true,
                                            .identify = identify_file,
                                            .open = open_file};
static const struct place_type s2_type = {.scheme = "s2://",
                                          .remote = true,
                                          .identify = identify_s2,
                                          .open = open_s2};
static const struct place_type *const types[] = {&file_type, &s2_type};

/* The same in words. */
#define TYPES "s2://NAME, NAME or file:PATH"

const char place_basin_help[] =
    TYPES " [file: in $XDG_DATA_HOME/bsky2s2/basin.db; S2_BASIN]";

/* A name without a scheme is one in S2. */
static int set_basin(struct place *place, const char *spec, const char *from,
                     enum err_code code, struct err *err)
{
    const char *name = spec;

    place->type = &s2_type;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        size_t n = strlen(types[i]->scheme);

        if (strncmp(spec, types[i]->scheme, n) == 0) {
            place->type = types[i];
            name = spec + n;
        }
    }
    if (name[0] == '\0' || (!place->type->path && strpbrk(name, "/:") != NULL))
        return err_set(err, code, "%s: '%.200s' is no basin: " TYPES, from,
                       spec);
    place->name = strdup(name);
    return place->name == NULL ? err_memory(err) : 0;
}

static int find_basin(struct place *place, const struct place_options *options,
                      struct err *err)
{
    const char *named = place_env("S2_BASIN");

    if (options->basin != NULL)
        return set_basin(place, options->basin, "--basin", ERR_USAGE, err);
    if (named != NULL)
        return set_basin(place, named, "S2_BASIN", ERR_CONFIG, err);
    place->type = &file_type;
    place->is_default = true;
    place->name = default_basin(err);
    return place->name == NULL ? -1 : 0;
}

/* What S2's client would refuse is told before anything is begun. */
static int check_s2(const struct place *place, struct err *err)
{
    struct client_config config = s2_config(place, NULL);
    struct client *client = client_new(&config, err);

    client_free(client);
    return client == NULL ? -1 : 0;
}

int place_find(struct place *place, const struct place_options *options,
               bool basin, struct err *err)
{
    memset(place, 0, sizeof(*place));
    place->account_endpoint =
        place_option(options->account_endpoint, "S2_ACCOUNT_ENDPOINT");
    place->basin_endpoint =
        place_option(options->basin_endpoint, "S2_BASIN_ENDPOINT");
    place->cacert = place_option(options->cacert, "SSL_CERT_FILE");
    place->allow_http = options->allow_http;
    if (basin && find_basin(place, options, err) != 0) {
        credentials_forget();
        return -1;
    }
    if (place->type == NULL || !place->type->remote) {
        credentials_forget();
        return 0;
    }
    return credentials_find(place, options, err) == 0 ? check_s2(place, err)
                                                      : -1;
}

void place_release(struct place *place)
{
    secret_free(place->token);
    secret_free(place->encryption_key);
    s2cli_release(&place->s2cli);
    free(place->name);
}

char *place_identity(const struct place *place)
{
    struct buf text = BUF_INIT((size_t)2 * PATH_SIZE);

    if (place->type->identify(place, &text) == 0 && buf_str(&text) != NULL)
        return text.p; /* now the caller's */
    buf_release(&text);
    return NULL;
}

int place_spell(const struct place *place, struct buf *out)
{
    if (buf_addstr(out, place->type->scheme) != 0)
        return -1;
    return text_scrub(out, slice_str(place->name), PATH_SIZE);
}

struct basin *place_open(const struct place *place, struct http *http,
                         bool writer, int64_t retention_ms, struct err *err)
{
    return place->type->open(place, http, writer, retention_ms, err);
}
