/* Following many streams while everything befalls them: what is handed out
 * of each is what it holds, in order and once. */
#include "followcaller.h"

#define SEEDS 60
#define TURNS 400
#define STREAMS 25

static struct fake fake;

/* Of each stream: if it comes again as it was, that can be told. */
static bool keeps[STREAMS];

static void make_anew(struct stream *s)
{
    s->exists = true;
    s->inc++;
    s->made += s->made > 0;
    s->n = 0;
    s->first = 0;
    s->trims = false;
    s->frozen = true;
}

static void leave(struct stream *s, const struct follow_stream *seen)
{
    s->exists = false;
    keeps[s - fake.streams] = s->made > 0 && s->made == seen->made;
}

/* What is gone is made anew, or was gone only for a moment. */
static void make(struct stream *s)
{
    if (!s->exists && keeps[s - fake.streams] && chance(&fake, 50))
        s->exists = true;
    else if (!s->exists)
        make_anew(s);
}

/* Whether it was read since it was made.  What is made twice between a list
 * and the first read cannot be told apart. */
static bool is_known(const struct stream *s, const struct follow_stream *seen)
{
    return seen->next_seq > 0 && s->got_inc == s->inc;
}

/* What a careless reader could not see: a stream that begins anew has fewer
 * records than were read, until that is noticed. */
static void begin_anew(struct stream *s, const struct follow_stream *seen)
{
    if (is_known(s, seen) && !s->frozen)
        make_anew(s);
}

/* Its sessions do not see it: the store lost what it had. */
static void lose(struct stream *s)
{
    for (struct basin_op *op = fake.ops; op != NULL; op = op->next) {
        if (op->kind == FOLLOW && op->stream == s && !op->given)
            return;
    }
    for (struct basin_op *op = fake.ops; op != NULL; op = op->next)
        op->inc = op->stream == s ? s->inc : op->inc;
}

static void trim(struct stream *s)
{
    s->first += pick(&fake, (unsigned)(s->n - s->first) + 1);
    s->trims = true;
}

static void change(size_t i)
{
    struct stream *s = stream_named(&fake, told(&fake, i)->name);
    const struct follow_stream *seen = told(&fake, i);

    switch (pick(&fake, 40)) {
    case 0:
        if (s->exists)
            trim(s);
        break;
    case 1:
        begin_anew(s, seen);
        break;
    case 2:
        begin_anew(s, seen);
        lose(s);
        break;
    case 3:
        if (s->exists && is_known(s, seen))
            leave(s, seen);
        break;
    case 4:
        make(s);
        break;
    default:
        if (!s->frozen && s->exists)
            s->n += pick(&fake, 30);
        break;
    }
}

/* A caller who asks for more late, or never tires. */
static void ask_for_more(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct stream *s = stream_named(&fake, told(&fake, i)->name);

        if (chance(&fake, 20)) {
            s->owes = false;
            follow_more(fake.follow, i);
        }
    }
}

static void let_happen(void)
{
    size_t n;

    follow_streams(fake.follow, &n);
    for (unsigned k = pick(&fake, 4); k > 0 && n > 0; k--)
        change(pick(&fake, (unsigned)n));
    if (chance(&fake, 5))
        make(&fake.streams[pick(&fake, STREAMS)]);
    ask_for_more(n);
}

/* Nothing more befalls them: all that is there must come. */
static void let_rest(void)
{
    struct err err = ERR_INIT;

    fake.fault_percent = 0;
    fake.more_percent = 100;
    for (size_t i = 0; i < STREAMS; i++)
        make(&fake.streams[i]);
    for (int64_t end = fake.now + 100000; fake.now < end;) {
        size_t n;

        CHECK_INT(turn(&fake, &err), 0);
        follow_streams(fake.follow, &n);
        for (size_t i = 0; i < n; i++) {
            stream_named(&fake, told(&fake, i)->name)->owes = false;
            follow_more(fake.follow, i);
        }
    }
    CHECK_STR(err.text, "");
}

static void check_all(void)
{
    uint64_t missing = 0;

    for (size_t i = 0; i < STREAMS; i++) {
        const struct follow_stream *seen = told(&fake, i);
        struct stream *s = stream_named(&fake, seen->name);
        bool unseen = s->got_inc != s->inc;

        CHECK_INT(seen->state, FOLLOW_LIVE);
        CHECK(!seen->stale);
        CHECK_INT(seen->next_seq, s->n);
        CHECK(!unseen || s->fresh);
        check_left_out(&fake, s, unseen ? 0 : s->want, s->n);
        missing += seen->missing;
    }
    CHECK_INT(missing, fake.missing);
    CHECK_INT(follow_bound(fake.follow, 5), 5);
}

static void run_seed(uint64_t seed)
{
    struct follow_config config;
    bool tells = seed % 2 == 0;

    memset(keeps, 0, sizeof(keeps));
    fake_init(&fake, seed, STREAMS);
    config = fake_config(&fake);
    config.page = 1 + pick(&fake, 60);
    config.seed = seed;
    fake.fault_percent = 1 + pick(&fake, 15);
    fake.command_every = pick(&fake, 8);
    fake.wild_commands = chance(&fake, 50);
    fake.more_percent = pick(&fake, 100);
    fake.list_page = 1 + pick(&fake, 30);
    for (size_t i = 0; i < STREAMS; i++) {
        fake.streams[i].exists = chance(&fake, 70);
        fake.streams[i].n = pick(&fake, 200);
        fake.streams[i].made = tells;
    }
    fake_start(&fake, &config);
    for (int i = 0; i < TURNS; i++) {
        CHECK_INT(turn(&fake, NULL), 0);
        let_happen();
    }
    let_rest();
    check_all();
}

static void test_whatever_happens(void)
{
    unsigned notes[FOLLOW_RESTARTED + 1] = {0};
    uint64_t got = 0;

    for (uint64_t seed = 1; seed <= SEEDS && !check_bad; seed++) {
        run_seed(seed);
        for (int i = 0; i <= FOLLOW_RESTARTED; i++)
            notes[i] += fake.notes[i];
        for (size_t i = 0; i < STREAMS; i++)
            got += fake.streams[i].got;
        if (check_bad)
            printf("# seed %d\n", (int)seed);
        fake_release(&fake);
    }
    printf("# %d records, notes %u %u %u %u %u %u\n", (int)got, notes[0],
           notes[1], notes[2], notes[3], notes[4], notes[5]);
    for (int i = 0; i <= FOLLOW_RESTARTED; i++)
        CHECK(notes[i] > SEEDS);
}

/* Once, while all of them grow and requests fail. */
static void run_once(uint64_t seed)
{
    struct follow_config config;
    struct err err = ERR_INIT;

    fake_init(&fake, seed, STREAMS);
    config = fake_config(&fake);
    config.once = true;
    config.page = 1 + pick(&fake, 60);
    fake.fault_percent = pick(&fake, 20);
    fake.command_every = pick(&fake, 8);
    for (size_t i = 0; i < STREAMS; i++)
        fake.streams[i].n = pick(&fake, 200);
    fake_start(&fake, &config);
    while (!follow_done(fake.follow) && fake.now < 1000000) {
        CHECK_INT(turn(&fake, &err), 0);
        fake.streams[pick(&fake, STREAMS)].n += pick(&fake, 9);
    }
    for (size_t i = 0; i < STREAMS; i++) {
        const struct stream *s = &fake.streams[i];

        CHECK_INT(told(&fake, i)->state, FOLLOW_DONE);
        CHECK_INT(told(&fake, i)->next_seq, s->told);
        CHECK(s->want <= s->told);
        check_left_out(&fake, s, s->want, s->told);
    }
    fake_release(&fake);
}

static void test_once_whatever_happens(void)
{
    for (uint64_t seed = 1; seed <= SEEDS && !check_bad; seed++) {
        run_once(seed);
        if (check_bad)
            printf("# seed %d\n", (int)seed);
    }
}

static void test_a_thousand_streams(void)
{
    struct follow_config config;
    uint64_t got = 0;

    fake_init(&fake, 3, 1000);
    config = fake_config(&fake);
    fake.fault_percent = 2;
    for (size_t i = 0; i < 1000; i++)
        fake.streams[i].n = i;
    fake_start(&fake, &config);
    run_for(&fake, 60000);
    fake.fault_percent = 0;
    for (size_t i = 0; i < 1000; i++)
        fake.streams[i].n++;
    run_for(&fake, 60000);
    for (size_t i = 0; i < 1000; i++) {
        got += fake.streams[i].got;
        CHECK_INT(fake.streams[i].got, i + 1);
    }
    CHECK_INT(got, 1000 * 1001 / 2);
    CHECK_INT(fake.most_requests, 16);
    fake_release(&fake);
}

/* Ten thousand names, listed again and again, each followed. */
static void test_ten_thousand_streams(void)
{
    struct follow_config config;
    size_t n;

    fake_init(&fake, 3, 10000);
    config = fake_config(&fake);
    config.discover_ms = 30000;
    fake_start(&fake, &config);
    for (int i = 0; i < 700; i++)
        CHECK_INT(turn(&fake, NULL), 0);
    follow_streams(fake.follow, &n);
    CHECK_INT(n, 10000);
    for (size_t i = 0; i < n; i++)
        CHECK_INT(told(&fake, i)->state, FOLLOW_LIVE);
    CHECK_INT(fake.notes[FOLLOW_FOUND], 10000);
    fake_release(&fake);
}

int main(void)
{
    RUN(test_whatever_happens);
    RUN(test_once_whatever_happens);
    RUN(test_a_thousand_streams);
    RUN(test_ten_thousand_streams);
    return check_done();
}
