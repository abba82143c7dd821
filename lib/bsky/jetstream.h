/*
 * Jetstream as a source of messages: one websocket at a time, to the first
 * host of a list that answers, made anew when it breaks, falls silent or is
 * refused.  It asks for a position at every connect, and hands on whole,
 * decompressed messages.  It never sleeps and reads no clock.
 */
#ifndef BSKY_JETSTREAM_H
#define BSKY_JETSTREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/retry.h"
#include "bsky/event.h"
#include "bsky/position.h"

/* A larger message is counted and skipped. */
#define JETSTREAM_MESSAGE_MAX ((size_t)4 << 20)

/* How long each step may take, in ms; jetstream_timing_default has what the
 * tools go by.  Tests shorten them. */
struct jetstream_timing {
    int64_t connect;     /* name, TCP, TLS and upgrade together */
    int64_t frame;       /* silence, pongs included */
    int64_t first_event; /* from the upgrade to the first message */
    int64_t event;       /* between messages; 0: off, first_event too */
    int64_t pause;       /* paused for longer: closed until resumed */
    int64_t host;        /* a host that fails for so long gives way */
    int64_t settle;      /* flow for so long resets the back-off */
    int64_t retry_base;  /* back-off: first bound */
    int64_t retry_cap;   /* back-off: last bound */
};

extern const struct jetstream_timing jetstream_timing_default;

/* The most that is taken of the answer to a plain request: a dictionary, or
 * the body of a refusal. */
#define JETSTREAM_FETCH_MAX ((size_t)1 << 20)

/* Plain HTTP requests are somebody else's business: the answer of a GET,
 * status 0 when there is none, or more than JETSTREAM_FETCH_MAX. */
typedef void jetstream_fetched(void *arg, int status, struct slice body);

enum jetstream_change {
    JETSTREAM_CONNECTING, /* text: the host */
    JETSTREAM_UP,         /* upgraded; text: the host */
    JETSTREAM_DOWN,       /* text: why; retry_ms: when it is tried again */
    JETSTREAM_PAUSED,     /* closed; text: paused for too long */
    JETSTREAM_OVERSIZE,   /* a message above the cap was skipped; text: why */
    JETSTREAM_GARBAGE,    /* a frame that cannot be decompressed or a binary
                             one that nobody asked for was skipped; text: why */
    JETSTREAM_PLAIN,      /* going on without compression; text: why */
    JETSTREAM_TOO_OLD     /* the cursor is behind the lookback; text: the
                             server's words; the next try asks by time */
};

struct jetstream_news {
    enum jetstream_change change;
    const char *host; /* name and port */
    const char *text; /* never NULL, valid during the call; may be from the
                         network: scrub before printing */
    int64_t retry_ms; /* from now on; 0 but for JETSTREAM_DOWN */
};

struct jetstream_hooks {
    /* a whole message, valid during the call; may call jetstream_pause and
     * jetstream_progress */
    void (*message)(void *arg, struct slice json);
    /* what to ask ${host} for; see position_connect */
    struct position_cursor (*cursor)(void *arg, const char *host, bool by_time);
    /* something changed; for logs and counters */
    void (*news)(void *arg, const struct jetstream_news *news);
    /* GET ${url}; must call ${done} later, once, unless unfetch was called.
     * Returns a handle or NULL. */
    void *(*fetch)(void *arg, const char *url, jetstream_fetched *done,
                   void *done_arg);
    void (*unfetch)(void *arg, void *handle);
    void *arg;
};

/* All copied, but for the hooks' arg. */
struct jetstream_config {
    const char *const *urls; /* in order of preference; see jetstream_name */
    size_t nurls;            /* at least 1 */
    const char *const *dids; /* only these accounts' events */
    size_t ndids;
    bool compress;           /* zstd where a dictionary can be had */
    struct slice dictionary; /* the user's; empty: none */
    const char *cacert;      /* added to the system's; NULL: none */
    const char *user_agent;
    struct jetstream_timing timing;
    int64_t retry_for; /* budget of consecutive failure, ms; 0: for ever */
    uint64_t seed;     /* of the back-off's jitter */
    struct jetstream_hooks hooks;
};

struct jetstream;

/* jetstream_library(): the version of the websocket library in use; a static
 * string. */
const char *jetstream_library(void);

/* jetstream_new(config, err): nothing is connected before the first
 * jetstream_run.  NULL: ERR_USAGE (a URL, or more DIDs than a request can
 * hold), ERR_OS, ERR_DATA (the dictionary), ERR_CONFIG (cacert). */
struct jetstream *jetstream_new(const struct jetstream_config *config,
                                struct err *err);

/*
 * jetstream_name(url, name, err): the name and port by which positions know
 * the host of ${url}, whose path is /subscribe or none (wire v1) or
 * /xrpc/network.bsky.jetstream.subscribeEvents (wire v2).  0, or -1 with
 * ERR_USAGE for anything else or a bad URL, or ERR_OS.
 */
int jetstream_name(const char *url, char name[POSITION_HOST_SIZE],
                   struct err *err);

/*
 * jetstream_prefer(js, name): before the first jetstream_run: connect first
 * to the host ${name} if it is among the URLs.  Returns the name of the host
 * that will be tried first, alive as long as ${js}.
 */
const char *jetstream_prefer(struct jetstream *js, const char *name);

/* jetstream_free(js): close and free; NULL is harmless; no hook is called
 * but unfetch. */
void jetstream_free(struct jetstream *js);

/*
 * jetstream_poll(js, now, fd, used, cap): store in ${fd} what to wait for and
 * in *${used} 1, or 0 when there is no descriptor to wait for; return how many
 * ms (at most ${cap}) the caller may sleep from ${now} (ms) on.
 */
struct pollfd;
int64_t jetstream_poll(struct jetstream *js, int64_t now, struct pollfd *fd,
                       size_t *used, int64_t cap);

/*
 * jetstream_run(js, now, err): do what is due at ${now} (ms), without
 * sleeping; call it after every sleep.  0, or -1 when there is no way on:
 * ERR_UNAVAILABLE (budget spent), ERR_PROTOCOL (400: the request itself is
 * refused).
 */
int jetstream_run(struct jetstream *js, int64_t now, struct err *err);

/* jetstream_pause(js, now), jetstream_resume(js, now): stop and go on handing
 * out messages.  A pause may last; after timing.pause the connection is
 * closed, and resuming makes a new one. */
void jetstream_pause(struct jetstream *js, int64_t now);
void jetstream_resume(struct jetstream *js, int64_t now);

/* jetstream_progress(js): the last message brought what the caller did not
 * have.  The connection's end, when it comes, then is no further failure: the
 * back-off grows only over connections that lead nowhere. */
void jetstream_progress(struct jetstream *js);

#endif
