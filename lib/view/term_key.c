#include "view/term_key.h"

#define ESC 0x1B

/* The byte behind ESC.  Pressed with Alt, a key comes as ESC and itself. */
static enum term_key_state after_escape(unsigned char byte)
{
    switch (byte) {
    case '[':
        return TERM_KEY_CSI;
    case 'O':
        return TERM_KEY_SINGLE;
    case ESC:
        return TERM_KEY_ESCAPE;
    default:
        return TERM_KEY_PLAIN;
    }
}

/* ECMA-48: parameters and intermediates up to 0x3F, then one final byte.
 * The Linux console's F1 is ESC [ [ A. */
static enum term_key_state after_csi(enum term_key_state state,
                                     unsigned char byte)
{
    if (byte == ESC)
        return TERM_KEY_ESCAPE;
    if (byte == '[' && state == TERM_KEY_CSI)
        return TERM_KEY_SINGLE;
    return byte >= 0x20 && byte < 0x40 ? TERM_KEY_MORE : TERM_KEY_PLAIN;
}

static int plain(enum term_key_state *state, unsigned char byte)
{
    *state = byte == ESC ? TERM_KEY_ESCAPE : TERM_KEY_PLAIN;
    return byte == ESC || byte >= 0x7F ? 0 : byte;
}

int term_key_feed(enum term_key_state *state, unsigned char byte)
{
    switch (*state) {
    case TERM_KEY_PLAIN:
        break;
    case TERM_KEY_LONE:
        *state = after_escape(byte);
        if (*state == TERM_KEY_PLAIN)
            break;
        return 0;
    case TERM_KEY_ESCAPE:
        *state = after_escape(byte);
        return 0;
    case TERM_KEY_CSI:
    case TERM_KEY_MORE:
        *state = after_csi(*state, byte);
        return 0;
    case TERM_KEY_SINGLE:
        *state = byte == ESC ? TERM_KEY_ESCAPE : TERM_KEY_PLAIN;
        return 0;
    }
    return plain(state, byte);
}

void term_key_pause(enum term_key_state *state)
{
    if (*state == TERM_KEY_ESCAPE)
        *state = TERM_KEY_LONE;
}
