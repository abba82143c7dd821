/*
 * What jetstream*.c share: the state of a source.  jetstream_attempt.c leads
 * to a connection, jetstream_fail.c away from one.
 */
#ifndef BSKY_JETSTREAM_STATE_H
#define BSKY_JETSTREAM_STATE_H

#include "bsky/jetstream.h"
#include "bsky/jetstream_host.h"
#include "bsky/resolve.h"
#include "bsky/ws.h"

/* No real frame needs a larger window besides its content. */
#define JETSTREAM_STATE_WINDOW 18

enum jetstream_state {
    JETSTREAM_STATE_WAITING,   /* until due; for ever while paused */
    JETSTREAM_STATE_FETCHING,  /* the dictionary */
    JETSTREAM_STATE_RESOLVING, /* the name */
    JETSTREAM_STATE_OPENING,   /* TCP, TLS, upgrade */
    JETSTREAM_STATE_UP,
    JETSTREAM_STATE_ASKING /* why the upgrade was refused with a 400 */
};

struct jetstream {
    struct jetstream_hooks hooks;
    struct jetstream_timing timing;
    int64_t retry_for;
    struct rng rng;
    char **dids;
    size_t ndids;
    bool compress;
    struct zst *own; /* with the user's dictionary; NULL: none */
    uint32_t own_id;
    struct jetstream_host *hosts;
    size_t nhosts;
    struct ws *ws;
    struct err err; /* there is no way on; sticky */

    /* the attempt, or the connection */
    enum jetstream_state state;
    int64_t now;
    int64_t due;      /* WAITING: when to try again */
    int64_t deadline; /* of every other state but UP */
    size_t at;        /* the host, in hosts */
    struct resolve *resolve;
    struct resolve_list addresses; /* of the host */
    size_t next_address;           /* the first one not tried yet */
    struct buf path;               /* what was asked for last */
    struct zst *zst;  /* for this connection, borrowed; NULL: plain */
    struct buf plain; /* the message that was decompressed last */

    /* the plain request that runs, or whose answer waits for its use */
    void *fetch; /* NULL: none runs */
    bool fetched;
    int fetch_status;
    struct buf fetch_body;

    /* of the connection that is up */
    int64_t up_at;
    int64_t frame_at; /* the last sign of life, or the end of a pause */
    int64_t event_at; /* the last message, likewise */
    int64_t first_at; /* the first message */
    int64_t last_at;  /* the last message */
    bool delivered;   /* there was one */
    bool progressed;  /* one brought what the caller did not have */

    bool paused;
    int64_t paused_at;

    struct retry retry;    /* of this host */
    int64_t failing_since; /* for the budget; -1: not failing */
    char why[256];         /* it failed last */
};

/* jetstream_state_host(js): the host that the attempt goes to. */
static inline struct jetstream_host *
jetstream_state_host(const struct jetstream *js)
{
    return &js->hosts[js->at];
}

/* jetstream_state_watches(js): whether the lack of events means anything. */
static inline bool jetstream_state_watches(const struct jetstream *js)
{
    return js->timing.event > 0 && js->ndids == 0;
}

/* jetstream_attempt.c: to a connection. */

/* jetstream_attempt_begin(js): begin one. */
void jetstream_attempt_begin(struct jetstream *js);

/* jetstream_attempt_step(js): go on with what is going on, but for UP. */
void jetstream_attempt_step(struct jetstream *js);

/* jetstream_attempt_up(js), jetstream_attempt_down(js, end): what the
 * websocket tells. */
void jetstream_attempt_up(struct jetstream *js);
void jetstream_attempt_down(struct jetstream *js, const struct ws_end *end);

/* jetstream_fail.c: away from one. */

/* jetstream_attempt_due(js): whether it is time for another attempt.  Goes to
 * the next host when it is time for that; sets js->err when the budget is
 * spent. */
bool jetstream_attempt_due(struct jetstream *js);

/* jetstream_attempt_drop(js): end whatever is going on, without a word. */
void jetstream_attempt_drop(struct jetstream *js);

/* jetstream_attempt_park(js): end whatever is going on, because the pause
 * lasts; the next attempt is due at once, but not while paused. */
void jetstream_attempt_park(struct jetstream *js);

/*
 * jetstream_attempt_fail(js, why, least_ms): the attempt or the connection
 * has failed: end it, tell it, and set when the next one is due, not before
 * ${least_ms}, and which host it goes to.
 */
void jetstream_attempt_fail(struct jetstream *js, const char *why,
                            int64_t least_ms);

/* jetstream_state_tell(js, change, text, retry_ms): news of the host. */
void jetstream_state_tell(struct jetstream *js, enum jetstream_change change,
                          const char *text, int64_t retry_ms);

#endif
