/*
 * A basin in memory that holds one stream, knows fences, commands and trims,
 * and does to requests what a test or a seeded choice says: refuses them,
 * loses them or their answers, applies them late, lets others append before
 * them, deletes the stream or what it held last.
 */
#ifndef CHECKPOINTFAKE_H
#define CHECKPOINTFAKE_H

#include "check.h"

#include <stdlib.h>

#include "base/retry.h"
#include "basin/basin.h"
#include "basin/checkpoint.h"

#define JOB "j"
#define STREAM "_bsky2s2/j"

enum fault {
    NO_FAULT,
    REFUSED, /* RETRY */
    LOST,    /* UNKNOWN, not applied */
    DROPPED, /* UNKNOWN, applied */
    LATE,    /* UNKNOWN, applied after some more requests */
    OTHER,   /* first another instance's fence and checkpoint */
    GARBAGE, /* first a record that is no checkpoint */
    COMMAND, /* first a command */
    TRIMMED, /* first all is trimmed */
    SHORTER, /* first the newest records vanish */
    DELETED, /* first the stream */
    FAULTS
};

struct stored {
    char *body;
    size_t n;
    char command[8]; /* "": none */
    uint64_t date;
    uint64_t clock; /* when it was stored */
    bool straggler; /* made before records vanished, stored afterwards */
};

enum kind { CREATE_BASIN, CREATE, TAIL, READ, APPEND };

struct basin_op {
    struct basin_op *next;
    enum kind kind;
    struct wire_read read;
    uint64_t match;
    bool has_token;
    char token[40];
    size_t n;
    struct stored records[3];
    int late;        /* runs until it arrives; nobody waits for it */
    unsigned losses; /* of the stream when it was made */
    basin_done *done;
    void *arg;
};

struct fake {
    struct basin head;
    bool no_basin;
    bool exists;
    struct stored *records;
    size_t cap;
    uint64_t first; /* trimmed below */
    uint64_t n;
    char fence[40];
    struct basin_op *ops;
    struct rng rng;
    unsigned percent;  /* of appends with a fault */
    unsigned wait;     /* of requests that wait for another run */
    uint64_t faults;   /* which, a bit each; 0: all */
    enum fault script; /* the next append's, once */
    enum fault reads;  /* REFUSED: the next request that is no append, once */
    uint64_t page_max; /* records, 0: no limit */
    bool blind;        /* no record is there to be read */
    int seen[FAULTS];
    int others;      /* instances invented so far */
    unsigned losses; /* how often records vanished */
    uint64_t clock;
    uint64_t appends; /* asked for */
    uint64_t pages;
    struct {
        const void *arg;
        uint64_t clock;
    } heard[3]; /* when the newest append of these was judged that they had
                   an answer to */
};

static inline void stored_free(struct stored *s)
{
    free(s->body);
    s->body = NULL;
}

static inline void op_free(struct basin_op *op)
{
    for (size_t i = 0; i < op->n; i++)
        stored_free(&op->records[i]);
    free(op);
}

static inline struct basin_op *op_new(struct basin *basin, enum kind kind,
                                      basin_done *done, void *arg,
                                      struct err *err)
{
    struct fake *fake = (struct fake *)basin;
    struct basin_op **at = &fake->ops;
    struct basin_op *op = (calloc)(1, sizeof(*op));

    if (op == NULL) {
        err_memory(err);
        return NULL;
    }
    op->kind = kind;
    op->done = done;
    op->arg = arg;
    op->losses = fake->losses;
    while (*at != NULL)
        at = &(*at)->next;
    *at = op;
    return op;
}

static inline struct basin_op *
fake_create_basin(struct basin *b, basin_done *done, void *arg, struct err *err)
{
    return op_new(b, CREATE_BASIN, done, arg, err);
}

static inline struct basin_op *fake_create(struct basin *b, const char *stream,
                                           basin_done *done, void *arg,
                                           struct err *err)
{
    CHECK_STR(stream, STREAM);
    return op_new(b, CREATE, done, arg, err);
}

static inline struct basin_op *fake_tail(struct basin *b, const char *stream,
                                         basin_done *done, void *arg,
                                         struct err *err)
{
    CHECK_STR(stream, STREAM);
    return op_new(b, TAIL, done, arg, err);
}

static inline struct basin_op *fake_read(struct basin *b, const char *stream,
                                         const struct wire_read *read,
                                         basin_done *done, void *arg,
                                         struct err *err)
{
    struct basin_op *op = op_new(b, READ, done, arg, err);

    if (op == NULL)
        return NULL;
    CHECK_STR(stream, STREAM);
    CHECK(read->limit >= 1 && read->limit <= WIRE_BATCH_RECORDS);
    ((struct fake *)b)->pages++;
    op->read = *read;
    return op;
}

static inline void stored_set(struct stored *s, const char *command,
                              struct slice body, uint64_t date)
{
    memset(s, 0, sizeof(*s));
    snprintf(s->command, sizeof(s->command), "%s", command);
    s->body = malloc(body.n + 1);
    memcpy(s->body, body.p, body.n);
    s->body[body.n] = '\0';
    s->n = body.n;
    s->date = date;
}

static inline struct basin_op *fake_append(struct basin *b, const char *stream,
                                           const struct wire_append *append,
                                           basin_done *done, void *arg,
                                           struct err *err)
{
    struct basin_op *op = op_new(b, APPEND, done, arg, err);

    if (op == NULL)
        return NULL;
    ((struct fake *)b)->appends++;
    CHECK_STR(stream, STREAM);
    CHECK(append->match && append->n >= 1 && append->n <= 2);
    op->match = append->match_seq_num;
    op->has_token = append->fencing_token != NULL;
    if (op->has_token)
        snprintf(op->token, sizeof(op->token), "%s", append->fencing_token);
    for (op->n = 0; op->n < append->n; op->n++) {
        const struct wire_record *r = &append->records[op->n];
        char command[8] = "";

        if (wire_is_command(r))
            snprintf(command, sizeof(command), "%.*s",
                     (int)r->headers[0].value.n, r->headers[0].value.p);
        CHECK(r->timestamp > 0);
        stored_set(&op->records[op->n], command, r->body, r->timestamp);
    }
    return op;
}

/* An append that nobody waits for any more may still arrive. */
static inline void fake_cancel(struct basin *b, struct basin_op *op)
{
    struct fake *fake = (struct fake *)b;
    struct basin_op **at = &fake->ops;

    if (op == NULL)
        return;
    if (op->kind == APPEND && rng_next(&fake->rng) % 2 == 0) {
        op->late = 1 + (int)(rng_next(&fake->rng) % 9);
        return;
    }
    while (*at != op)
        at = &(*at)->next;
    *at = op->next;
    op_free(op);
}

static inline void obey(struct fake *fake, const struct stored *s, uint64_t own)
{
    uint64_t to = 0;

    if (strcmp(s->command, "fence") == 0)
        snprintf(fake->fence, sizeof(fake->fence), "%s", s->body);
    if (strcmp(s->command, "trim") != 0)
        return;
    CHECK_INT(s->n, 8);
    for (size_t i = 0; i < 8; i++)
        to = to << 8 | (unsigned char)s->body[i];
    to = to < own ? to : own;
    fake->first = to > fake->first ? to : fake->first;
}

static inline void fake_store(struct fake *fake, const char *command,
                              struct slice body, uint64_t date)
{
    struct stored *s;

    if (fake->n == fake->cap) {
        fake->cap = fake->cap == 0 ? 64 : fake->cap * 2;
        fake->records =
            realloc(fake->records, fake->cap * sizeof(*fake->records));
    }
    s = &fake->records[fake->n++];
    stored_set(s, command, body, date);
    s->clock = fake->clock;
    obey(fake, s, fake->n - 1);
}

static inline void fake_store_text(struct fake *fake, const char *body)
{
    fake_store(fake, "", slice_str(body), 1);
}

static inline void fake_trim(struct fake *fake, uint64_t to)
{
    char number[8];

    for (size_t i = 0; i < 8; i++)
        number[i] = (char)(to >> (8 * (7 - i)));
    fake_store(fake, "trim", (struct slice){number, 8}, 1);
}

/* Keep the first ${n} records; the fence is what they say. */
static inline void fake_cut(struct fake *fake, uint64_t n)
{
    while (fake->n > n)
        stored_free(&fake->records[--fake->n]);
    fake->first = fake->first < n ? fake->first : n;
    fake->fence[0] = '\0';
    fake->losses++;
    for (uint64_t i = 0; i < n; i++) {
        if (strcmp(fake->records[i].command, "fence") == 0)
            snprintf(fake->fence, sizeof(fake->fence), "%s",
                     fake->records[i].body);
    }
}

static inline void fake_delete(struct fake *fake)
{
    fake_cut(fake, 0);
    fake->exists = false;
}

/* The newest checkpoint there, or NULL; freed by the caller. */
static inline struct checkpoint_read *fake_newest(const struct fake *fake)
{
    for (uint64_t i = fake->n; i > fake->first; i--) {
        const struct stored *s = &fake->records[i - 1];
        struct checkpoint_read *read = NULL;

        if (s->command[0] == '\0')
            read = checkpoint_text_read((struct slice){s->body, s->n}, 0, NULL);
        if (read != NULL)
            return read;
    }
    return NULL;
}

/* A checkpoint of ${time_us}, after a fence if ${fence}. */
static inline void fake_checkpoint(struct fake *fake, const char *token,
                                   const char *host, int64_t time_us,
                                   bool fence)
{
    struct checkpoint_text text = {
        .at = {time_us, time_us, -1, -1, "wss://other.example"},
        .settings = {"0123456789abcdef0123456789abcdef", NULL, 0},
        .job = JOB,
        .host = host,
        .pid = 4711,
        .token = token};
    struct buf body = BUF_INIT(10000);

    CHECK_INT(checkpoint_text_write(&text, &body), 0);
    if (fence)
        fake_store(fake, "fence", slice_str(token), 1784000000000);
    fake_store(fake, "", buf_slice(&body), 1784000000000);
    buf_release(&body);
}

/* Another instance goes on from what is there. */
static inline void fake_other(struct fake *fake)
{
    struct checkpoint_read *newest = fake_newest(fake);
    int64_t time_us =
        newest == NULL ? 0 : checkpoint_read_text(newest)->at.time_us;
    char token[40];

    snprintf(token, sizeof(token), "other-%d", fake->others++);
    fake_checkpoint(fake, token, "elsewhere", time_us, true);
    checkpoint_read_free(newest);
}

static inline enum outcome apply(struct fake *fake, const struct basin_op *op)
{
    if (!fake->exists)
        return OUTCOME_NO_STREAM;
    if (op->has_token && strcmp(op->token, fake->fence) != 0)
        return OUTCOME_FENCED;
    if (op->match != fake->n)
        return OUTCOME_MISMATCH;
    for (size_t i = 0; i < op->n; i++) {
        const struct stored *s = &op->records[i];

        fake_store(fake, s->command, (struct slice){s->body, s->n}, s->date);
        fake->records[fake->n - 1].straggler = op->losses != fake->losses;
    }
    return OUTCOME_OK;
}

static inline enum fault pick(struct fake *fake)
{
    enum fault fault = fake->script;

    fake->script = NO_FAULT;
    if (fault != NO_FAULT || rng_next(&fake->rng) % 100 >= fake->percent)
        return fault;
    do
        fault = (enum fault)(1 + rng_next(&fake->rng) % (FAULTS - 1));
    while (fake->faults != 0 && (fake->faults >> fault & 1) == 0);
    return fault;
}

/* What happens before an append is judged. */
static inline void meddle(struct fake *fake, enum fault fault)
{
    if (!fake->exists)
        return;
    if (fault == OTHER)
        fake_other(fake);
    else if (fault == GARBAGE)
        fake_store_text(fake, "{\"v\":2}");
    else if (fault == COMMAND)
        fake_trim(fake, 0);
    else if (fault == TRIMMED)
        fake_trim(fake, fake->n);
    else if (fault == SHORTER)
        fake_cut(fake, fake->n - rng_next(&fake->rng) % (fake->n + 1) / 2);
    else if (fault == DELETED)
        fake_delete(fake);
}

static inline void hear(struct fake *fake, const void *arg)
{
    for (size_t i = 0; i < 3; i++) {
        if (fake->heard[i].arg == arg)
            fake->heard[i].clock = fake->clock;
    }
}

static inline void answer_append(struct fake *fake, struct basin_op *op,
                                 struct basin_reply *reply)
{
    enum fault fault = pick(fake);

    fake->seen[fault]++;
    meddle(fake, fault);
    reply->outcome = fault == REFUSED ? OUTCOME_RETRY : OUTCOME_UNKNOWN;
    err_set(&reply->err, ERR_UNAVAILABLE, "no answer");
    if (fault == DROPPED)
        apply(fake, op);
    if (fault == LATE)
        op->late = 1 + (int)(rng_next(&fake->rng) % 9);
    if (fault >= REFUSED && fault <= LATE)
        return;
    reply->start = fake->n;
    reply->outcome = apply(fake, op);
    reply->end = fake->n;
    if (reply->outcome != OUTCOME_FENCED)
        reply->tail.seq_num = fake->n;
    err_clear(&reply->err);
    if (reply->outcome == OUTCOME_NO_STREAM)
        err_set(&reply->err, ERR_CONFIG, "no such stream");
    if (reply->outcome == OUTCOME_FENCED)
        err_set(&reply->err, ERR_TAKEN, "the fence is '%s'", fake->fence);
    hear(fake, op->arg);
}

static inline void answer_read(struct fake *fake, const struct basin_op *op,
                               struct basin_reply *reply,
                               struct wire_record *page)
{
    static const struct wire_header command = {{"", 0}, {"x", 1}};
    uint64_t from = op->read.from;
    uint64_t n = 0;
    uint64_t most = op->read.limit;

    if (fake->page_max > 0 && fake->page_max < most)
        most = fake->page_max;
    if (from >= fake->n || fake->blind) {
        reply->outcome = OUTCOME_UNWRITTEN;
        return;
    }
    from = from < fake->first ? fake->first : from;
    for (; from + n < fake->n && n < most; n++) {
        const struct stored *s = &fake->records[from + n];

        memset(&page[n], 0, sizeof(page[n]));
        page[n].seq_num = from + n;
        page[n].timestamp = s->date;
        page[n].body = (struct slice){s->body, s->n};
        page[n].headers = s->command[0] != '\0' ? &command : NULL;
        page[n].nheaders = s->command[0] != '\0';
    }
    reply->records = page;
    reply->nrecords = n;
}

static inline void answer(struct fake *fake, struct basin_op *op)
{
    static struct wire_record page[WIRE_BATCH_RECORDS];
    struct basin_reply reply = {.outcome = OUTCOME_OK};
    bool bad = fake->reads == REFUSED;

    fake->clock++;
    if (op->kind == APPEND) {
        answer_append(fake, op, &reply);
    } else if (bad || rng_next(&fake->rng) % 200 < fake->percent) {
        fake->reads = NO_FAULT;
        reply.outcome = bad ? OUTCOME_RETRY : OUTCOME_UNKNOWN;
        err_set(&reply.err, ERR_UNAVAILABLE, "no answer");
    } else if (op->kind == CREATE_BASIN) {
        fake->no_basin = false;
    } else if (fake->no_basin) {
        reply.outcome = OUTCOME_NO_BASIN;
        err_set(&reply.err, ERR_CONFIG, "no such basin");
    } else if (op->kind == CREATE) {
        fake->exists = true;
    } else if (!fake->exists) {
        reply.outcome = OUTCOME_NO_STREAM;
        err_set(&reply.err, ERR_CONFIG, "no such stream");
    } else if (op->kind == TAIL) {
        reply.tail.seq_num = fake->n;
    } else {
        answer_read(fake, op, &reply, page);
    }
    op->done(op->arg, &reply);
}

/* Deal with one request; whether it is done with. */
static inline bool fake_step(struct fake *fake, struct basin_op *op)
{
    if (op->late > 0) {
        op->late--;
        fake->clock++;
        if (op->late == 0)
            apply(fake, op);
    } else if (rng_next(&fake->rng) % 100 >= fake->wait) {
        answer(fake, op);
    } else {
        return false;
    }
    return op->late == 0;
}

static inline int64_t fake_run(struct basin *b, int64_t now)
{
    struct fake *fake = (struct fake *)b;
    struct basin_op *todo = fake->ops;

    (void)now;
    fake->ops = NULL;
    while (todo != NULL) {
        struct basin_op *op = todo;
        struct basin_op **at = &fake->ops;

        todo = op->next;
        op->next = NULL;
        if (fake_step(fake, op)) {
            op_free(op);
            continue;
        }
        while (*at != NULL)
            at = &(*at)->next;
        *at = op;
    }
    return 0;
}

static const struct basin_kind fake_kind = {
    .run = fake_run,
    .create_basin = fake_create_basin,
    .create = fake_create,
    .tail = fake_tail,
    .read = fake_read,
    .append = fake_append,
    .cancel = fake_cancel,
};

static inline void fake_begin(struct fake *fake, uint64_t seed)
{
    memset(fake, 0, sizeof(*fake));
    fake->head.kind = &fake_kind;
    fake->rng.state = seed;
}

static inline void fake_end(struct fake *fake)
{
    while (fake->ops != NULL) {
        struct basin_op *op = fake->ops;

        fake->ops = op->next;
        op_free(op);
    }
    fake_cut(fake, 0);
    free(fake->records);
}

#endif
