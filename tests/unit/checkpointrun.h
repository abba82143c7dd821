/*
 * An instance of a job with its checkpoints, over any basin.
 */
#ifndef CHECKPOINTRUN_H
#define CHECKPOINTRUN_H

#include "check.h"

#include "base/loop.h"
#include "basin/checkpoint.h"
#include "s2/http.h"

#define WALL_MS INT64_C(1784560000000)
#define URL "wss://jetstream.example/subscribe"

struct instance {
    struct checkpoint *cp;
    struct checkpoint_config config;
    char token[40];
    struct http *http; /* where the basin's answers come from, or NULL */
    int64_t now;
    int64_t next;
    struct err err;
    bool dead;     /* checkpoint_run has failed */
    int begins;    /* calls of the hook */
    bool refuse;   /* what it answers */
    int64_t begin; /* where it began */
    bool found;    /* what it was told */
    bool lost;
    char found_host[64];
    int64_t put; /* the position put last */
    int notes[CHECKPOINT_LOST + 1];
    uint64_t written; /* number of the last record noted */
    uint64_t foreign; /* records */
    uint64_t fails;   /* in the last note RECOVERED */
};

static inline struct checkpoint_at at_of(int64_t position)
{
    return (struct checkpoint_at){position, position, -1, -1, URL};
}

static inline int on_begin(void *arg, const struct checkpoint_found *found,
                           struct checkpoint_at *begin, struct err *err)
{
    struct instance *in = arg;

    CHECK_INT(begin->time_us, -1);
    CHECK_INT(begin->seq, -1);
    CHECK_STR(begin->url, "");
    CHECK(!found->lost || found->newest == NULL);
    in->begins++;
    in->found = found->newest != NULL;
    in->lost = found->lost;
    in->begin = 0;
    if (in->refuse)
        return err_set(err, ERR_CONFIG, "other settings");
    if (found->newest != NULL) {
        in->begin = found->newest->at.time_us;
        snprintf(in->found_host, sizeof(in->found_host), "%s",
                 found->newest->host);
    }
    in->put = in->begin;
    *begin = at_of(in->begin);
    return 0;
}

static inline void on_note(void *arg, const struct checkpoint_note *note)
{
    struct instance *in = arg;

    in->notes[note->event]++;
    if (note->event == CHECKPOINT_WRITTEN)
        in->written = note->seq_num;
    else if (note->event == CHECKPOINT_FOREIGN)
        in->foreign += note->n;
    else if (note->event == CHECKPOINT_RECOVERED)
        in->fails = note->n;
    else if (note->event == CHECKPOINT_RETRY)
        CHECK(note->err->code != ERR_NONE && note->delay_ms >= 0);
}

static inline void instance_open(struct instance *in, struct basin *basin,
                                 const char *token, uint64_t seed)
{
    static const struct checkpoint_settings settings = {
        "00000000000000000000000000000000", NULL, 0};

    memset(in, 0, sizeof(*in));
    snprintf(in->token, sizeof(in->token), "%s", token);
    in->config = (struct checkpoint_config){
        .basin = basin,
        .stream = "_bsky2s2/j",
        .job = "j",
        .settings = &settings,
        .host = "here",
        .pid = 12,
        .token = in->token,
        .every_ms = CHECKPOINT_EVERY_MS,
        .still_ms = CHECKPOINT_STILL_MS,
        .seed = seed,
        .hooks = {on_begin, on_note, in},
    };
}

/* After changes of the configuration. */
static inline void instance_start(struct instance *in)
{
    in->cp = checkpoint_new(&in->config, NULL);
    CHECK(in->cp != NULL);
    CHECK(checkpoint_settled(in->cp) && !checkpoint_ready(in->cp));
}

static inline void instance_close(struct instance *in)
{
    checkpoint_free(in->cp);
    in->cp = NULL;
}

static inline void instance_put(struct instance *in, int64_t position)
{
    struct checkpoint_at at = at_of(position);

    in->put = position;
    checkpoint_put(in->cp, &at);
}

/* Run once at in->now, and let the basin answer. */
static inline void instance_step(struct instance *in)
{
    if (in->dead)
        return;
    in->dead = checkpoint_run(in->cp, in->now, WALL_MS + in->now, &in->next,
                              &in->err) != 0;
    basin_run(in->config.basin, in->now);
    if (in->http != NULL && !in->dead && in->next == LOOP_NEVER)
        CHECK_INT(http_wait(in->http, NULL, 0, 1000, NULL), 0);
    CHECK(!in->dead || !checkpoint_ready(in->cp));
}

/* Go on, letting time pass only where it is waited for, until nothing is in
 * flight or dead. */
static inline void instance_go(struct instance *in)
{
    for (int i = 0; i < 2000 && !in->dead; i++) {
        instance_step(in);
        if (checkpoint_answered(in->cp) || in->next == LOOP_NEVER)
            continue;
        if (checkpoint_ready(in->cp) && checkpoint_settled(in->cp))
            return;
        if (in->next > in->now)
            in->now = in->next;
    }
    CHECK(in->dead);
}

/* Start, and go on until the fence is in force. */
static inline void instance_run(struct instance *in, struct basin *basin,
                                const char *token)
{
    instance_open(in, basin, token, 1);
    instance_start(in);
    instance_go(in);
}

/* Put a position, have it written, and go on until it stands. */
static inline void instance_write(struct instance *in, int64_t position)
{
    NEED(!in->dead);
    instance_put(in, position);
    checkpoint_flush(in->cp);
    CHECK(!checkpoint_settled(in->cp) || in->dead);
    instance_go(in);
}

#endif
