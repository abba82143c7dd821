#include "bsky/position.h"

#include <stdio.h>
#include <string.h>

#include "base/parse.h"

void position_init(struct position *pos, int64_t since)
{
    memset(pos, 0, sizeof(*pos));
    pos->since_us = since;
    pos->time_us = -1;
    pos->seq = -1;
    pos->wild_us = -1;
    pos->floor_us = -1;
    pos->target_us = -1;
    pos->reached = true;
    pos->first = true;
}

/* How far to rewind.  A connection that is cut every few events would be sent
 * the same few for ever: after one that went nowhere half is still more than
 * the block that a crashed server may number anew, after two there is none. */
static int64_t shorten(int64_t rewind, unsigned broken)
{
    return broken == 0 ? rewind : broken == 1 ? rewind / 2 : 0;
}

static int64_t at_least(int64_t value, int64_t least)
{
    return value < least ? least : value;
}

struct position_cursor position_connect(struct position *pos, const char *host,
                                        bool by_time)
{
    struct position_cursor cursor = {true, false, 0};
    int64_t rewind;

    if (!pos->first && pos->target_us >= 0 && pos->time_us == pos->target_us)
        pos->broken++;
    pos->switched = pos->time_us >= 0 && strcmp(host, pos->host) != 0;
    snprintf(pos->connected, sizeof(pos->connected), "%s", host);
    pos->first = true;
    pos->wild_us = -1;
    pos->target_us = pos->time_us >= 0 ? pos->time_us : pos->since_us;
    pos->floor_us = pos->target_us;
    pos->reached = pos->target_us < 0;
    if (pos->reached) {
        cursor.any = false;
        return cursor;
    }
    if (pos->time_us >= 0) {
        rewind = pos->switched ? POSITION_REWIND_HOST_US : POSITION_REWIND_US;
        rewind = shorten(rewind, pos->broken);
        pos->floor_us =
            at_least(pos->time_us - rewind, at_least(pos->since_us, 0));
    }
    cursor.value = pos->floor_us;
    if (!by_time && !pos->switched && pos->seq >= 0) {
        cursor.is_seq = true;
        rewind = shorten(POSITION_REWIND_SEQ, pos->broken);
        cursor.value = at_least(pos->seq - rewind, 1);
    }
    return cursor;
}

static bool jumps(int64_t from, int64_t to)
{
    return to > from + POSITION_MEMORY_US || to < from - POSITION_MEMORY_US;
}

/* Whether the first event of a connection shows that nothing is missing
 * before it.  When nothing has been reached yet, the time asked for stands
 * for C; an event exactly there is too much to ask. */
static bool continues(const struct position *pos, int64_t time_us)
{
    if (pos->target_us < 0 || pos->target_us <= PARSE_EARLIEST)
        return true;
    if (pos->time_us < 0)
        return time_us <= pos->target_us + POSITION_REWIND_US;
    return time_us <= pos->target_us;
}

/* Move C and S to an event that is neither below the floor nor wild. */
static void advance(struct position *pos, int64_t time_us, int64_t seq)
{
    if (!pos->reached && time_us < pos->target_us)
        return;
    pos->reached = true;
    if (time_us - pos->target_us >= POSITION_REWIND_US)
        pos->broken = 0;
    if (jumps(pos->time_us, time_us) || time_us > pos->time_us)
        pos->time_us = time_us;
    pos->seq = seq;
    memcpy(pos->host, pos->connected, sizeof(pos->host));
}

enum position_verdict position_event(struct position *pos, int64_t time_us,
                                     int64_t seq)
{
    enum position_verdict verdict = POSITION_TAKE;
    int64_t reference;

    if (time_us < 0)
        return POSITION_TAKE;
    if (pos->first && !continues(pos, time_us))
        verdict = POSITION_GAP;
    pos->first = false;
    if (!pos->reached && time_us < pos->floor_us)
        return POSITION_BELOW;
    reference = pos->wild_us >= 0 ? pos->wild_us : pos->time_us;
    if (pos->time_us >= 0 && jumps(pos->time_us, time_us) &&
        (pos->wild_us < 0 || jumps(reference, time_us))) {
        pos->wild_us = time_us;
        return verdict;
    }
    pos->wild_us = -1;
    advance(pos, time_us, seq);
    return verdict;
}

int64_t position_reading(const struct position *pos)
{
    return pos->reached ? pos->time_us : pos->floor_us;
}
