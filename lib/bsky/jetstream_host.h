/*
 * One Jetstream host: its address, what is asked of it, and what its
 * refusals mean.  Pure: it connects to nothing.
 */
#ifndef BSKY_JETSTREAM_HOST_H
#define BSKY_JETSTREAM_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/zst.h"
#include "bsky/jetstream_wire.h"
#include "bsky/position.h"
#include "bsky/url.h"

struct jetstream_host {
    char *url; /* the text that the views below look into */
    struct url_server server;
    const struct jetstream_wire *wire;
    char name[POSITION_HOST_SIZE];   /* lowercased, and the port */
    char domain[POSITION_HOST_SIZE]; /* without it */
    struct zst *zst; /* with the dictionary that it served; NULL: none */
    uint32_t id;     /* of that dictionary */
    bool refused;    /* it does not know the user's dictionary */
    bool refetched;  /* nor the one it served; that was asked for again */
    bool plain;      /* no compression any more */
    bool plain_said; /* that it goes on without was told */
    bool by_time;    /* it refused a sequence number as too old */
};

/* jetstream_host_init(host, url, err): 0, or -1 with ERR_USAGE or ERR_OS;
 * then ${host} is released already. */
int jetstream_host_init(struct jetstream_host *host, const char *url,
                        struct err *err);
void jetstream_host_release(struct jetstream_host *host);

/* What is asked for besides posts. */
struct jetstream_request {
    struct position_cursor cursor;
    char *const *dids;
    size_t ndids;
    uint32_t dictionary; /* its id; 0: no compression */
};

/*
 * jetstream_host_path(host, request, out, err): replace the content of ${out}
 * by the path and query.  0, or -1 with ERR_USAGE when it passes out->max.
 */
int jetstream_host_path(const struct jetstream_host *host,
                        const struct jetstream_request *request,
                        struct buf *out, struct err *err);

/* jetstream_host_get(host, path, out): replace the content of ${out} by the
 * URL of a plain request of ${path}, as a string.  0 or -1. */
int jetstream_host_get(const struct jetstream_host *host, const char *path,
                       struct buf *out);

/* The path of the dictionary that a server serves. */
#define JETSTREAM_HOST_DICTIONARY                                              \
    "/xrpc/network.bsky.jetstream.getZstdDictionary"

/* jetstream_host_fits(host, id): whether a dictionary of the user may serve
 * for this host's wire. */
bool jetstream_host_fits(const struct jetstream_host *host, uint32_t id);

/*
 * jetstream_host_learn(host, dictionary, window_log, err): keep the
 * dictionary that the host served.  0, or -1 with ERR_DATA or ERR_OS.
 */
int jetstream_host_learn(struct jetstream_host *host, struct slice dictionary,
                         int window_log, struct err *err);

enum jetstream_refusal {
    JETSTREAM_REFUSAL_OLD,        /* CursorTooOld */
    JETSTREAM_REFUSAL_DICTIONARY, /* UnknownZstdDictionary */
    JETSTREAM_REFUSAL_OTHER       /* the request itself is wrong */
};

/* The most of a server's words that is kept, and a NUL. */
#define JETSTREAM_REFUSAL_WORDS 300

/* jetstream_host_refusal(body, words): what the body of a 400 means; the
 * server's words, scrubbed, are stored in ${words}. */
enum jetstream_refusal
jetstream_host_refusal(struct slice body, char words[JETSTREAM_REFUSAL_WORDS]);

#endif
