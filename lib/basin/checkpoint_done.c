#include "basin/checkpoint_state.h"

#include <string.h>

#include "base/parse.h"
#include "base/text.h"

static void note(const struct checkpoint *cp, enum checkpoint_event event,
                 uint64_t n, uint64_t seq_num)
{
    const struct checkpoint_hooks *hooks = &cp->config.hooks;
    struct checkpoint_note what = {
        .event = event, .stream = cp->stream, .n = n, .seq_num = seq_num};

    hooks->note(hooks->arg, &what);
}

static void fail(struct checkpoint *cp, const char *why)
{
    attempt_fatal(&cp->attempt, ERR_PROTOCOL, cp->stream, why);
}

/* There is no way on: ${what}, and this is by whom.  His texts come from the
 * network. */
static void taken_by(struct checkpoint *cp, const char *what,
                     const struct checkpoint_text *who)
{
    const uint64_t last = PARSE_TIME_MAX / 1000;
    uint64_t date_ms = who->date_ms < last ? who->date_ms : last;
    char time[PARSE_TIME_SIZE];

    parse_time_text((int64_t)date_ms * 1000, time);
    err_set(&cp->attempt.fatal, ERR_TAKEN,
            "%.100s: %s: host %s, pid %lld, at %s", cp->stream, what, who->host,
            (long long)who->pid, time);
    text_clean(cp->attempt.fatal.text);
}

static void taken(struct checkpoint *cp, const char *what)
{
    attempt_fatal(&cp->attempt, ERR_TAKEN, cp->stream, what);
    text_clean(cp->attempt.fatal.text);
}

/* What the newest checkpoint says is known. */
static void stands(struct checkpoint *cp, const struct checkpoint_at *at)
{
    checkpoint_place_set(&cp->written, at);
    if (cp->flushing && checkpoint_place_eq(&cp->flush, &cp->written))
        cp->flushing = false;
    if (!cp->has_put)
        checkpoint_put(cp, at);
}

/* The batch is durable, and its checkpoint is this record. */
static void durable(struct checkpoint *cp, uint64_t seq_num)
{
    cp->batch.pending = false;
    if (cp->batch.trim)
        cp->trimmed = cp->batch.trim_to;
    stands(cp, &cp->sent.at);
    cp->step = CHECKPOINT_STEP_WRITE;
    note(cp, CHECKPOINT_WRITTEN, 0, seq_num);
}

static void in_force(struct checkpoint *cp)
{
    cp->ready = true;
    cp->was_ready = true;
    cp->late = 0;
}

/* The newest checkpoint is ours: from a fence whose ack was lost, or what is
 * left of what we wrote. */
static void adopt(struct checkpoint *cp, const struct checkpoint_text *text)
{
    bool sent = cp->batch.pending;

    cp->batch.pending = false;
    stands(cp, &text->at);
    cp->step = CHECKPOINT_STEP_WRITE;
    if (sent)
        note(cp, CHECKPOINT_WRITTEN, 0, cp->look.newest_at);
}

static void fence_late(struct checkpoint *cp)
{
    cp->late++;
    cp->pause = true;
    cp->step = CHECKPOINT_STEP_TAIL;
}

/* The stream is shorter than it was: deleted, or its store has lost data. */
static void on_lost(struct checkpoint *cp)
{
    note(cp, CHECKPOINT_LOST, 0, 0);
    cp->ready = false;
    cp->trimmed = 0;
    cp->batch.pending = false;
    err_clear(&cp->fenced);
    if (cp->has_flush && !cp->flushing) {
        checkpoint_place_set(&cp->flush, &cp->put.at);
        cp->flushing = true;
    }
    cp->step = CHECKPOINT_STEP_TAIL;
}

/*
 * The newest checkpoint is known.  Ours: then our fence has landed, or is
 * still there.  That of whom we came after: then the store has lost ours.
 */
static void on_looked(struct checkpoint *cp)
{
    const struct checkpoint_text *text = NULL;
    bool other;

    if (cp->look.newest != NULL)
        text = checkpoint_read_text(cp->look.newest);
    other = text != NULL && strcmp(text->token, cp->before) != 0;
    if (text != NULL && strcmp(text->token, cp->token) == 0) {
        in_force(cp);
        adopt(cp, text);
    } else if (other && cp->was_ready) {
        taken_by(cp, "another instance took over", text);
    } else if (cp->late < CHECKPOINT_STATE_TRIES) {
        cp->batch.pending = false;
        cp->step = CHECKPOINT_STEP_FENCE;
    } else if (other) {
        taken_by(cp, "another instance is quicker again and again", text);
    } else {
        taken(cp, "somebody else appends to it again and again");
    }
}

static void on_tail(struct checkpoint *cp, uint64_t tail)
{
    cp->next = tail;
    checkpoint_look_release(&cp->look);
    if (tail == 0) {
        on_looked(cp);
        return;
    }
    checkpoint_look_back(&cp->look, cp->job, tail);
    cp->step = CHECKPOINT_STEP_LOOK;
}

/* Appended behind ours were [next, tail). */
static void resolve(struct checkpoint *cp, uint64_t tail)
{
    if (tail < cp->next) {
        on_lost(cp);
    } else if (tail > cp->next) {
        checkpoint_look_on(&cp->look, cp->job, cp->next, tail, cp->token,
                           buf_slice(&cp->batch.body));
        cp->step = CHECKPOINT_STEP_READ_BACK;
    } else if (cp->fenced.code != ERR_NONE) {
        taken(cp, cp->fenced.text);
    } else {
        fail(cp, "an append was refused for the number that it named");
    }
}

static void on_read_back(struct checkpoint *cp)
{
    if (cp->look.newest != NULL) {
        taken_by(cp, "another instance took over",
                 checkpoint_read_text(cp->look.newest));
        return;
    }
    if (cp->fenced.code != ERR_NONE) {
        taken(cp, cp->fenced.text);
        return;
    }
    cp->next = cp->look.until;
    if (cp->look.landed)
        durable(cp, cp->look.landed_at);
    else
        cp->step = CHECKPOINT_STEP_WRITE;
}

static void on_page(struct checkpoint *cp, const struct basin_reply *reply)
{
    bool back = cp->step == CHECKPOINT_STEP_READ_BACK;
    int rc;

    if (reply->outcome == OUTCOME_UNWRITTEN) {
        if (back)
            on_lost(cp);
        else if (cp->late < CHECKPOINT_STATE_TRIES)
            fence_late(cp);
        else
            fail(cp, "its records are not where its tail says");
        return;
    }
    rc = checkpoint_look_page(&cp->look, reply);
    if (cp->look.foreign > 0)
        note(cp, CHECKPOINT_FOREIGN, cp->look.foreign, cp->look.foreign_at);
    if (rc < 0)
        err_memory(&cp->attempt.fatal);
    else if (rc > 0 && back)
        on_read_back(cp);
    else if (rc > 0)
        on_looked(cp);
}

static void on_appended(struct checkpoint *cp, const struct basin_reply *reply)
{
    size_t n = checkpoint_batch_count(&cp->batch);
    uint64_t at = cp->next + (cp->batch.fence ? 1 : 0);

    if (reply->start != cp->next || reply->end != cp->next + n) {
        fail(cp, "the ack does not fit the batch that was sent");
        return;
    }
    cp->next = reply->end;
    if (cp->batch.fence)
        in_force(cp);
    durable(cp, at);
}

static void on_fence_answer(struct checkpoint *cp,
                            const struct basin_reply *reply)
{
    if (reply->outcome == OUTCOME_OK)
        on_appended(cp, reply);
    else if (reply->tail.seq_num == cp->next)
        fail(cp, "an append was refused for the number that it named");
    else
        fence_late(cp);
}

static void on_write_answer(struct checkpoint *cp,
                            const struct basin_reply *reply)
{
    err_clear(&cp->fenced);
    if (reply->outcome == OUTCOME_OK) {
        on_appended(cp, reply);
    } else if (reply->outcome == OUTCOME_MISMATCH) {
        resolve(cp, reply->tail.seq_num);
    } else {
        err_set(&cp->fenced, ERR_TAKEN, "%s", reply->err.text);
        cp->step = CHECKPOINT_STEP_ASK;
    }
}

static void proceed(struct checkpoint *cp, const struct basin_reply *reply)
{
    switch (cp->step) {
    case CHECKPOINT_STEP_CREATE_BASIN:
        if (!cp->created_noted)
            note(cp, CHECKPOINT_CREATED, 0, 0);
        cp->created_noted = true;
        cp->step = CHECKPOINT_STEP_CREATE;
        break;
    case CHECKPOINT_STEP_CREATE:
        cp->step = cp->ready ? CHECKPOINT_STEP_WRITE : CHECKPOINT_STEP_TAIL;
        break;
    case CHECKPOINT_STEP_TAIL:
        on_tail(cp, reply->tail.seq_num);
        break;
    case CHECKPOINT_STEP_ASK:
        resolve(cp, reply->tail.seq_num);
        break;
    case CHECKPOINT_STEP_LOOK:
    case CHECKPOINT_STEP_READ_BACK:
        on_page(cp, reply);
        break;
    case CHECKPOINT_STEP_FENCE:
        on_fence_answer(cp, reply);
        break;
    case CHECKPOINT_STEP_WRITE:
        on_write_answer(cp, reply);
        break;
    }
}

/* Whether such an answer can be to such a request. */
static bool fits(enum checkpoint_step step, enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_MISMATCH:
        return step == CHECKPOINT_STEP_FENCE || step == CHECKPOINT_STEP_WRITE;
    case OUTCOME_FENCED:
        return step == CHECKPOINT_STEP_WRITE;
    case OUTCOME_UNWRITTEN:
        return step == CHECKPOINT_STEP_LOOK ||
               step == CHECKPOINT_STEP_READ_BACK;
    default:
        return true;
    }
}

static void on_answer(struct checkpoint *cp, const struct basin_reply *reply)
{
    bool made = cp->step == CHECKPOINT_STEP_CREATE_BASIN ||
                cp->step == CHECKPOINT_STEP_CREATE;
    unsigned fails = made ? 0 : attempt_ok(&cp->attempt);

    if (fails > 0)
        note(cp, CHECKPOINT_RECOVERED, fails, 0);
    if (fits(cp->step, reply->outcome))
        proceed(cp, reply);
    else
        fail(cp, "the answer does not fit the request");
}

void checkpoint_done(void *arg, const struct basin_reply *reply)
{
    struct checkpoint *cp = arg;

    cp->op = NULL;
    cp->answered = true;
    switch (attempt_judge(&cp->attempt, cp->stream, cp->config.create_basin,
                          reply)) {
    case ATTEMPT_AGAIN:
    case ATTEMPT_OVER:
        break;
    case ATTEMPT_NO_STREAM:
        cp->step = CHECKPOINT_STEP_CREATE;
        break;
    case ATTEMPT_NO_BASIN:
        cp->step = CHECKPOINT_STEP_CREATE_BASIN;
        break;
    case ATTEMPT_FENCED:
    case ATTEMPT_ANSWERED:
        on_answer(cp, reply);
        break;
    }
}
