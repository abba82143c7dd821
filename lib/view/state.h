/*
 * A JSON file that is there whole or not at all, and that one process at a
 * time owns.
 */
#ifndef VIEW_STATE_H
#define VIEW_STATE_H

#include <jansson.h>

#include "base/err.h"

struct state;

/*
 * state_open(path, err): take FILE.lock beside the file for this process.
 * NULL: ERR_TAKEN when another process has it (named, as far as known),
 * ERR_CANTCREATE, ERR_OS.
 */
struct state *state_open(const char *path, struct err *err);
void state_close(struct state *state); /* NULL is harmless */

/* state_load(state, json, err): a new reference, or NULL in *${json} when
 * there is no file yet.  0, or -1: ERR_CONFIG for what is not JSON or above
 * 1 GiB, ERR_NOINPUT when it cannot be read. */
int state_load(struct state *state, json_t **json, struct err *err);

/* state_save(state, json, err): replace the file: written beside it, flushed
 * to the disk, renamed; after a crash it is the old one or the new one.  0 or
 * -1 (ERR_CANTCREATE, ERR_IO); the old one then stays. */
int state_save(struct state *state, const json_t *json, struct err *err);

#endif
