/*
 * Where the basin is and how to get at it, from options, environment and
 * defaults: what both tools are told in the same words.
 */
#ifndef COMMON_PLACE_H
#define COMMON_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/opt.h"
#include "basin/basin.h"
#include "common/s2cli.h"
#include "common/secret.h"
#include "s2/http.h"

/* What the command line says. */
struct place_options {
    const char *basin;
    const char *token_file;
    const char *account_endpoint;
    const char *basin_endpoint;
    const char *cacert;
    const char *encryption_key_file;
    bool allow_http;
};

/* What --help says to --basin. */
extern const char place_basin_help[];

/* Rows of an option table whose struct ${t} has a member place. */
#define PLACE_AT(t, field) offsetof(t, place.field)

/* clang-format off */
#define PLACE_ROW_BASIN(t) \
    {"basin", 'b', OPT_STRING, "BASIN", PLACE_AT(t, basin), place_basin_help}

#define PLACE_ROWS_S2(t) \
    {"token-file", 0, OPT_STRING, "FILE", PLACE_AT(t, token_file), \
     "S2 access token [S2_ACCESS_TOKEN_FILE, S2_ACCESS_TOKEN, " \
     "$CREDENTIALS_DIRECTORY/s2-access-token, the S2 CLI's]"}, \
    {"account-endpoint", 0, OPT_STRING, "URL", \
     PLACE_AT(t, account_endpoint), \
     "S2's account endpoint [S2_ACCOUNT_ENDPOINT]"}, \
    {"basin-endpoint", 0, OPT_STRING, "URL", PLACE_AT(t, basin_endpoint), \
     "S2's basin endpoint, {basin} is expanded [S2_BASIN_ENDPOINT]"}, \
    {"encryption-key-file", 0, OPT_STRING, "FILE", \
     PLACE_AT(t, encryption_key_file), \
     "S2 encryption key [S2_ENCRYPTION_KEY]"}, \
    {"allow-http", 0, OPT_FLAG, 0, PLACE_AT(t, allow_http), \
     "send the token over plain http to other hosts than loopback, too"}

#define PLACE_ROW_CACERT(t) \
    {"cacert", 0, OPT_STRING, "FILE", PLACE_AT(t, cacert), \
     "trust these certificates, too [SSL_CERT_FILE]"}
/* clang-format on */

struct place;

/* A kind of basin, known by what is in front of its name. */
struct place_type {
    const char *scheme; /* "file:" */
    bool remote;        /* asked over a network, with credentials, and may
                           be away */
    bool path;          /* its name is a file's, which has a retention */
    /* as place_identity, appended: 0 or -1 */
    int (*identify)(const struct place *place, struct buf *out);
    /* as place_open */
    struct basin *(*open)(const struct place *place, struct http *http,
                          bool writer, int64_t retention_ms, struct err *err);
};

struct place {
    const struct place_type *type; /* of the basin; NULL: there is none */
    bool is_default;
    char *name;                      /* without the scheme; owned */
    char *token;                     /* NULL: none; owned */
    const char *token_from;          /* where it was found */
    char *encryption_key;            /* NULL: none; owned */
    struct s2cli s2cli;              /* where it was asked */
    struct secret_warnings warnings; /* for main to print */
    const char *account_endpoint;
    const char *basin_endpoint;
    const char *cacert; /* for http_new */
    bool allow_http;
};

/*
 * place_find(place, options, basin, err): fill *${place}; unless ${basin},
 * without a basin.  Secrets are only for one in S2, but are wiped from the
 * environment in any case.  0, or -1: ERR_USAGE, ERR_CONFIG, ERR_OS.
 * place_release in either case.
 */
int place_find(struct place *place, const struct place_options *options,
               bool basin, struct err *err);
void place_release(struct place *place);

/*
 * place_open(place, http, writer, retention_ms, err): open the basin;
 * ${writer} and ${retention_ms} are the embedded one's (file.h), and a writer
 * makes the directories of the default one.  NULL with the errors of
 * file_open and service_open, or ERR_CANTCREATE.
 */
struct basin *place_open(const struct place *place, struct http *http,
                         bool writer, int64_t retention_ms, struct err *err);

/*
 * place_identity(place): what the basin, of which there must be one, is,
 * however it is called and wherever from: the file's absolute path, or the name
 * in S2 and at which endpoint.  The caller frees it.  NULL without memory.
 */
char *place_identity(const struct place *place);

/* place_spell(place, out): append the basin, likewise, as --basin takes it, fit
 * to print.  0, or -1 when ${out} is full. */
int place_spell(const struct place *place, struct buf *out);

/* place_env(name): an environment variable; NULL when unset or empty. */
const char *place_env(const char *name);

/* place_option(option, name): ${option}, or the environment's ${name}. */
const char *place_option(const char *option, const char *name);

#endif
