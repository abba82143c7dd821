#include "common/credentials.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_SIZE 4096
#define TOKEN "access token"

/* systemd guards that folder, by an access list that looks like a mode for
 * groups: nothing is warned about there. */
static struct secret_warnings *warnings_for(struct place *place,
                                            const char *path)
{
    const char *dir = place_env("CREDENTIALS_DIRECTORY");
    size_t n = dir == NULL ? 0 : strlen(dir);

    if (dir != NULL && strncmp(path, dir, n) == 0 && path[n] == '/')
        return NULL;
    return &place->warnings;
}

static int token_from_file(struct place *place, const char *path,
                           const char *from, struct err *err)
{
    place->token_from = from;
    place->token = secret_read(path, TOKEN, warnings_for(place, path), err);
    return place->token == NULL ? err_prefix(err, TOKEN) : 0;
}

/* A flag, the environment, whose token *${plain} is, or the credential
 * directory. */
static int token_here(struct place *place, const struct place_options *options,
                      char **plain, struct err *err)
{
    const char *path =
        place_option(options->token_file, "S2_ACCESS_TOKEN_FILE");
    const char *dir = place_env("CREDENTIALS_DIRECTORY");
    char file[PATH_SIZE] = "";
    struct stat st;

    if (path != NULL)
        return token_from_file(place, path, "file", err);
    if (*plain != NULL) {
        place->token = *plain;
        place->token_from = "S2_ACCESS_TOKEN";
        *plain = NULL;
        return 0;
    }
    if (dir != NULL)
        snprintf(file, sizeof(file), "%s/s2-access-token", dir);
    if (dir == NULL || stat(file, &st) != 0)
        return 0;
    return token_from_file(place, file, "credential directory", err);
}

/* *${why}: the S2 CLI has a token that it cannot give. */
static int ask_cli(struct place *place, const char **why, struct err *err)
{
    struct s2cli *cli = &place->s2cli;

    if (place->token != NULL && place->account_endpoint != NULL &&
        place->basin_endpoint != NULL)
        return 0;
    if (s2cli_read(cli, place_env("HOME"), &place->warnings, err) != 0)
        return -1;
    if (place->account_endpoint == NULL)
        place->account_endpoint = cli->account_endpoint;
    if (place->basin_endpoint == NULL)
        place->basin_endpoint = cli->basin_endpoint;
    if (cli->no_verify)
        secret_warn(&place->warnings,
                    "%.300s: ssl_no_verify is not followed; --cacert FILE "
                    "trusts a certificate",
                    cli->file);
    if (place->token != NULL)
        return 0;
    place->token_from = "S2 CLI";
    return s2cli_token(cli, &place->token, why, &place->warnings, err);
}

/* *${plain} and *${old} are of the environment; who takes one, nulls it. */
static int find_token(struct place *place, const struct place_options *options,
                      char **plain, char **old, struct err *err)
{
    const char *why = NULL;

    if (token_here(place, options, plain, err) != 0 ||
        ask_cli(place, &why, err) != 0)
        return -1;
    if (place->token == NULL && *old != NULL) {
        place->token = *old;
        place->token_from = "S2_AUTH_TOKEN";
        *old = NULL;
        secret_warn(&place->warnings,
                    "S2_AUTH_TOKEN is the old name of S2_ACCESS_TOKEN");
    }
    if (place->token == NULL && why != NULL)
        return err_set(err, ERR_CONFIG, "%s", why);
    return 0;
}

static int find_key(struct place *place, const char *path, char **key,
                    struct err *err)
{
    if (path == NULL) {
        place->encryption_key = *key;
        *key = NULL;
        return 0;
    }
    place->encryption_key =
        secret_read(path, "encryption key", warnings_for(place, path), err);
    return place->encryption_key == NULL ? err_prefix(err, "encryption key")
                                         : 0;
}

int credentials_find(struct place *place, const struct place_options *options,
                     struct err *err)
{
    char *plain, *old, *key;
    int rc;

    rc = secret_env("S2_ACCESS_TOKEN", &plain, err);
    rc |= secret_env("S2_AUTH_TOKEN", &old, err);
    rc |= secret_env("S2_ENCRYPTION_KEY", &key, err);
    if (rc == 0)
        rc = find_token(place, options, &plain, &old, err);
    if (rc == 0)
        rc = find_key(place, options->encryption_key_file, &key, err);
    secret_free(plain);
    secret_free(old);
    secret_free(key);
    return rc;
}

void credentials_forget(void)
{
    secret_forget("S2_ACCESS_TOKEN");
    secret_forget("S2_AUTH_TOKEN");
    secret_forget("S2_ENCRYPTION_KEY");
}
