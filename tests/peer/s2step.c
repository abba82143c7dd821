/*
 * What a script does to a read session.
 */
#include <inttypes.h>

#include "base/loop.h"
#include "body.h"
#include "s2fault.h"
#include "s2session.h"

/* How often a silent session looks whether its reader is still there. */
#define LOOK_MS 50

/* How far a session is, as ${rule} counts. */
static uint64_t progress(const struct s2session *ses, const struct s2rule *rule)
{
    return rule->frames ? ses->frames : ses->records;
}

struct s2step *s2step_due(struct s2session *ses)
{
    for (size_t i = 0; i < ses->call->nsteps; i++) {
        struct s2step *step = &ses->call->steps[i];
        const struct s2rule *rule = step->rule;

        if (step->done || progress(ses, rule) < rule->after)
            continue;
        /* A frame is twisted once. */
        if (ses->twist == NULL || !s2fault_twists(rule->fault))
            return step;
    }
    return NULL;
}

size_t s2step_room(const struct s2session *ses, size_t n)
{
    for (size_t i = 0; i < ses->call->nsteps; i++) {
        const struct s2rule *rule = ses->call->steps[i].rule;
        uint64_t left = rule->after - ses->records;

        if (!rule->frames && rule->after > ses->records && left < n)
            n = (size_t)left;
    }
    return n;
}

/* One line about what has happened. */
static void note(struct s2session *ses, const struct s2step *step)
{
    char what[S2FAULT_DESCRIBE_SIZE];

    s2fault_describe(step->rule, what);
    journal_line(
        &ses->s2->peer.journal,
        "fault conn=%u op=follow stream=%s n=%" PRIu64 " sent=%" PRIu64 " %s",
        ses->conn->id, s2call_name(ses->call), step->count, ses->sent, what);
}

static bool change(struct s2session *ses, const struct s2rule *rule)
{
    bool changed;

    pthread_mutex_lock(&ses->s2->lock);
    changed = s2state_change(ses->s2, ses->call, rule);
    pthread_mutex_unlock(&ses->s2->lock);
    return changed;
}

/* Nothing for ${ms}, 0 for as long as the reader stays. */
static enum s2session_turn be_silent(struct s2session *ses, uint64_t ms)
{
    int64_t end = ms > 0 ? loop_now() + (int64_t)ms : LOOP_NEVER;

    for (;;) {
        int64_t left = end - loop_now();

        if (left <= 0)
            return S2SESSION_ON;
        if (net_read(ses->conn, left < LOOK_MS ? left : LOOK_MS) == NET_CLOSED)
            return S2SESSION_CLOSED;
    }
}

/* A terminal frame, perhaps with more behind it, and the end. */
static enum s2session_turn send_terminal(struct s2session *ses,
                                         const struct s2rule *rule)
{
    struct buf out = BUF_INIT(4096);
    int result =
        s2frame_terminal(&out, rule->status, rule->text, "as scripted");

    if (result == 0 && rule->fault == S2RULE_F_OVERRUN)
        result = s2frame_add(&out, 0, SLICE("\x12"));
    if (result == 0)
        result = s2frame_send(ses->conn, buf_slice(&out), ses->chunk);
    if (result == 0)
        result = s2frame_end(ses->conn);
    buf_release(&out);
    return result == 0 ? S2SESSION_OVER : S2SESSION_CLOSED;
}

static int send_bad(struct s2session *ses, enum s2rule_fault fault)
{
    struct buf out = BUF_INIT(S2FRAME_BUF_MAX);
    int result = s2frame_bad(&out, fault);

    if (result == 0)
        result = s2frame_send(ses->conn, buf_slice(&out), ses->chunk);
    buf_release(&out);
    return result;
}

/* The last batch again. */
static int send_again(struct s2session *ses)
{
    const struct store_stream *stream = ses->call->stream;
    struct buf payload = BUF_INIT(S2FRAME_BUF_MAX);
    struct buf out = BUF_INIT(S2FRAME_BUF_MAX);
    uint64_t end = ses->next;
    uint64_t from = end - ses->last;
    int result;

    pthread_mutex_lock(&ses->s2->lock);
    if (from < stream->trimmed)
        from = stream->trimmed;
    result = body_batch(stream, from, from < end ? (size_t)(end - from) : 0,
                        ses->live, true, &payload);
    pthread_mutex_unlock(&ses->s2->lock);
    if (result == 0)
        result = s2frame_payload(&out, 0, buf_slice(&payload), ses->zstd);
    if (result == 0)
        result = s2frame_send(ses->conn, buf_slice(&out), ses->chunk);
    buf_release(&payload);
    buf_release(&out);
    return result;
}

/* What happens between two frames. */
static enum s2session_turn intervene(struct s2session *ses,
                                     const struct s2rule *rule)
{
    int result;

    switch (rule->fault) {
    case S2RULE_F_END:
        result = s2frame_end(ses->conn);
        return result == 0 ? S2SESSION_OVER : S2SESSION_CLOSED;
    case S2RULE_F_SILENCE:
        return be_silent(ses, rule->number);
    case S2RULE_F_TERMINAL:
    case S2RULE_F_OVERRUN:
        return send_terminal(ses, rule);
    case S2RULE_F_SLICE:
        ses->chunk = (size_t)rule->number;
        return S2SESSION_ON;
    case S2RULE_F_DUP:
        result = send_again(ses);
        break;
    default:
        result = send_bad(ses, rule->fault);
        break;
    }
    return result == 0 ? S2SESSION_ON : S2SESSION_CLOSED;
}

enum s2session_turn s2step_do(struct s2session *ses, struct s2step *step)
{
    const struct s2rule *rule = step->rule;

    step->done = true;
    if (s2fault_twists(rule->fault)) {
        ses->twist = step;
        return S2SESSION_ON;
    }
    if (s2fault_changes(rule->fault)) {
        if (change(ses, rule))
            note(ses, step);
        return S2SESSION_ON;
    }
    if (rule->fault == S2RULE_F_DUP && ses->last == 0)
        return S2SESSION_ON;
    note(ses, step);
    return intervene(ses, rule);
}

/* The twist that has come to its frame. */
static void spend_twist(struct s2session *ses)
{
    note(ses, ses->twist);
    ses->twist = NULL;
}

/* Fills ${numbers} with what the twist makes of ${n} records from ${from}
 * on.  How many they are; 0 when it does not fit this batch. */
static size_t arrange(const struct s2session *ses, uint64_t from, size_t n,
                      uint64_t numbers[S2QUERY_COUNT_MAX])
{
    const struct s2rule *rule = ses->twist->rule;
    size_t by = (size_t)rule->number;
    size_t count = 0;

    if (rule->fault == S2RULE_F_BACKWARD && n > 1) {
        while (n > 0)
            numbers[count++] = from + --n;
    } else if (rule->fault == S2RULE_F_JUMP && n > by + 1) {
        size_t left = (n - by) / 2;

        for (size_t i = 0; i < n; i++) {
            if (i < left || i >= left + by)
                numbers[count++] = from + i;
        }
    } else if (rule->fault == S2RULE_F_BACK && n + by <= S2QUERY_COUNT_MAX &&
               from >= ses->call->stream->trimmed + by) {
        for (size_t i = 0; i < n + by; i++)
            numbers[count++] = from - by + i;
    }
    return count;
}

int s2step_batch(struct s2session *ses, uint64_t from, size_t n, bool tail,
                 struct buf *payload)
{
    const struct store_stream *stream = ses->call->stream;
    uint64_t numbers[S2QUERY_COUNT_MAX];
    size_t count = ses->twist != NULL ? arrange(ses, from, n, numbers) : 0;

    if (count == 0)
        return body_batch(stream, from, n, tail, true, payload);
    spend_twist(ses);
    return body_pick(stream, numbers, count, tail, payload);
}

/* Fields that nobody knows, of each wire type, around a batch. */
static int add_unknown(const struct buf *payload, struct buf *out)
{
    int bad = buf_addslice(out, SLICE("\x78\x96\x01"
                                      "\x79\x01\x02\x03\x04\x05\x06\x07\x08"));

    bad |= buf_addslice(out, buf_slice(payload));
    bad |= buf_addslice(out, SLICE("\xA2\x06\x03"
                                   "abc"
                                   "\x7D\x01\x02\x03\x04"));
    return bad != 0 ? -1 : 0;
}

/* Half of ${frame}, and the end of all. */
static enum s2session_turn break_off(struct s2session *ses,
                                     enum s2rule_fault fault,
                                     const struct buf *frame)
{
    struct slice half = {frame->p, frame->n / 2};

    if (fault == S2RULE_F_SHORT)
        return s2frame_send(ses->conn, half, ses->chunk) == 0 &&
                       s2frame_end(ses->conn) == 0
                   ? S2SESSION_OVER
                   : S2SESSION_CLOSED;
    s2frame_half(ses->conn, buf_slice(frame));
    if (fault == S2RULE_F_RESET)
        net_reset(ses->conn);
    return S2SESSION_CLOSED;
}

/* The frame of ${payload} as ${fault} wants it. */
static int make_frame(struct s2session *ses, enum s2rule_fault fault,
                      const struct buf *payload, struct buf *out)
{
    struct buf more = BUF_INIT(S2FRAME_BUF_MAX);
    struct slice bytes = buf_slice(payload);
    int result;

    switch (fault) {
    case S2RULE_F_COMP3:
        return s2frame_add(out, S2FRAME_ZSTD | S2FRAME_GZIP, bytes);
    case S2RULE_F_GZIP:
        return s2frame_add(out, S2FRAME_GZIP, bytes);
    case S2RULE_F_RECONNECT:
        return s2frame_payload(out, S2FRAME_RECONNECT, bytes, ses->zstd);
    case S2RULE_F_RESERVED:
        return s2frame_payload(out, S2FRAME_RESERVED, bytes, ses->zstd);
    case S2RULE_F_UNKNOWN:
        result = add_unknown(payload, &more);
        if (result == 0)
            result = s2frame_payload(out, 0, buf_slice(&more), ses->zstd);
        buf_release(&more);
        return result;
    default:
        return s2frame_payload(out, 0, bytes, ses->zstd);
    }
}

/* Whether a twist is about the frame, and not about the records in it. */
static bool twists_frame(enum s2rule_fault fault)
{
    return s2fault_twists(fault) && fault != S2RULE_F_BACKWARD &&
           fault != S2RULE_F_BACK && fault != S2RULE_F_JUMP;
}

enum s2session_turn s2step_send(struct s2session *ses,
                                const struct buf *payload)
{
    struct buf frame = BUF_INIT(S2FRAME_BUF_MAX);
    enum s2rule_fault fault = S2RULE_F_NONE;
    enum s2session_turn turn = S2SESSION_CLOSED;

    if (ses->twist != NULL && twists_frame(ses->twist->rule->fault)) {
        fault = ses->twist->rule->fault;
        spend_twist(ses);
    }
    if (make_frame(ses, fault, payload, &frame) == 0) {
        if (fault == S2RULE_F_RESET || fault == S2RULE_F_CUT ||
            fault == S2RULE_F_SHORT)
            turn = break_off(ses, fault, &frame);
        else if (s2frame_send(ses->conn, buf_slice(&frame), ses->chunk) == 0)
            turn = S2SESSION_ON;
    }
    buf_release(&frame);
    return turn;
}
