#include "bsky/position.h"

#include <stdio.h>
#include <string.h>

#include "base/parse.h"

void position_init(struct position *pos, int64_t since)
{
    memset(pos, 0, sizeof(*pos));
    pos->begin_us = since;
    pos->begin_seq = -1;
    pos->time_us = -1;
    pos->seq = -1;
    pos->wild_us = -1;
    pos->floor_us = -1;
    pos->target_us = -1;
    pos->reached = true;
    pos->first = true;
}

void position_resume(struct position *pos, const struct position_place *from,
                     const char *host)
{
    position_init(pos, from->begin_us);
    if (host[0] != '\0') {
        snprintf(pos->host, sizeof(pos->host), "%s", host);
        pos->begin_seq = from->begin_seq;
    }
    if (from->time_us < 0)
        return;
    pos->time_us = from->time_us;
    if (host[0] != '\0')
        pos->seq = from->seq;
}

struct position_place position_place(const struct position *pos)
{
    struct position_place place = {pos->begin_us, pos->begin_seq, pos->time_us,
                                   pos->seq};

    return place;
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

/* Whether C was reached on another host than ${host}. */
static bool switches(const struct position *pos, const char *host)
{
    return pos->time_us >= 0 && strcmp(host, pos->host) != 0;
}

/* P for a connection to ${host}; -1: none. */
static int64_t floor_at(const struct position *pos, const char *host)
{
    int64_t rewind =
        switches(pos, host) ? POSITION_REWIND_HOST_US : POSITION_REWIND_US;

    if (pos->time_us < 0)
        return pos->begin_us;
    return at_least(pos->time_us - shorten(rewind, pos->broken), 0);
}

int64_t position_start(const struct position *pos, const char *host)
{
    return at_least(floor_at(pos, host), pos->begin_us);
}

struct position_cursor position_connect(struct position *pos, const char *host,
                                        bool by_time)
{
    struct position_cursor cursor = {true, false, 0};

    if (!pos->first && pos->target_us >= 0 && pos->time_us == pos->target_us)
        pos->broken++;
    pos->switched = switches(pos, host);
    snprintf(pos->connected, sizeof(pos->connected), "%s", host);
    pos->first = true;
    pos->unproven = pos->switched;
    pos->wild_us = -1;
    pos->target_us = pos->time_us >= 0 ? pos->time_us : pos->begin_us;
    pos->floor_us = floor_at(pos, host);
    pos->reached = pos->target_us < 0;
    pos->asked_seq = -1;
    cursor.any = !pos->reached;
    if (!by_time && !pos->switched && pos->seq >= 0) {
        cursor.is_seq = true;
        cursor.value =
            at_least(pos->seq - shorten(POSITION_REWIND_SEQ, pos->broken), 1);
        pos->asked_seq = cursor.value;
    } else if (cursor.any) {
        cursor.value = position_start(pos, host);
    }
    return cursor;
}

static bool jumps(int64_t from, int64_t to)
{
    return to > from + POSITION_MEMORY_US || to < from - POSITION_MEMORY_US;
}

/* Whether the numbers of this connection and those that we hold compare. */
static bool on_host(const struct position *pos)
{
    return strcmp(pos->connected, pos->host) == 0;
}

/* Whether the first event of a connection shows that nothing is missing
 * before it.  A number between the one asked for and S shows it whatever the
 * time, and one above S shows the contrary; one below belongs to a server that
 * has begun to count anew.  When nothing has been reached yet, the time asked
 * for stands for C; an event exactly there is too much to ask. */
static bool continues(const struct position *pos, int64_t time_us, int64_t seq)
{
    if (pos->asked_seq >= 0 && seq >= pos->asked_seq)
        return seq <= pos->seq;
    if (pos->target_us < 0 || pos->target_us <= PARSE_EARLIEST)
        return true;
    if (pos->time_us < 0)
        return pos->sparse || time_us <= pos->target_us + POSITION_REWIND_US;
    return time_us <= pos->target_us;
}

/* Whether an event of a replay lies before the place where the job began.  A
 * crashed server gives numbers anew, but with later times. */
static bool precedes_begin(const struct position *pos, int64_t time_us,
                           int64_t seq)
{
    if (seq >= 0 && pos->begin_seq >= 0 && on_host(pos))
        return seq < pos->begin_seq && time_us <= pos->begin_us;
    return time_us < pos->begin_us;
}

/* Whether an event must be new, whatever its time: the replay is over. */
static bool is_new(const struct position *pos, int64_t seq)
{
    return pos->seq >= 0 && seq > pos->seq && on_host(pos);
}

static bool is_below(const struct position *pos, int64_t time_us, int64_t seq)
{
    return !pos->reached &&
           (time_us < pos->floor_us || precedes_begin(pos, time_us, seq));
}

/* Where few events come, two that leave each other far behind are no less
 * true for it. */
static bool strides(const struct position *pos, int64_t known, int64_t time_us)
{
    return pos->sparse && pos->wild_us > known && time_us > known;
}

/* Whether a time is to be confirmed by the next event before it counts. */
static bool is_wild(const struct position *pos, int64_t time_us)
{
    int64_t known = pos->time_us >= 0 ? pos->time_us : pos->target_us;

    if (known < 0 || !jumps(known, time_us))
        return false;
    if (pos->wild_us < 0)
        return true;
    return jumps(pos->wild_us, time_us) && !strides(pos, known, time_us);
}

/* What we hold belongs to the present host from now on. */
static void settle_host(struct position *pos)
{
    if (on_host(pos))
        return;
    if (pos->host[0] != '\0') {
        pos->begin_seq = -1;
        pos->epoch++;
    }
    memcpy(pos->host, pos->connected, sizeof(pos->host));
}

/* The first event is where the job begins; unless its time proves to have
 * been of the far future, from where no server could go on. */
static void settle_begin(struct position *pos, int64_t time_us, int64_t seq)
{
    if (pos->time_us < 0) {
        if (pos->begin_us < 0)
            pos->begin_us = time_us;
        if (pos->begin_seq < 0)
            pos->begin_seq = seq;
    } else if (pos->begin_us == pos->time_us && pos->wild_us >= 0 &&
               time_us < pos->time_us - POSITION_MEMORY_US) {
        pos->begin_us = time_us < pos->wild_us ? time_us : pos->wild_us;
    }
}

/* The later of two events that agree on a jump; the earlier of two that only
 * go the same way. */
static int64_t agreed(const struct position *pos, int64_t time_us)
{
    if (pos->wild_us < 0)
        return time_us;
    if (!jumps(pos->wild_us, time_us))
        return at_least(time_us, pos->wild_us);
    if (strides(pos, pos->time_us, time_us) && pos->wild_us < time_us)
        return pos->wild_us;
    return time_us;
}

/* What the next event is to confirm: the farther of two strides. */
static int64_t still_wild(const struct position *pos, int64_t known,
                          int64_t time_us)
{
    if (pos->wild_us < 0 || !jumps(pos->wild_us, time_us) ||
        !strides(pos, known, time_us))
        return -1;
    return at_least(time_us, pos->wild_us);
}

/* Move C and S to an event that is neither below the floor nor wild. */
static void advance(struct position *pos, int64_t time_us, int64_t seq)
{
    if (!pos->reached && time_us < pos->target_us)
        return;
    pos->reached = true;
    if (time_us - pos->target_us >= POSITION_REWIND_US)
        pos->broken = 0;
    settle_host(pos);
    settle_begin(pos, time_us, seq);
    if (jumps(pos->time_us, time_us) || time_us > pos->time_us)
        pos->time_us = agreed(pos, time_us);
    pos->seq = seq;
}

enum position_verdict position_event(struct position *pos, int64_t time_us,
                                     int64_t seq)
{
    enum position_verdict verdict;
    int64_t known = pos->time_us;

    if (time_us < 0)
        return POSITION_TAKE;
    if (pos->first && !continues(pos, time_us, seq))
        pos->unproven = true;
    pos->first = false;
    if (!pos->reached)
        pos->reached = is_new(pos, seq);
    if (is_below(pos, time_us, seq))
        return POSITION_BELOW;
    verdict = pos->unproven ? POSITION_GAP : POSITION_TAKE;
    pos->unproven = false;
    if (is_wild(pos, time_us)) {
        pos->wild_us = time_us;
        return verdict;
    }
    advance(pos, time_us, seq);
    pos->wild_us = still_wild(pos, known, time_us);
    return verdict;
}

int64_t position_reading(const struct position *pos)
{
    return pos->reached ? pos->time_us : pos->floor_us;
}
