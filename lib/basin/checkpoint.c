#include "basin/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "base/text.h"
#include "basin/checkpoint_state.h"

/* Between two fences: up to so long, doubled with each that came too late. */
#define JITTER_MS 100

static int copy_texts(struct checkpoint *cp)
{
    struct checkpoint_config *config = &cp->config;

    cp->stream = strdup(config->stream);
    cp->job = strdup(config->job);
    cp->host = strndup(config->host, CHECKPOINT_HOST_MAX);
    cp->token = strndup(config->token, CHECKPOINT_TOKEN_MAX);
    if (cp->stream == NULL || cp->job == NULL || cp->host == NULL ||
        cp->token == NULL)
        return -1;
    /* A host may have any name, but not every name can be read back. */
    text_clean(cp->host);
    config->stream = cp->stream;
    config->job = cp->job;
    config->host = cp->host;
    config->token = cp->token;
    return 0;
}

struct checkpoint *checkpoint_new(const struct checkpoint_config *config,
                                  struct err *err)
{
    struct checkpoint *cp = calloc(1, sizeof(*cp));

    if (cp == NULL) {
        err_memory(err);
        return NULL;
    }
    cp->config = *config;
    cp->step = CHECKPOINT_STEP_CREATE;
    cp->rng.state = config->seed;
    attempt_init(&cp->attempt);
    checkpoint_batch_init(&cp->batch);
    checkpoint_place_init(&cp->put);
    checkpoint_place_init(&cp->sent);
    checkpoint_place_init(&cp->written);
    checkpoint_place_init(&cp->flush);
    if (copy_texts(cp) == 0)
        return cp;
    checkpoint_free(cp);
    err_memory(err);
    return NULL;
}

void checkpoint_free(struct checkpoint *cp)
{
    if (cp == NULL)
        return;
    basin_cancel(cp->config.basin, cp->op);
    checkpoint_look_release(&cp->look);
    checkpoint_batch_release(&cp->batch);
    free(cp->stream);
    free(cp->job);
    free(cp->host);
    free(cp->token);
    free(cp);
}

bool checkpoint_ready(const struct checkpoint *cp)
{
    return cp->ready && cp->fenced.code == ERR_NONE &&
           cp->attempt.fatal.code == ERR_NONE;
}

bool checkpoint_begun(const struct checkpoint *cp)
{
    const struct checkpoint_at *at = &cp->written.at;

    return at->time_us >= 0 || at->begin_us >= 0;
}

void checkpoint_put(struct checkpoint *cp, const struct checkpoint_at *at)
{
    if (checkpoint_place_set(&cp->put, at))
        cp->has_put = true;
}

void checkpoint_renew(struct checkpoint *cp)
{
    cp->renewed = true;
}

void checkpoint_flush(struct checkpoint *cp)
{
    if (!cp->has_put)
        return;
    cp->has_flush = true;
    if (!cp->batch.pending && checkpoint_place_eq(&cp->put, &cp->written))
        return;
    checkpoint_place_set(&cp->flush, &cp->put.at);
    cp->flushing = true;
}

bool checkpoint_settled(const struct checkpoint *cp)
{
    return !cp->was_ready || (cp->ready && !cp->flushing && !cp->batch.pending);
}

bool checkpoint_answered(const struct checkpoint *cp)
{
    return cp->answered;
}

/* What is to be written next. */
static const struct checkpoint_place *target(const struct checkpoint *cp)
{
    return cp->flushing ? &cp->flush : &cp->put;
}

/* Make a batch that says what cp->sent does. */
static int make(struct checkpoint *cp, bool fence, int64_t wall_ms)
{
    struct checkpoint_text text = {.at = cp->sent.at,
                                   .settings = *cp->config.settings,
                                   .job = cp->job,
                                   .host = cp->host,
                                   .pid = cp->config.pid,
                                   .token = cp->token,
                                   .date_ms =
                                       wall_ms < 0 ? 0 : (uint64_t)wall_ms};

    cp->renewed = false;
    if (checkpoint_batch_make(&cp->batch, &text, fence) != 0)
        return err_memory(&cp->attempt.fatal);
    return 0;
}

/* The first fence of a run: where does it begin? */
static int begin(struct checkpoint *cp)
{
    const struct checkpoint_hooks *hooks = &cp->config.hooks;
    struct checkpoint_found found = {NULL, cp->next > 0};
    struct checkpoint_at at;

    checkpoint_place_init(&cp->sent);
    at = cp->sent.at;
    cp->before[0] = '\0';
    if (cp->look.newest != NULL) {
        found.newest = checkpoint_read_text(cp->look.newest);
        found.lost = false;
        snprintf(cp->before, sizeof(cp->before), "%s", found.newest->token);
    }
    if (hooks->begin(hooks->arg, &found, &at, &cp->attempt.fatal) != 0)
        return err_set(&cp->attempt.fatal, ERR_BUG, "no place to begin at");
    if (!checkpoint_place_set(&cp->sent, &at))
        return err_set(&cp->attempt.fatal, ERR_BUG, "a URL that is too long");
    return 0;
}

static int make_fence(struct checkpoint *cp, int64_t wall_ms)
{
    if (cp->was_ready)
        checkpoint_place_set(&cp->sent, &target(cp)->at);
    else if (begin(cp) != 0)
        return -1;
    return make(cp, true, wall_ms);
}

/* Trimmed only now and then: each trim is a record, too. */
static int make_checkpoint(struct checkpoint *cp, int64_t wall_ms)
{
    checkpoint_place_set(&cp->sent, &target(cp)->at);
    if (make(cp, false, wall_ms) != 0)
        return -1;
    if (cp->next < cp->trimmed + UINT64_C(2) * CHECKPOINT_KEEP)
        return 0;
    cp->batch.trim = true;
    cp->batch.trim_to = cp->next - CHECKPOINT_KEEP;
    return 0;
}

/* Whether a checkpoint is to be written now; else when. */
static bool is_due(const struct checkpoint *cp, int64_t now, int64_t *next)
{
    bool stands = checkpoint_place_eq(&cp->put, &cp->written);
    int64_t due =
        cp->sent_ms + (stands ? cp->config.still_ms : cp->config.every_ms);

    if (cp->flushing || cp->renewed || now >= due ||
        (!stands && !checkpoint_begun(cp)))
        return true;
    if (due < *next)
        *next = due;
    return false;
}

static void send_batch(struct checkpoint *cp, int64_t now)
{
    cp->sent_ms = now;
    cp->op = checkpoint_batch_send(&cp->batch, cp->config.basin, cp->stream,
                                   cp->next, checkpoint_done, cp,
                                   &cp->attempt.fatal);
}

static void read_page(struct checkpoint *cp)
{
    struct wire_read read = checkpoint_look_next(&cp->look);

    cp->op = basin_read(cp->config.basin, cp->stream, &read, checkpoint_done,
                        cp, &cp->attempt.fatal);
}

/* Start the next request, if it is time for it; failure is in attempt.fatal. */
static void start(struct checkpoint *cp, int64_t now, int64_t wall_ms,
                  int64_t *next)
{
    struct basin *basin = cp->config.basin;
    struct err *err = &cp->attempt.fatal;

    switch (cp->step) {
    case CHECKPOINT_STEP_CREATE_BASIN:
        cp->op = basin_create_basin(basin, checkpoint_done, cp, err);
        break;
    case CHECKPOINT_STEP_CREATE:
        cp->op = basin_create(basin, cp->stream, checkpoint_done, cp, err);
        break;
    case CHECKPOINT_STEP_TAIL:
    case CHECKPOINT_STEP_ASK:
        cp->op = basin_tail(basin, cp->stream, checkpoint_done, cp, err);
        break;
    case CHECKPOINT_STEP_LOOK:
    case CHECKPOINT_STEP_READ_BACK:
        read_page(cp);
        break;
    case CHECKPOINT_STEP_FENCE:
        if (cp->batch.pending || make_fence(cp, wall_ms) == 0)
            send_batch(cp, now);
        break;
    case CHECKPOINT_STEP_WRITE:
        if (!cp->batch.pending &&
            (!is_due(cp, now, next) || make_checkpoint(cp, wall_ms) != 0))
            break;
        send_batch(cp, now);
        break;
    }
}

/* A request has failed: when is it tried again, if at all? */
static void back_off(struct checkpoint *cp, int64_t now)
{
    struct checkpoint_note note = {.event = CHECKPOINT_RETRY,
                                   .stream = cp->stream};

    if (attempt_back_off(&cp->attempt, cp->stream, cp->config.retry_for,
                         &cp->rng, now, &note.delay_ms) != 0)
        return;
    note.err = &cp->attempt.reason;
    note.n = cp->attempt.retry.fails;
    cp->config.hooks.note(cp->config.hooks.arg, &note);
}

/* Somebody else was quicker: do not meet him again. */
static void wait_a_little(struct checkpoint *cp, int64_t now)
{
    uint64_t bound = (uint64_t)JITTER_MS << cp->late;

    cp->pause = false;
    cp->attempt.due_ms = now + (int64_t)(rng_next(&cp->rng) % bound);
}

int checkpoint_run(struct checkpoint *cp, int64_t now, int64_t wall_ms,
                   int64_t *next, struct err *err)
{
    const struct err *fatal = &cp->attempt.fatal;

    *next = LOOP_NEVER;
    cp->answered = false;
    if (cp->attempt.failed)
        back_off(cp, now);
    if (cp->pause)
        wait_a_little(cp, now);
    if (fatal->code == ERR_NONE && cp->op == NULL &&
        !attempt_rests(&cp->attempt, now, next))
        start(cp, now, wall_ms, next);
    if (fatal->code != ERR_NONE)
        return err_set(err, fatal->code, "%s", fatal->text);
    return 0;
}
