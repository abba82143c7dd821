/*
 * A basin in memory for tests of following: streams whose records follow
 * from their numbers, faults by script and by a seeded choice, and a caller
 * who checks what is handed out.
 */
#ifndef FOLLOWFAKE_H
#define FOLLOWFAKE_H

#include "check.h"

#include <stdlib.h>

#include "base/loop.h"
#include "base/retry.h"
#include "basin/follow.h"

#define BATCH_MAX 40

struct stream {
    char name[24];
    bool exists;
    int inc;           /* the how manieth of this name */
    uint64_t first, n; /* numbers below first are trimmed; n is the next */
    bool trims;        /* something was trimmed since it was made */

    /* The script. */
    int fails; /* so many requests fail ... */
    enum outcome fail;
    bool fail_reads; /* ... of records only ... */
    bool fail_late;  /* ... sessions after a sign of life */
    int64_t retry_after_ms;
    int ends;       /* so many are ended in good order, with nothing ... */
    bool end_tells; /* ... but the tail ... */
    bool end_again; /* ... as the server asks to come again */
    uint64_t made;  /* as it is listed */
    bool mute;      /* nothing is answered */
    bool ghost;     /* listed though it does not exist */
    bool frozen;    /* does not grow by itself */

    unsigned tails, pages, reads, sessions; /* asked for */
    bool tail_told;
    uint64_t told; /* the first tail that was told */

    /* What the caller has seen. */
    int got_inc;
    uint64_t want; /* the next number of that one */
    bool begun;
    bool fresh; /* told that it begins anew */
    bool owes;  /* the caller has a page and has not asked for more */
    uint64_t got;
};

enum kind { LIST, TAIL, READ, FOLLOW };

struct basin_op {
    struct basin_op *next;
    bool dead;
    enum kind kind;
    struct stream *stream;
    int inc;
    struct wire_read read;
    uint64_t left;
    bool given; /* something was answered */
    bool lived; /* it gave a sign of life before it fails */
    bool paid;  /* a page: the caller has some of it */
    int64_t sign_ms;
    char prefix[24], after[24];
    basin_done *done;
    void *arg;
};

struct fake {
    struct basin head;
    struct stream *streams; /* in order of their names */
    size_t n;
    struct basin_op *ops, **end;
    struct rng rng;
    unsigned fault_percent;
    unsigned command_every; /* 0: none */
    bool wild_commands;     /* dated at the end of time */
    bool whole_pages;
    bool never_tells; /* the tail, with records */
    unsigned overlap; /* reads begin so many records too early */
    size_t list_page;
    bool list_stuck; /* its pages do not get on */
    bool no_memory;  /* nothing can be started */
    int list_fails;
    enum outcome list_fail;
    int64_t list_after_ms; /* when they fail */
    unsigned lists;
    size_t requests; /* tails and pages in flight */
    size_t most_requests;
    struct basin_op *page; /* that is being handed over */
    struct follow *follow; /* of the caller */
    unsigned more_percent; /* asks for more at once */
    bool more_early;       /* at the first records of a page, if at all */
    bool more_told;        /* when it is told that a stream begins anew */
    int64_t now;

    struct follow_note note; /* the last one */
    char note_stream[24], note_text[128];
    unsigned notes[FOLLOW_RESTARTED + 1];
    uint64_t missing; /* as noted */
};

static unsigned pick(struct fake *fake, unsigned n)
{
    return (unsigned)(rng_next(&fake->rng) % n);
}

static bool chance(struct fake *fake, unsigned percent)
{
    return pick(fake, 100) < percent;
}

static struct stream *stream_named(struct fake *fake, const char *name)
{
    size_t low = 0, high = fake->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int c = strcmp(fake->streams[middle].name, name);

        if (c == 0)
            return &fake->streams[middle];
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    CHECK(false);
    return &fake->streams[0];
}

static bool is_command(const struct fake *fake, uint64_t seq)
{
    return fake->command_every != 0 &&
           seq % fake->command_every == fake->command_every - 1;
}

static uint64_t date_of(uint64_t seq)
{
    return 1000 + seq * 10;
}

static struct basin_op *add_op(struct basin *basin, enum kind kind,
                               const char *stream, basin_done *done, void *arg,
                               struct err *err)
{
    struct fake *fake = (struct fake *)basin;
    struct basin_op *op = (calloc)(1, sizeof(*op));

    if (op == NULL || fake->no_memory) {
        free(op);
        err_memory(err);
        return NULL;
    }
    op->kind = kind;
    if (stream != NULL) {
        op->stream = stream_named(fake, stream);
        op->inc = op->stream->inc;
    }
    op->done = done;
    op->arg = arg;
    *fake->end = op;
    fake->end = &op->next;
    return op;
}

/* A tail or a page is asked for: never more than 16 at a time. */
static void count_request(struct fake *fake)
{
    fake->requests++;
    CHECK(fake->requests <= 16);
    if (fake->requests > fake->most_requests)
        fake->most_requests = fake->requests;
}

static struct basin_op *fake_tail(struct basin *b, const char *stream,
                                  basin_done *done, void *arg, struct err *err)
{
    struct basin_op *op = add_op(b, TAIL, stream, done, arg, err);

    if (op == NULL)
        return NULL;
    op->stream->tails++;
    count_request((struct fake *)b);
    return op;
}

static struct basin_op *fake_read(struct basin *b, const char *stream,
                                  const struct wire_read *read,
                                  basin_done *done, void *arg, struct err *err)
{
    struct basin_op *op = add_op(b, READ, stream, done, arg, err);

    if (op == NULL)
        return NULL;
    CHECK(read->limit > 0 && read->limit <= WIRE_BATCH_RECORDS);
    CHECK(!op->stream->owes);
    op->read = *read;
    op->stream->reads++;
    count_request((struct fake *)b);
    return op;
}

static struct basin_op *fake_follow(struct basin *b, const char *stream,
                                    const struct wire_read *read,
                                    basin_done *done, void *arg,
                                    struct err *err)
{
    struct basin_op *op = add_op(b, FOLLOW, stream, done, arg, err);

    if (op == NULL)
        return NULL;
    op->read = *read;
    op->left = read->limit;
    if (read->limit > 0) {
        op->stream->pages++;
        CHECK(!op->stream->owes);
        count_request((struct fake *)b);
    } else {
        op->stream->sessions++;
        op->stream->owes = false;
    }
    return op;
}

static struct basin_op *fake_list(struct basin *b, const char *prefix,
                                  const char *start_after, basin_done *done,
                                  void *arg, struct err *err)
{
    struct basin_op *op = add_op(b, LIST, NULL, done, arg, err);

    if (op == NULL)
        return NULL;
    ((struct fake *)b)->lists++;
    snprintf(op->prefix, sizeof(op->prefix), "%s", prefix);
    snprintf(op->after, sizeof(op->after), "%s", start_after);
    return op;
}

static bool is_request(const struct basin_op *op)
{
    return op->kind == TAIL || op->kind == READ ||
           (op->kind == FOLLOW && op->read.limit > 0);
}

static void end_op(struct fake *fake, struct basin_op *op)
{
    op->dead = true;
    if (is_request(op))
        fake->requests--;
}

static void fake_cancel(struct basin *b, struct basin_op *op)
{
    CHECK(!op->dead);
    end_op((struct fake *)b, op);
}

static struct wire_position tail_of(const struct fake *fake,
                                    const struct stream *s)
{
    struct wire_position tail = {s->n, s->n > 0 ? date_of(s->n - 1) : 0};

    if (s->n > 0 && fake->wild_commands && is_command(fake, s->n - 1))
        tail.timestamp = UINT64_MAX;
    return tail;
}

static void answer(struct fake *fake, struct basin_op *op,
                   struct basin_reply *reply)
{
    if (op->kind != FOLLOW || reply->over)
        end_op(fake, op);
    op->done(op->arg, reply);
}

static void answer_failed(struct fake *fake, struct basin_op *op,
                          enum outcome outcome, int64_t retry_after_ms)
{
    struct basin_reply reply = {.outcome = outcome, .over = true};

    err_set(&reply.err, ERR_UNAVAILABLE, "outcome %d", (int)outcome);
    reply.retry_after_ms = retry_after_ms;
    if (op->stream != NULL)
        reply.tail = tail_of(fake, op->stream);
    answer(fake, op, &reply);
}

static void answer_list(struct fake *fake, struct basin_op *op)
{
    struct basin_reply reply = {.outcome = OUTCOME_OK};
    const char **names = calloc(fake->n + 1, sizeof(*names));
    uint64_t *made = calloc(fake->n + 1, sizeof(*made));

    for (size_t i = 0; i < fake->n && !reply.more; i++) {
        const struct stream *s = &fake->streams[i];

        if (!(s->exists || s->ghost) || strcmp(s->name, op->after) <= 0 ||
            strncmp(s->name, op->prefix, strlen(op->prefix)) != 0)
            continue;
        if (reply.nnames == fake->list_page)
            reply.more = true;
        made[reply.nnames] = s->made;
        if (!reply.more)
            names[reply.nnames++] = s->name;
    }
    reply.more = reply.more || fake->list_stuck;
    reply.names = names;
    reply.made = made;
    answer(fake, op, &reply);
    free(names);
    free(made);
}

static void answer_tail(struct fake *fake, struct basin_op *op)
{
    struct basin_reply reply = {.outcome = OUTCOME_OK};
    struct stream *s = op->stream;

    reply.tail = tail_of(fake, s);
    if (!s->tail_told)
        s->told = s->n;
    s->tail_told = true;
    answer(fake, op, &reply);
}

/* Records [from, to) of ${s}, in memory of their own, handed over. */
static void deliver(struct fake *fake, struct basin_op *op, uint64_t from,
                    uint64_t to, struct basin_reply *reply)
{
    static const struct wire_header fence = {{"", 0}, {"fence", 5}};
    struct wire_record *records = calloc(to - from + 1, sizeof(*records));
    char(*bodies)[48] = calloc(to - from + 1, sizeof(*bodies));

    for (uint64_t seq = from; seq < to; seq++) {
        struct wire_record *r = &records[seq - from];

        r->seq_num = seq;
        r->timestamp = date_of(seq);
        if (is_command(fake, seq)) {
            r->headers = &fence;
            r->nheaders = 1;
            r->timestamp = fake->wild_commands ? UINT64_MAX : r->timestamp;
        }
        snprintf(bodies[seq - from], 48, "%s %d %llu", op->stream->name,
                 op->stream->inc, (unsigned long long)seq);
        r->body = slice_str(bodies[seq - from]);
    }
    reply->records = records;
    reply->nrecords = to - from;
    fake->page = op->read.limit > 0 ? op : NULL;
    answer(fake, op, reply);
    fake->page = NULL;
    free(records);
    free(bodies);
}

/* Where a read by time begins. */
static void find_time(struct basin_op *op)
{
    uint64_t seq = op->stream->first;

    while (seq < op->stream->n && date_of(seq) < op->read.from)
        seq++;
    op->read.by_time = false;
    op->read.from = seq;
}

static void answer_at_tail(struct fake *fake, struct basin_op *op)
{
    struct basin_reply reply = {.outcome = OUTCOME_OK, .tail_known = true};

    reply.tail = tail_of(fake, op->stream);
    reply.over = op->read.limit > 0 || op->read.from > op->stream->n;
    if (reply.over)
        reply.outcome = OUTCOME_UNWRITTEN;
    else if (fake->now < op->sign_ms)
        return;
    op->sign_ms = fake->now + 5000;
    answer(fake, op, &reply);
}

static void answer_follow(struct fake *fake, struct basin_op *op)
{
    struct basin_reply reply = {.outcome = OUTCOME_OK};
    struct stream *s = op->stream;
    unsigned most = fake->whole_pages ? BATCH_MAX : pick(fake, BATCH_MAX) + 1;
    uint64_t from, to;

    if (op->read.by_time)
        find_time(op);
    if (op->read.from > s->n ||
        (op->read.from == s->n && (!op->given || op->read.limit == 0))) {
        answer_at_tail(fake, op);
        return;
    }
    from = op->given                       ? op->read.from
           : op->read.from < fake->overlap ? 0
                                           : op->read.from - fake->overlap;
    from = from < s->first ? s->first : from;
    to = s->n - from < most ? s->n : from + most;
    if (op->read.limit > 0 && to - from > op->left)
        to = from + op->left;
    op->read.from = to;
    op->given = true;
    op->left -= op->read.limit > 0 ? to - from : 0;
    reply.over = op->read.limit > 0 && (op->left == 0 || to == s->n);
    reply.tail_known = !fake->never_tells && chance(fake, 50);
    reply.tail = tail_of(fake, s);
    op->sign_ms = fake->now + 5000;
    deliver(fake, op, from, to, &reply);
}

static void answer_read(struct fake *fake, struct basin_op *op)
{
    struct basin_reply reply = {.outcome = OUTCOME_OK};
    struct stream *s = op->stream;
    uint64_t from, to;

    if (op->read.by_time)
        find_time(op);
    if (op->read.from >= s->n) {
        reply.outcome = OUTCOME_UNWRITTEN;
        reply.tail = tail_of(fake, s);
        answer(fake, op, &reply);
        return;
    }
    from = op->read.from < s->first ? s->first : op->read.from;
    to = s->n - from < op->read.limit ? s->n : from + op->read.limit;
    deliver(fake, op, from, to, &reply);
}

static void answer_ended(struct fake *fake, struct basin_op *op)
{
    struct basin_reply ended = {.outcome = OUTCOME_OK, .over = true};

    ended.tail_known = op->stream->end_tells;
    ended.tail = tail_of(fake, op->stream);
    ended.again = op->stream->end_again;
    answer(fake, op, &ended);
}

static void answer_failing(struct fake *fake, struct basin_op *op)
{
    struct stream *s = op->stream;
    struct basin_reply alive = {.outcome = OUTCOME_OK, .tail_known = true};

    if (s->fail_late && !op->lived && op->kind == FOLLOW &&
        op->read.limit == 0) {
        op->lived = true;
        alive.tail = tail_of(fake, s);
        answer(fake, op, &alive);
        return;
    }
    s->fails--;
    answer_failed(fake, op, s->fail, s->retry_after_ms);
}

/* Whether what befalls ${op} ends it. */
static bool befall(struct fake *fake, struct basin_op *op)
{
    struct stream *s = op->stream;

    if (!s->exists || s->inc != op->inc) {
        answer_failed(fake, op, OUTCOME_NO_STREAM, 0);
    } else if (s->fails > 0 && (op->kind != TAIL || !s->fail_reads)) {
        answer_failing(fake, op);
    } else if (op->kind == FOLLOW && s->ends > 0) {
        s->ends--;
        answer_ended(fake, op);
    } else if (chance(fake, fake->fault_percent)) {
        answer_failed(fake, op,
                      chance(fake, 50) ? OUTCOME_RETRY : OUTCOME_UNKNOWN,
                      chance(fake, 10) ? 2000 : 0);
    } else if (op->kind == FOLLOW && op->read.limit == 0 &&
               chance(fake, fake->fault_percent)) {
        answer_ended(fake, op);
    } else {
        return false;
    }
    return true;
}

static void run_op(struct fake *fake, struct basin_op *op)
{
    if (op->kind == LIST) {
        if (fake->list_fails > 0) {
            fake->list_fails--;
            answer_failed(fake, op, fake->list_fail, fake->list_after_ms);
        } else if (chance(fake, fake->fault_percent)) {
            answer_failed(fake, op, OUTCOME_RETRY, 0);
        } else {
            answer_list(fake, op);
        }
    } else if (!op->stream->mute && !befall(fake, op)) {
        if (op->kind == TAIL)
            answer_tail(fake, op);
        else if (op->kind == READ)
            answer_read(fake, op);
        else
            answer_follow(fake, op);
    }
}

/* Every request gets one answer, or by chance none yet, or a session two. */
static int64_t fake_run(struct basin *b, int64_t now)
{
    struct fake *fake = (struct fake *)b;
    struct basin_op **at = &fake->ops;

    fake->now = now;
    for (struct basin_op *op = fake->ops; op != NULL; op = op->next) {
        unsigned times = fake->fault_percent == 0 ? 1 : pick(fake, 3);

        for (unsigned i = 0; i < times && !op->dead; i++)
            run_op(fake, op);
    }
    while (*at != NULL) {
        struct basin_op *op = *at;

        if (!op->dead) {
            at = &op->next;
            continue;
        }
        *at = op->next;
        free(op);
    }
    fake->end = at;
    return now + 50;
}

static const struct basin_kind fake_kind = {
    .run = fake_run,
    .tail = fake_tail,
    .read = fake_read,
    .follow = fake_follow,
    .list = fake_list,
    .cancel = fake_cancel,
};

#endif
