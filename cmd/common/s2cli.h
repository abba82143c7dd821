/*
 * What the S2 CLI (0.43) keeps for itself in ~/.config/s2: its settings in
 * config.toml, and beside it the token's file that they name.
 */
#ifndef COMMON_S2CLI_H
#define COMMON_S2CLI_H

#include <stdbool.h>

#include "base/err.h"
#include "common/secret.h"

struct s2cli {
    char *file; /* config.toml; NULL: there is none, and all else is unset */
    char *account_endpoint;
    char *basin_endpoint;
    char *access_token; /* of old: now there is a file for it */
    char *auth_method;
    char *credential_id;
    char *credential_store;
    bool stored;    /* credential_id and credential_store are to be there */
    bool oauth;     /* a login through a browser is there */
    bool no_verify; /* certificates are not to be verified */
    bool loose;     /* others can read config.toml */
};

/*
 * s2cli_read(cli, home, warnings, err): fill *${cli} from
 * ${home}/.config/s2/config.toml; ${home} NULL, or no such file, is no error,
 * a link is followed with a warning.  What is empty there is unset.
 * 0, or -1: ERR_CONFIG (with the line where it is the content), ERR_OS.
 * s2cli_release in either case.
 */
int s2cli_read(struct s2cli *cli, const char *home,
               struct secret_warnings *warnings, struct err *err);
void s2cli_release(struct s2cli *cli);

/*
 * s2cli_token(cli, token, why, warnings, err): the token that the S2 CLI would
 * use, from config.toml or the token's own file: *${token}, which the caller
 * ends with secret_free.  NULL: there is none, and then *${why} says why we
 * cannot have it, or is NULL when the S2 CLI has none.  0, or -1: ERR_CONFIG
 * for settings and files that the S2 CLI did not write, ERR_OS.
 */
int s2cli_token(const struct s2cli *cli, char **token, const char **why,
                struct secret_warnings *warnings, struct err *err);

#endif
