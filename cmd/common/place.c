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

/* s2://NAME, NAME or file:PATH. */
static int set_basin(struct place *place, const char *spec, const char *from,
                     enum err_code code, struct err *err)
{
    const char *name = spec;

    place->kind = PLACE_S2;
    if (strncmp(spec, "file:", 5) == 0) {
        place->kind = PLACE_FILE;
        name = spec + 5;
    } else if (strncmp(spec, "s2://", 5) == 0) {
        name = spec + 5;
    }
    if (name[0] == '\0' ||
        (place->kind == PLACE_S2 && strpbrk(name, "/:") != NULL))
        return err_set(err, code,
                       "%s: '%.200s' is no basin: s2://NAME, NAME or "
                       "file:PATH",
                       from, spec);
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
    place->kind = PLACE_FILE;
    place->is_default = true;
    place->name = default_basin(err);
    return place->name == NULL ? -1 : 0;
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
    if (place->kind != PLACE_S2) {
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

char *place_identity(const struct place *place)
{
    struct buf text = BUF_INIT((size_t)2 * PATH_SIZE);
    char *path = NULL;
    int rc;

    errno = 0;
    if (place->kind == PLACE_FILE)
        path = absolute(place->name);
    if (path == NULL && errno == ENOMEM)
        return NULL;
    if (place->kind == PLACE_FILE)
        rc = buf_addf(&text, "file:%s", path == NULL ? place->name : path);
    else
        rc = buf_addf(&text, "s2://%s at %s", place->name,
                      place->basin_endpoint == NULL ? "s2.dev"
                                                    : place->basin_endpoint);
    free(path);
    if (rc == 0 && buf_str(&text) != NULL)
        return text.p; /* now the caller's */
    buf_release(&text);
    return NULL;
}

int place_spell(const struct place *place, struct buf *out)
{
    if (buf_addstr(out, place->kind == PLACE_FILE ? "file:" : "s2://") != 0)
        return -1;
    return text_scrub(out, slice_str(place->name), PATH_SIZE);
}

struct basin *place_open(const struct place *place, struct http *http,
                         bool writer, int64_t retention_ms, struct err *err)
{
    struct file_config file = {
        .path = place->name, .writer = writer, .retention_ms = retention_ms};
    struct client_config s2 = s2_config(place, http);

    if (place->kind == PLACE_S2)
        return service_open(&s2, err);
    if (writer && make_directory(place, err) != 0)
        return NULL;
    return file_open(&file, err);
}
