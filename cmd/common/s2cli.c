#include "common/s2cli.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/toml.h"

#define FILE_MAX ((size_t)64 << 10)
#define PATH_SIZE 4096

/* SHA-256 in base64 with its padding and its NUL. */
#define DIGEST_SIZE 32
#define DIGEST_TEXT 45

#define GIVE "give it by S2_ACCESS_TOKEN or --token-file"

static int set_string(char **to, const struct toml_item *item, const char *name,
                      struct err *err)
{
    if (item->kind != TOML_STRING)
        return err_set(err, ERR_CONFIG, "%s is no string", name);
    if (*to != NULL)
        return err_set(err, ERR_CONFIG, "%s is set twice", name);
    if (item->string.n == 0)
        return 0;
    *to = strndup(item->string.p, item->string.n);
    return *to == NULL ? err_memory(err) : 0;
}

/* Whether the item is the table ${name}, or is in it. */
static bool is_in(const struct toml_item *item, struct slice name)
{
    struct slice head = {item->path.p, name.n};

    return slice_eq(item->path, name) ||
           (item->path.n > name.n && item->path.p[name.n] == '\0' &&
            slice_eq(head, name));
}

static int on_item(void *arg, const struct toml_item *item, struct err *err)
{
    struct s2cli *cli = arg;
    const struct {
        struct slice path;
        const char *name;
        char **to;
    } strings[] = {
        {SLICE("account_endpoint"), "account_endpoint", &cli->account_endpoint},
        {SLICE("basin_endpoint"), "basin_endpoint", &cli->basin_endpoint},
        {SLICE("access_token"), "access_token", &cli->access_token},
        {SLICE("auth_method"), "auth_method", &cli->auth_method},
        {SLICE("stored_access_token\0credential_id"), "credential_id",
         &cli->credential_id},
        {SLICE("stored_access_token\0credential_store"), "credential_store",
         &cli->credential_store},
    };

    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
        if (slice_eq(item->path, strings[i].path))
            return set_string(strings[i].to, item, strings[i].name, err);
    }
    if (slice_eq(item->path, SLICE("ssl_no_verify"))) {
        if (item->kind != TOML_BOOL)
            return err_set(err, ERR_CONFIG, "ssl_no_verify is no boolean");
        cli->no_verify = item->truth;
    } else if (is_in(item, SLICE("stored_access_token"))) {
        cli->stored = true;
    } else if (is_in(item, SLICE("oauth"))) {
        cli->oauth = true;
    }
    return 0;
}

int s2cli_read(struct s2cli *cli, const char *home,
               struct secret_warnings *warnings, struct err *err)
{
    struct buf text = BUF_INIT(FILE_MAX);
    char path[PATH_SIZE];
    struct stat st;
    int rc;

    memset(cli, 0, sizeof(*cli));
    if (home == NULL || snprintf(path, sizeof(path), "%s/.config/s2/%s", home,
                                 "config.toml") >= (int)sizeof(path))
        return 0;
    /* As the S2 CLI finds it: what it cannot reach is not there. */
    if (lstat(path, &st) != 0)
        return 0;
    if (S_ISLNK(st.st_mode))
        secret_warn(warnings, "%.300s is a symbolic link", path);
    cli->file = strdup(path);
    if (cli->file == NULL)
        return err_memory(err);
    rc = secret_load(path, true, &text, &cli->loose, err);
    if (rc == 0)
        rc = toml_read(path, &text, on_item, cli, err);
    secret_release(&text);
    cli->stored |= cli->credential_id != NULL || cli->credential_store != NULL;
    return rc;
}

void s2cli_release(struct s2cli *cli)
{
    secret_free(cli->access_token);
    free(cli->file);
    free(cli->account_endpoint);
    free(cli->basin_endpoint);
    free(cli->auth_method);
    free(cli->credential_id);
    free(cli->credential_store);
    memset(cli, 0, sizeof(*cli));
}

/* The token's file: beside config.toml, named by the digest of the id. */
static int token_path(const struct s2cli *cli, char *path, size_t size,
                      struct err *err)
{
    size_t folder = strlen(cli->file) - strlen("config.toml");
    unsigned char digest[DIGEST_SIZE];
    unsigned char text[DIGEST_TEXT];
    unsigned n = 0;
    int length;

    if (EVP_Digest(cli->credential_id, strlen(cli->credential_id), digest, &n,
                   EVP_sha256(), NULL) != 1 ||
        n != sizeof(digest))
        return err_set(err, ERR_OS, "libcrypto makes no SHA-256");
    EVP_EncodeBlock(text, digest, DIGEST_SIZE);
    for (unsigned char *p = text; *p != '\0'; p++)
        *p = *p == '+' ? '-' : *p == '/' ? '_' : *p == '=' ? '\0' : *p;
    length = snprintf(path, size, "%.*saccess-token-%s.json", (int)folder,
                      cli->file, (const char *)text);
    return length < (int)size ? 0
                              : err_set(err, ERR_CONFIG, "HOME is too long");
}

static bool is_text(const json_t *object, const char *key, const char *text)
{
    const char *value = json_string_value(json_object_get(object, key));

    return value != NULL && strcmp(value, text) == 0;
}

/* The token of a credential as the S2 CLI writes it; NULL: none of it.  What
 * libjansson says of bad JSON quotes it, and is for nobody. */
static char *decode(const struct buf *text, const char *id)
{
    json_t *json = json_loadb(text->p, text->n, JSON_REJECT_DUPLICATES, NULL);
    const char *found =
        json_string_value(json_object_get(json, "access_token"));
    char *token = NULL;
    char *copy;

    if (json_integer_value(json_object_get(json, "version")) == 1 &&
        is_text(json, "kind", "s2_access_token") &&
        is_text(json, "credential_id", id) && found != NULL && found[0] != '\0')
        token = strdup(found);
    if (found != NULL) {
        memcpy(&copy, &found, sizeof(copy)); /* without its const */
        secret_wipe(copy, strlen(copy));
    }
    json_decref(json);
    return token;
}

static int from_file(const struct s2cli *cli, char **token,
                     struct secret_warnings *warnings, struct err *err)
{
    struct buf text = BUF_INIT(FILE_MAX);
    char path[PATH_SIZE];
    bool loose = false;
    int rc = token_path(cli, path, sizeof(path), err);

    if (rc == 0)
        rc = secret_load(path, false, &text, &loose, err);
    if (rc == 0)
        *token = decode(&text, cli->credential_id);
    secret_release(&text);
    if (rc != 0)
        return err_prefix(err, "access token of the S2 CLI");
    if (*token == NULL)
        return err_set(err, ERR_CONFIG, "%.300s is not what %s names", path,
                       "config.toml");
    if (loose)
        secret_warn(warnings,
                    "access token: %.300s can be read by others; chmod 600 it",
                    path);
    return 0;
}

/* The one that config.toml names, or, as of old, holds. */
static int stored_token(const struct s2cli *cli, char **token, const char **why,
                        struct secret_warnings *warnings, struct err *err)
{
    const char *store = cli->credential_store;

    if (cli->stored) {
        if (cli->credential_id == NULL || store == NULL ||
            (strcmp(store, "file") != 0 && strcmp(store, "keyring") != 0))
            return err_set(err, ERR_CONFIG,
                           "%.300s: stored_access_token has no credential_id "
                           "or no credential_store that is known",
                           cli->file);
        if (strcmp(store, "file") == 0)
            return from_file(cli, token, warnings, err);
        *why = "the S2 CLI has its access token in the system's keyring, out "
               "of reach here: " GIVE;
    } else if (cli->access_token != NULL) {
        *token = strdup(cli->access_token);
        if (*token == NULL)
            return err_memory(err);
        if (cli->loose)
            secret_warn(
                warnings,
                "access token: %.300s can be read by others; chmod 600 it",
                cli->file);
    }
    return 0;
}

int s2cli_token(const struct s2cli *cli, char **token, const char **why,
                struct secret_warnings *warnings, struct err *err)
{
    const char *method = cli->auth_method;
    bool has_token = cli->stored || cli->access_token != NULL;
    bool oauth = method == NULL && !has_token && cli->oauth;

    *token = NULL;
    *why = NULL;
    if (method != NULL && strcmp(method, "oauth") == 0)
        oauth = true;
    else if (method != NULL && strcmp(method, "access_token") != 0)
        return err_set(err, ERR_CONFIG,
                       "%.300s: auth_method is neither access_token nor oauth",
                       cli->file);
    if (!oauth)
        return stored_token(cli, token, why, warnings, err);
    *why = "the S2 CLI is logged in through a browser, whose tokens are not "
           "for other programs: use an access token, " GIVE;
    return 0;
}
