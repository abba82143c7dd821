/*
 * Options, environment and defaults, put together into what the parts of the
 * program need.  The only place that reads the environment.
 */
#ifndef BSKY2S2_CONFIG_H
#define BSKY2S2_CONFIG_H

#include "bsky/route.h"
#include "options.h"

enum config_basin { CONFIG_NONE, CONFIG_FILE, CONFIG_S2 };

struct config {
    const struct options *options; /* borrowed */
    struct routes *routes;
    const char *const *urls; /* the options', or defaults */
    size_t nurls;
    const char *env_url; /* BSKY2S2_URL, in case urls is that */
    const char *const *langs;
    size_t nlangs; /* 0: any */
    enum config_basin basin;
    bool basin_is_default;
    char *basin_name;       /* path of the file, or name in S2 */
    char *token;            /* NULL: none */
    const char *token_from; /* where it was found */
    bool token_old_name;    /* it came from S2_AUTH_TOKEN */
    char *encryption_key;
    const char *account_endpoint;
    const char *basin_endpoint;
    const char *cacert;
    const char *output;    /* NULL: none */
    int64_t max_age_us[3]; /* by enum event_wire */
    int64_t idle_ms;
};

/* config_make(config, options, err): 0, or -1; config_release either way. */
int config_make(struct config *config, const struct options *options,
                struct err *err);
void config_release(struct config *config);

/*
 * config_make_directory(config, err): make the directories of the default
 * basin, for the user only; nothing for a basin that was named.  0, or -1
 * with ERR_CANTCREATE.
 */
int config_make_directory(const struct config *config, struct err *err);

/* config_print(config, out): append the effective settings and routes, one
 * a line, without secrets.  0 or -1. */
int config_print(const struct config *config, struct buf *out);

#endif
