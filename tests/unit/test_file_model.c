/* The embedded basin against a naive model: random operations, several of
 * them in one run, must be answered as the model answers them in turn. */
#include "base/retry.h"
#include "filetest.h"

#define SEED 20260117u
#define ROUNDS 1500
#define STREAMS 3
#define RECORDS_MAX 100000
#define BATCH_MAX 30
#define OPS_MAX 6

struct model_record {
    uint64_t timestamp;
    unsigned body; /* 0: a command */
    size_t nheaders;
};

struct model {
    bool exists;
    uint64_t first, n; /* records below first are trimmed */
    char token[8];
    struct model_record records[RECORDS_MAX];
};

/* One operation, its answer, and what the answer should be. */
struct trial {
    struct got got;
    int stream;
    enum outcome outcome;
    uint64_t start, end;
    struct wire_position tail;
    size_t n;
    struct {
        uint64_t seq;
        struct model_record record;
    } want[8];
};

static const char *const names[STREAMS] = {"a", "a/b", "\xc3\xa4"};
static const char *const tokens[] = {"", "one", "two"};
static struct model models[STREAMS];
static struct trial trials[OPS_MAX];
static struct rng rng = {SEED};
static struct basin *b;
static unsigned bodies;

static unsigned pick(unsigned n)
{
    return (unsigned)(rng_next(&rng) % n);
}

static void want_tail(struct trial *t, const struct model *m)
{
    t->tail.seq_num = m->n;
    t->tail.timestamp = m->n > 0 ? m->records[m->n - 1].timestamp : 0;
}

static void try_create(struct trial *t, struct model *m)
{
    m->exists = true;
    t->outcome = OUTCOME_OK;
    basin_create(b, names[t->stream], got_it, &t->got, NULL);
}

static void try_tail(struct trial *t, struct model *m)
{
    t->outcome = m->exists ? OUTCOME_OK : OUTCOME_NO_STREAM;
    want_tail(t, m);
    basin_tail(b, names[t->stream], got_it, &t->got, NULL);
}

static void want_page(struct trial *t, const struct model *m,
                      const struct wire_read *read)
{
    uint64_t at = read->from;

    if (read->by_time) {
        at = 0;
        while (at < m->n && m->records[at].timestamp < read->from)
            at++;
    }
    want_tail(t, m);
    t->outcome = at >= m->n ? OUTCOME_UNWRITTEN : OUTCOME_OK;
    if (at < m->first)
        at = m->first;
    for (; at < m->n && t->n < read->limit; at++, t->n++) {
        t->want[t->n].seq = at;
        t->want[t->n].record = m->records[at];
    }
}

static void try_read(struct trial *t, struct model *m)
{
    struct wire_read read = {pick(2) == 0, 0, 1 + pick(8)};
    uint64_t range = m->n;

    if (read.by_time && m->n > 0)
        range = m->records[m->n - 1].timestamp;
    read.from = pick((unsigned)range + 3);
    if (m->exists)
        want_page(t, m, &read);
    else
        t->outcome = OUTCOME_NO_STREAM;
    basin_read(b, names[t->stream], &read, got_it, &t->got, NULL);
}

/* What a batch is made of.  Records without headers are written several at
 * once, so that some batches are long and have few others. */
struct draft {
    struct wire_record records[BATCH_MAX];
    struct wire_header headers[BATCH_MAX][2];
    char bodies[BATCH_MAX][16];
    unsigned ids[BATCH_MAX];
    uint64_t trims[BATCH_MAX];
    unsigned rare; /* one record in so many is a command */
    struct wire_append append;
};

static void draft_command(struct draft *d, size_t i, uint64_t tail)
{
    struct wire_record *r = &d->records[i];

    r->headers = d->headers[i];
    r->nheaders = 1;
    d->headers[i][0].name = SLICE("");
    if (pick(2) == 0) {
        d->headers[i][0].value = SLICE("fence");
        r->body = slice_str(tokens[pick(3)]);
        return;
    }
    d->headers[i][0].value = SLICE("trim");
    d->trims[i] = pick((unsigned)tail + 6);
    for (int k = 0; k < 8; k++)
        d->bodies[i][k] = (char)(d->trims[i] >> (56 - 8 * k));
    r->body = (struct slice){d->bodies[i], 8};
}

static void draft_record(struct draft *d, size_t i, uint64_t tail)
{
    struct wire_record *r = &d->records[i];

    memset(r, 0, sizeof(*r));
    r->timestamp = pick(3) == 0 ? 0 : tail * 10 + pick(50);
    d->ids[i] = 0;
    if (pick(d->rare) == 0) {
        draft_command(d, i, tail);
        return;
    }
    d->ids[i] = ++bodies;
    snprintf(d->bodies[i], sizeof(d->bodies[i]), "%u", d->ids[i]);
    r->body = slice_str(d->bodies[i]);
    r->headers = d->headers[i];
    r->nheaders = pick(d->rare / 2) == 0 ? 1 + pick(2) : 0;
    for (int k = 0; k < 2; k++) {
        d->headers[i][k].name = SLICE("name");
        d->headers[i][k].value = SLICE("value");
    }
}

static void model_append(struct model *m, const struct draft *d)
{
    for (size_t i = 0; i < d->append.n; i++) {
        const struct wire_record *r = &d->records[i];
        struct model_record *to = &m->records[m->n];

        to->timestamp = r->timestamp;
        if (m->n > 0 && to[-1].timestamp > r->timestamp)
            to->timestamp = to[-1].timestamp;
        to->body = d->ids[i];
        to->nheaders = r->nheaders;
        if (to->body == 0 && r->headers[0].value.n == 5)
            snprintf(m->token, sizeof(m->token), "%s", r->body.p);
        else if (to->body == 0 && d->trims[i] > m->first)
            m->first = d->trims[i] < m->n ? d->trims[i] : m->n;
        m->n++;
    }
}

static void try_append(struct trial *t, struct model *m)
{
    bool is_long = pick(3) == 0;
    struct draft d;

    d.rare = is_long ? 40 : 8;
    d.append =
        (struct wire_append){d.records, 1 + pick(is_long ? BATCH_MAX : 4),
                             pick(3) > 0, m->n + (pick(5) == 0), NULL};
    if (pick(3) == 0)
        d.append.fencing_token = pick(4) > 0 ? m->token : tokens[pick(3)];
    for (size_t i = 0; i < d.append.n; i++)
        draft_record(&d, i, m->n);
    basin_append(b, names[t->stream], &d.append, got_it, &t->got, NULL);
    t->start = m->n;
    if (!m->exists)
        t->outcome = OUTCOME_NO_STREAM;
    else if (d.append.fencing_token != NULL &&
             strcmp(d.append.fencing_token, m->token) != 0)
        t->outcome = OUTCOME_FENCED;
    else if (d.append.match && d.append.match_seq_num != m->n)
        t->outcome = OUTCOME_MISMATCH;
    else
        model_append(m, &d);
    t->end = m->n;
    want_tail(t, m);
}

static void try_something(struct trial *t)
{
    struct model *m;

    got_clear(&t->got);
    memset(t, 0, sizeof(*t));
    t->stream = (int)pick(STREAMS);
    m = &models[t->stream];
    switch (pick(12)) {
    case 0:
        try_create(t, m);
        break;
    case 1:
        try_tail(t, m);
        break;
    case 2:
    case 3:
    case 4:
    case 5:
        try_read(t, m);
        break;
    default:
        try_append(t, m);
    }
}

static bool record_is_right(const struct trial *t, size_t i)
{
    const struct model_record *want = &t->want[i].record;
    char body[16];

    snprintf(body, sizeof(body), "%u", want->body);
    return t->got.seq[i] == t->want[i].seq &&
           t->got.timestamp[i] == want->timestamp &&
           t->got.nheaders[i] == want->nheaders &&
           (want->body == 0 || strcmp(t->got.text[i], body) == 0);
}

static bool is_right(const struct trial *t)
{
    bool right = t->got.calls == 1 && t->got.outcome == t->outcome &&
                 t->got.tail.seq_num == t->tail.seq_num &&
                 t->got.tail.timestamp == t->tail.timestamp &&
                 t->got.start == t->start && t->got.end == t->end &&
                 t->got.n == t->n;

    for (size_t i = 0; right && i < t->n; i++)
        right = record_is_right(t, i);
    return right;
}

static void try_round(int round, unsigned *seen)
{
    unsigned n = 1 + pick(OPS_MAX);

    for (unsigned i = 0; i < n; i++)
        try_something(&trials[i]);
    basin_run(b, round);
    for (unsigned i = 0; i < n; i++) {
        if (!is_right(&trials[i]))
            printf("# round %d, operation %u: outcome %d, wanted %d\n", round,
                   i, (int)trials[i].got.outcome, (int)trials[i].outcome);
        CHECK(is_right(&trials[i]));
        *seen |= 1U << trials[i].outcome;
    }
}

static void test_model(void)
{
    const unsigned all = 1U << OUTCOME_OK | 1U << OUTCOME_MISMATCH |
                         1U << OUTCOME_FENCED | 1U << OUTCOME_UNWRITTEN |
                         1U << OUTCOME_NO_STREAM;
    unsigned seen = 0;

    printf("# seed %u\n", SEED);
    ft_begin();
    b = ft_open(ft_path("b"), true);
    for (int round = 0; round < ROUNDS && !check_bad; round++) {
        try_round(round, &seen);
        if (pick(100) == 0) {
            basin_free(b);
            b = ft_open(ft_path("b"), true);
        }
    }
    CHECK_INT(seen, all);
    for (int i = 0; i < OPS_MAX; i++)
        got_clear(&trials[i].got);
    basin_free(b);
    ft_end();
}

int main(void)
{
    RUN(test_model);
    return check_done();
}
