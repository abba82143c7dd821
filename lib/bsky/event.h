/*
 * One Jetstream message, on either wire, as a struct.
 *
 * Wire v1 (/subscribe): {"did","time_us","cursor","kind","commit":{...}}.
 * Wire v2 (subscribeEvents): {"$type":"message","payload":{"$type":...,
 * "seq","time",...}}; {"$type":"error","error","message"} is terminal.
 */
#ifndef BSKY_EVENT_H
#define BSKY_EVENT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct json_t; /* jansson's */

/* Numbered as they are called: v1, v2. */
enum event_wire {
    EVENT_V1 = 1,
    EVENT_V2 = 2,
    EVENT_WIRES /* for arrays by wire */
};

enum event_kind {
    EVENT_OTHER, /* not ours: another kind, operation or collection */
    EVENT_POST,  /* a post was created; every field below is set */
    EVENT_ERROR, /* v2 only: the server's last words, name and message */
    EVENT_INFO,  /* v2 only: a notice such as OutdatedCursor, likewise */
    EVENT_UNREAD /* the caller's mark, set by nobody here: a post was created,
                    but only event_peek has seen it */
};

/* Longest did, rkey and cid in bytes; a longer one makes the event
 * malformed. */
#define EVENT_ID_MAX 512

/* Longest created_at in bytes; a longer one counts as absent. */
#define EVENT_CREATED_MAX 64

/* Views into memory that the event holds: valid until event_release. */
struct event {
    enum event_wire wire;
    enum event_kind kind;
    int64_t time_us; /* 0 to PARSE_TIME_MAX, or -1: none given */
    int64_t seq;     /* v1 "cursor", v2 "seq"; 0 and up, or -1: none given */

    /* EVENT_POST */
    struct slice did, rkey, cid;
    struct slice created_at;     /* p NULL: null */
    const struct json_t *record; /* the post, borrowed from root */

    /* EVENT_ERROR, EVENT_INFO: empty where absent */
    struct slice name, message;

    struct json_t *root; /* owned */
};

/* What event_peek sees. */
enum event_peek {
    EVENT_PEEK_UNKNOWN, /* unusual: event_parse has to look */
    EVENT_PEEK_OTHER,   /* no post */
    EVENT_PEEK_POST     /* a post, if it is one: it is not looked into */
};

/*
 * event_peek(json, event): what a message is, by its envelope alone, where
 * that is spelled as the servers spell it.  Of ${event} only wire, kind
 * (EVENT_OTHER), time_us, seq and root (NULL) are set; it needs no release.
 * When event_parse would not find the message malformed, wire, time and
 * number are the same as from it, and EVENT_PEEK_OTHER is what it returns 0
 * for, but for EVENT_ERROR and EVENT_INFO, which are never recognised.  Of
 * what is malformed it may see only the sound beginning.
 * https://github.com/bluesky-social/jetstream
 */
enum event_peek event_peek(struct slice json, struct event *event);

/*
 * event_parse(json, event, err): parse one message.  Returns 1 for a post
 * (kind EVENT_POST), 0 for what is not ours (another kind; time_us and seq
 * are set where the message has them), -1 with ERR_DATA for a malformed one:
 * not JSON, a repeated key, or a commit without what the matching rules
 * need.  -1 with ERR_OS without memory.  event_release is needed after 0 and
 * 1 and harmless after -1.
 */
int event_parse(struct slice json, struct event *event, struct err *err);

/* event_release(event): free what ${event} holds; its views die. */
void event_release(struct event *event);

/*
 * event_rkey_time(rkey, us): the creation time in a record key that is a TID
 * (13 characters of 234567a-z, the first of 234567a-j; its value >> 10 is
 * microseconds since the epoch).  0, or -1 when ${rkey} is not a TID.
 * https://atproto.com/specs/tid
 */
int event_rkey_time(struct slice rkey, int64_t *us);

#endif
