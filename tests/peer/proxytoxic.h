/*
 * A fake proxy's script, when it is about bytes: which connections meet which
 * fault, and in which direction.  README.md has the language.
 */
#ifndef PEER_PROXYTOXIC_H
#define PEER_PROXYTOXIC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "script.h"

enum proxytoxic_side { PROXYTOXIC_UPSTREAM, PROXYTOXIC_DOWNSTREAM };

enum proxytoxic_kind {
    PROXYTOXIC_NONE,
    PROXYTOXIC_LATENCY,
    PROXYTOXIC_BANDWIDTH,
    PROXYTOXIC_SLICER,
    PROXYTOXIC_SLOWCLOSE,
    PROXYTOXIC_TIMEOUT,
    PROXYTOXIC_RESET,
    PROXYTOXIC_LIMIT,
    PROXYTOXIC_DOWN,
    PROXYTOXIC_LATE,
    PROXYTOXIC_SPEAK
};

#define PROXYTOXIC_ARGS 3

struct proxytoxic {
    enum proxytoxic_side side;
    uint64_t every;    /* of each so many connections the last; 0: of all */
    uint64_t from, to; /* those connections alone, counted from 1 */
    uint64_t after;    /* so many bytes pass unharmed */
    enum proxytoxic_kind kind;
    uint64_t args[PROXYTOXIC_ARGS];
    struct buf words; /* of one that speaks */
    struct proxytoxic *next;
};

/* proxytoxic_side(word, side): whether ${word} begins such a line. */
bool proxytoxic_side(const char *word, enum proxytoxic_side *side);

/* proxytoxic_read(list, side, script, err): read the rest of a line, put it
 * behind what is in *${list}.  0, or -1 with ERR_CONFIG. */
int proxytoxic_read(struct proxytoxic **list, enum proxytoxic_side side,
                    struct script *script, struct err *err);
void proxytoxic_release(struct proxytoxic **list);

/* proxytoxic_find(list, side, nth): the first of them for connection ${nth},
 * or NULL. */
const struct proxytoxic *proxytoxic_find(const struct proxytoxic *list,
                                         enum proxytoxic_side side,
                                         uint64_t nth);

/* proxytoxic_describe(toxic, out): write it as scripts do, without whom it is
 * about. */
#define PROXYTOXIC_DESCRIBE_SIZE 128
void proxytoxic_describe(const struct proxytoxic *toxic,
                         char out[PROXYTOXIC_DESCRIBE_SIZE]);

#endif
