/*
 * Options, environment and defaults, put together into what the parts of the
 * program need.
 */
#ifndef BSKY2S2_CONFIG_H
#define BSKY2S2_CONFIG_H

#include "bsky/event.h"
#include "bsky/route.h"
#include "common/place.h"
#include "options.h"

struct config {
    const struct options *options; /* borrowed */
    struct routes *routes;
    const char *const *urls; /* the options', or defaults */
    size_t nurls;
    const char *env_url; /* BSKY2S2_URL, in case urls is that */
    const char *const *langs;
    size_t nlangs; /* 0: any */
    struct place place;
    int64_t since;      /* OPTIONS_UNSET: none; us */
    bool anyway;        /* resume although the settings differ */
    const char *job;    /* NULL: no checkpoints */
    const char *output; /* NULL: none */
    int64_t max_age_us[EVENT_WIRES];
    int64_t idle_ms;
};

/*
 * config_make(config, options, err): ${options} is borrowed until
 * config_release, which follows in either case.  0, or -1: ERR_USAGE,
 * ERR_CONFIG, ERR_NOINPUT and ERR_DATA (the file of routes), ERR_OS.
 */
int config_make(struct config *config, const struct options *options,
                struct err *err);
void config_release(struct config *config);

/*
 * config_routes(options, err): the map of routes that ${options} say, checked;
 * reads their file.  The caller frees it.  NULL: ERR_CONFIG, ERR_USAGE,
 * ERR_NOINPUT and ERR_DATA (the file), ERR_OS.
 */
struct routes *config_routes(const struct options *options, struct err *err);

/* config_links(options): the word of --links, as --check-config shows it and
 * checkpoints keep it. */
const char *config_links(const struct options *options);

/* config_print(config, out): append the effective settings and routes, one
 * a line, without secrets.  0 or -1. */
int config_print(const struct config *config, struct buf *out);

#endif
