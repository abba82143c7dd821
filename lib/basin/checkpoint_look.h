/*
 * Looking for checkpoints in their stream: backwards from its tail for the
 * newest one, or forwards through what was appended behind our last.
 */
#ifndef BASIN_CHECKPOINT_LOOK_H
#define BASIN_CHECKPOINT_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "basin/basin.h"
#include "basin/checkpoint_text.h"

struct checkpoint_look {
    const char *job;   /* borrowed: only its checkpoints count ... */
    const char *token; /* borrowed: ... and not those of this instance; NULL:
                          all instances' */
    struct slice body; /* borrowed: a checkpoint that may have landed */
    bool back;         /* window after window backwards */
    uint64_t window;   /* where the present one begins */
    uint64_t from;     /* the next to read */
    uint64_t until;    /* and where the window ends */
    bool hole;         /* what comes before the window is trimmed */

    struct checkpoint_read *newest; /* what was found, or NULL; owned */
    uint64_t newest_at;             /* its number */
    bool landed;                    /* the body is there ... */
    uint64_t landed_at;             /* ... as that record */
    uint64_t foreign;               /* records of the last page that are
                                       neither commands nor checkpoints ... */
    uint64_t foreign_at;            /* ... and the last of them */
};

/* checkpoint_look_release(look): forget what was found. */
void checkpoint_look_release(struct checkpoint_look *look);

/* checkpoint_look_back(look, job, tail): look for the newest checkpoint below
 * the number ${tail}, which is not 0. */
void checkpoint_look_back(struct checkpoint_look *look, const char *job,
                          uint64_t tail);

/*
 * checkpoint_look_on(look, job, from, tail, token, body): look through
 * [from, tail), which is not empty, for the newest checkpoint of another
 * instance than ${token}, and for a record that is ${body}; both are borrowed
 * until that is done.
 */
void checkpoint_look_on(struct checkpoint_look *look, const char *job,
                        uint64_t from, uint64_t tail, const char *token,
                        struct slice body);

/* checkpoint_look_next(look): the page to be read next. */
struct wire_read checkpoint_look_next(const struct checkpoint_look *look);

/* checkpoint_look_page(look, reply): take it; what lies behind the tail is no
 * worse.  1: there is nothing more to read; 0: there is; -1 without memory. */
int checkpoint_look_page(struct checkpoint_look *look,
                         const struct basin_reply *reply);

#endif
