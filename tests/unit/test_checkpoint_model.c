/*
 * Instances of a job come, go and overlap, while the basin loses requests,
 * answers and records by a seeded choice.  Whatever happens: what is noted as
 * written is there, positions do not go back behind a fence, a fence is put
 * behind a copy of the newest position, no two instances are in force, and
 * what was flushed stands.
 */
#include "check.h"

#include <stdlib.h>

#include "checkpointfake.h"
#include "checkpointrun.h"

#define SLOTS 3
#define BIT(fault) (UINT64_C(1) << (fault))
#define REQUESTS (BIT(REFUSED) | BIT(LOST) | BIT(DROPPED) | BIT(LATE))
#define MESS (REQUESTS | BIT(GARBAGE) | BIT(COMMAND))
#define LOSSES (BIT(SHORTER) | BIT(DELETED))

struct model {
    struct fake fake;
    struct instance slots[SLOTS];
    struct rng rng;
    uint64_t seed;
    uint64_t faults;
    int tokens; /* instances begun */
    int64_t now;
    int taken;
    int both; /* times that two were ready at once: the test saw a race */
};

/* Of all runs. */
static int all_seen[FAULTS];
static int all_taken;
static int all_both;
static int all_lost;

static uint64_t roll(struct model *m, uint64_t n)
{
    return rng_next(&m->rng) % n;
}

static void expect(const struct model *m, bool good, const char *what)
{
    if (!good)
        printf("# seed %llu, faults %#llx: %s\n", (unsigned long long)m->seed,
               (unsigned long long)m->faults, what);
    CHECK(good);
}

static bool may_lose(const struct model *m)
{
    return (m->faults & (LOSSES | BIT(TRIMMED))) != 0;
}

static void open_slot(struct model *m, struct instance *in)
{
    char token[40];

    snprintf(token, sizeof(token), "i%d", m->tokens++);
    instance_open(in, &m->fake.head, token, roll(m, UINT64_MAX));
    in->config.every_ms = 300;
    in->config.still_ms = 2000;
    instance_start(in);
    m->fake.heard[in - m->slots].arg = in->cp;
    m->fake.heard[in - m->slots].clock = 0;
}

/* When the last fence of an instance landed that is still there; 0: none. */
static uint64_t fence_of(const struct model *m, const struct instance *in)
{
    for (uint64_t i = m->fake.n; i > 0; i--) {
        const struct stored *s = &m->fake.records[i - 1];

        if (strcmp(s->command, "fence") == 0 && strcmp(s->body, in->token) == 0)
            return s->clock;
    }
    return 0;
}

static uint64_t heard_by(const struct model *m, const struct instance *in)
{
    return m->fake.heard[in - m->slots].clock;
}

/* Two may believe that they are in force only until the earlier one has had
 * an answer to an append that is later than the other's fence. */
static void check_alone(struct model *m)
{
    for (int i = 0; i < SLOTS; i++) {
        const struct instance *a = &m->slots[i];

        if (a->cp == NULL || !checkpoint_ready(a->cp))
            continue;
        for (int j = i + 1; j < SLOTS; j++) {
            const struct instance *b = &m->slots[j];
            uint64_t fence_a = fence_of(m, a);
            uint64_t fence_b;

            if (b->cp == NULL || !checkpoint_ready(b->cp))
                continue;
            m->both++;
            fence_b = fence_of(m, b);
            expect(m,
                   fence_a == 0 || fence_b == 0 || heard_by(m, a) < fence_b ||
                       heard_by(m, b) < fence_a,
                   "two are in force");
        }
    }
}

static struct checkpoint_read *read_at(const struct model *m, uint64_t i)
{
    const struct stored *s = &m->fake.records[i];

    if (s->command[0] != '\0')
        return NULL;
    return checkpoint_text_read((struct slice){s->body, s->n}, 0, NULL);
}

/* The record that was noted as written is there, and is this instance's. */
static void check_written(struct model *m, const struct instance *in)
{
    struct checkpoint_read *read = NULL;

    if (in->written < m->fake.n)
        read = read_at(m, in->written);
    expect(m,
           read != NULL &&
               strcmp(checkpoint_read_text(read)->token, in->token) == 0,
           "what was noted as written is not there");
    checkpoint_read_free(read);
}

/* All that was ever written, in order. */
static void check_stream(struct model *m)
{
    struct checkpoint_read *last = NULL;

    for (uint64_t i = 0; i < m->fake.n; i++) {
        struct checkpoint_read *read = read_at(m, i);
        const struct checkpoint_text *a, *b;
        bool fence =
            i > 0 && strcmp(m->fake.records[i - 1].command, "fence") == 0;

        if (m->fake.records[i].straggler) {
            checkpoint_read_free(last);
            last = NULL;
        }
        if (read == NULL || m->fake.records[i].straggler) {
            checkpoint_read_free(read);
            continue;
        }
        if (last != NULL) {
            a = checkpoint_read_text(last);
            b = checkpoint_read_text(read);
            expect(m, fence || b->at.time_us >= a->at.time_us,
                   "a position goes back");
            expect(m, fence || strcmp(a->token, b->token) == 0,
                   "a checkpoint without its fence");
            expect(m, !fence || may_lose(m) || b->at.time_us == a->at.time_us,
                   "a fence is not behind a copy of the newest");
        }
        checkpoint_read_free(last);
        last = read;
    }
    checkpoint_read_free(last);
}

/* An instance may die of others, of a stream that shrinks again and again,
 * and of nothing else. */
static void run_slot(struct model *m, struct instance *in)
{
    bool lossy = (m->faults & LOSSES) != 0;
    int64_t next;

    in->dead =
        checkpoint_run(in->cp, m->now, WALL_MS + m->now, &next, &in->err) != 0;
    if (!in->dead)
        return;
    m->taken++;
    if (in->err.code == ERR_PROTOCOL)
        expect(m, lossy && strstr(in->err.text, "where its tail says") != NULL,
               in->err.text);
    else if (strstr(in->err.text, "somebody else appends") == NULL)
        expect(m,
               in->err.code == ERR_TAKEN &&
                   (m->tokens > 1 || (m->faults & BIT(OTHER)) != 0),
               in->err.text);
}

static void step_slot(struct model *m, struct instance *in)
{
    if (in->dead)
        return;
    if (checkpoint_ready(in->cp) && roll(m, 3) == 0)
        instance_put(in, in->put + (int64_t)roll(m, 3));
    if (checkpoint_ready(in->cp) && roll(m, 20) == 0)
        checkpoint_flush(in->cp);
    run_slot(m, in);
}

static void answer_all(struct model *m)
{
    int before[SLOTS];

    for (int i = 0; i < SLOTS; i++)
        before[i] = m->slots[i].notes[CHECKPOINT_WRITTEN];
    basin_run(&m->fake.head, m->now);
    for (int i = 0; i < SLOTS; i++) {
        if (m->slots[i].notes[CHECKPOINT_WRITTEN] > before[i] &&
            (m->faults & LOSSES) == 0)
            check_written(m, &m->slots[i]);
    }
    check_alone(m);
}

static void step(struct model *m, int slots)
{
    for (int i = 0; i < slots; i++) {
        struct instance *in = &m->slots[i];

        if (in->cp == NULL) {
            if (roll(m, 30) == 0 || i == 0)
                open_slot(m, in);
            continue;
        }
        step_slot(m, in);
        if (slots > 1 && (roll(m, 60) == 0 || (in->dead && roll(m, 9) == 0))) {
            all_lost += in->notes[CHECKPOINT_LOST];
            instance_close(in);
        }
    }
    answer_all(m);
    m->now += (int64_t)roll(m, 150);
}

/* When all is well again, who is left writes what is to be written. */
static void settle(struct model *m)
{
    struct instance *in = &m->slots[0];
    struct checkpoint_read *newest;

    m->fake.percent = 0;
    m->fake.wait = 0;
    for (int i = 0; i < 60; i++)
        basin_run(&m->fake.head, m->now); /* what is late arrives */
    for (int i = 1; i < SLOTS; i++)
        instance_close(&m->slots[i]);
    if (in->cp == NULL)
        open_slot(m, in);
    for (int i = 0; i < 200 && !in->dead && !checkpoint_ready(in->cp); i++) {
        step_slot(m, in);
        answer_all(m);
        m->now += 1000;
    }
    if (in->dead)
        return;
    instance_put(in, in->put + 1);
    checkpoint_flush(in->cp);
    for (int i = 0; i < 200 && !in->dead && !checkpoint_settled(in->cp); i++) {
        run_slot(m, in);
        answer_all(m);
        m->now += 1000;
    }
    if (in->dead)
        return;
    expect(m, checkpoint_settled(in->cp), "it is never settled");
    newest = fake_newest(&m->fake);
    expect(m, newest != NULL, "nothing is there");
    if (newest == NULL)
        return;
    expect(m, strcmp(checkpoint_read_text(newest)->token, in->token) == 0,
           "the newest is not ours");
    expect(m, checkpoint_read_text(newest)->at.time_us == in->put,
           "what was flushed is not the newest");
    checkpoint_read_free(newest);
}

static void run(uint64_t seed, uint64_t faults, int slots, int steps)
{
    static struct model m;

    memset(&m, 0, sizeof(m));
    m.seed = seed;
    m.faults = faults;
    m.rng.state = seed;
    fake_begin(&m.fake, seed + 1);
    m.fake.exists = roll(&m, 2) == 0;
    m.fake.percent = (unsigned)roll(&m, 50);
    m.fake.wait = (unsigned)roll(&m, 60);
    m.fake.page_max = roll(&m, 5);
    m.fake.faults = faults;
    if (m.fake.exists && roll(&m, 2) == 0)
        fake_checkpoint(&m.fake, "old", "a", 1000, true);
    for (int i = 0; i < steps; i++)
        step(&m, slots);
    settle(&m);
    check_stream(&m);
    for (int i = 0; i < SLOTS; i++) {
        all_lost += m.slots[i].notes[CHECKPOINT_LOST];
        instance_close(&m.slots[i]);
    }
    for (int i = 0; i < FAULTS; i++)
        all_seen[i] += m.fake.seen[i];
    all_taken += m.taken;
    all_both += m.both;
    fake_end(&m.fake);
}

/* One instance, and nobody else: it never dies. */
static void test_alone(void)
{
    for (uint64_t seed = 0; seed < 800; seed++)
        run(seed, MESS, 1, 150);
}

static void test_alone_with_losses(void)
{
    for (uint64_t seed = 0; seed < 1000; seed++)
        run(seed, MESS | LOSSES | BIT(TRIMMED), 1, 150);
}

static void test_each_alone(void)
{
    for (int fault = REFUSED; fault < FAULTS; fault++) {
        for (uint64_t seed = 0; seed < 60; seed++)
            run(seed, BIT(fault), 1, 150);
    }
}

static void test_others(void)
{
    for (uint64_t seed = 0; seed < 600; seed++)
        run(seed, MESS | BIT(OTHER), 1, 80);
}

static void test_instances(void)
{
    for (uint64_t seed = 0; seed < 1400; seed++)
        run(seed, seed % 2 == 0 ? MESS : MESS | BIT(TRIMMED), SLOTS, 200);
}

static void test_instances_with_losses(void)
{
    for (uint64_t seed = 0; seed < 1000; seed++)
        run(seed, MESS | LOSSES | BIT(TRIMMED) | BIT(OTHER), SLOTS, 200);
}

/* The schedules have brought all that they are there for. */
static void test_all_was_seen(void)
{
    for (int i = 0; i < FAULTS; i++)
        CHECK(all_seen[i] > 100);
    CHECK(all_taken > 100);
    CHECK(all_both > 100);
    CHECK(all_lost > 100);
}

int main(void)
{
    RUN(test_alone);
    RUN(test_alone_with_losses);
    RUN(test_each_alone);
    RUN(test_others);
    RUN(test_instances);
    RUN(test_instances_with_losses);
    RUN(test_all_was_seen);
    return check_done();
}
