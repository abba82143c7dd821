/*
 * What decides which records a job writes, as texts that a checkpoint keeps:
 * a run with others must not go on from it without being told to.
 */
#ifndef BSKY2S2_SETTINGS_H
#define BSKY2S2_SETTINGS_H

#include "basin/checkpoint_text.h"
#include "config.h"

struct settings {
    struct checkpoint_settings c;
    char **list; /* c.list; owned */
    size_t cap;
};

/* settings_make(settings, config, routes, err): prefix, ${routes}, languages,
 * links and accounts of ${config}.  0, or -1 (ERR_OS); settings_release either
 * way. */
int settings_make(struct settings *settings, const struct config *config,
                  const struct routes *routes, struct err *err);
void settings_release(struct settings *settings);

#endif
