/*
 * Keys out of the bytes that a terminal sends: plain ones come through,
 * sequences are swallowed.
 */
#ifndef VIEW_TERM_KEY_H
#define VIEW_TERM_KEY_H

#include <stdbool.h>

enum term_key_state {
    TERM_KEY_PLAIN,
    TERM_KEY_ESCAPE, /* ESC, more to follow at once */
    TERM_KEY_LONE,   /* ESC, and then nothing came: the key, or a sequence
                        that was torn apart */
    TERM_KEY_CSI,    /* ESC [ */
    TERM_KEY_MORE,   /* parameters */
    TERM_KEY_SINGLE  /* ESC O, or ESC [ [: one more byte */
};

/* term_key_feed(state, byte): one byte; the key that it is, or 0. */
int term_key_feed(enum term_key_state *state, unsigned char byte);

/* term_key_pause(state): no byte has followed so far. */
void term_key_pause(enum term_key_state *state);

#endif
