/*
 * A script: lines of words.  What stands behind a '#' at the beginning of a
 * word is a comment; empty lines do not count.
 */
#ifndef PEER_SCRIPT_H
#define PEER_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct script {
    const char *path; /* borrowed, for messages */
    struct buf text;
    char *at;        /* the rest of the current line */
    char *next;      /* where the next line begins */
    unsigned number; /* of the current line, from 1 */
};

/* script_open(script, path, err), script_close(script): read it whole; words
 * handed out die with it.  0 or -1. */
int script_open(struct script *script, const char *path, struct err *err);
void script_close(struct script *script);

/* script_line(script): go to the next line that has words; false at the
 * end. */
bool script_line(struct script *script);

/* script_word(script): the next word of this line, or NULL. */
const char *script_word(struct script *script);

/* script_rest(script): what is left of this line, without blanks around. */
const char *script_rest(struct script *script);

/* script_number(script, out, err): the next word as a number.  0 or -1. */
int script_number(struct script *script, uint64_t *out, struct err *err);

/* script_end(script, err): 0 when nothing is left of this line. */
int script_end(struct script *script, struct err *err);

/* script_error(script, err, what, word): "PATH:LINE: WHAT 'WORD'"; -1. */
int script_error(const struct script *script, struct err *err, const char *what,
                 const char *word);

#endif
