/*
 * SIGHUP: the routes, read again.
 */
#ifndef BSKY2S2_RELOAD_H
#define BSKY2S2_RELOAD_H

#include "run.h"

/* reload_routes(run): go by the routes that the options and their file say
 * now; the old ones stay, and it is said what is wrong, when they are bad. */
void reload_routes(struct run *run);

#endif
