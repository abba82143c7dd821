#include "peekgen.h"
#include "peekworld.h"
#include "posts.h"

#define CASES 200000
#define SEED 1795372744

/* How many messages of each class were seen; one may be of several. */
struct tally {
    uint64_t hits, passed, by_envelope, by_links, unknown, malformed;
};

static void count(struct tally *tally, const struct peekcheck *seen)
{
    bool hits = seen->verdict == MATCH_HITS;

    tally->hits += hits;
    tally->by_envelope += seen->peek == EVENT_PEEK_OTHER;
    tally->unknown += seen->peek == EVENT_PEEK_UNKNOWN;
    tally->by_links += seen->peek == EVENT_PEEK_POST && !seen->possible;
    tally->passed += seen->peek == EVENT_PEEK_POST && seen->possible && !hits;
    tally->malformed += seen->parsed < 0;
}

static uint64_t setting(const char *name, uint64_t usual)
{
    const char *text = getenv(name);

    return text != NULL ? strtoull(text, NULL, 10) : usual;
}

/* The case of a seed is the first of that seed: PEEK_SEED=S PEEK_CASES=1
 * makes it again. */
static void test_random(void)
{
    uint64_t cases = setting("PEEK_CASES", CASES);
    uint64_t seed = setting("PEEK_SEED", SEED);
    uint64_t least = cases / 50;
    struct gen g = {.out = BUF_INIT(PEEK_MAX), .link = BUF_INIT(PEEK_MAX)};
    struct tally tally = {0, 0, 0, 0, 0, 0};
    struct peekcheck seen;

    printf("# seed %llu\n", (unsigned long long)seed);
    for (uint64_t i = 0; i < cases && !check_bad; i++) {
        g.rng.state = seed + i;
        gen_event(&g);
        if (gen_chance(&g, 6))
            gen_damage(&g);
        if (!peek_agrees(buf_slice(&g.out), (int)gen_pick(&g, PEEK_CONFIGS),
                         &seen)) {
            printf("# PEEK_SEED=%llu\n", (unsigned long long)(seed + i));
            check_bad = true;
        }
        count(&tally, &seen);
    }
    printf("# %llu hits, %llu passed, refused: %llu by the envelope, %llu by "
           "their links; %llu unknown, %llu malformed\n",
           (unsigned long long)tally.hits, (unsigned long long)tally.passed,
           (unsigned long long)tally.by_envelope,
           (unsigned long long)tally.by_links,
           (unsigned long long)tally.unknown,
           (unsigned long long)tally.malformed);
    if (!check_bad && cases >= CASES) {
        CHECK(tally.hits > least && tally.passed > least);
        CHECK(tally.by_envelope > least && tally.by_links > least);
        CHECK(tally.unknown > least && tally.malformed > least);
    }
    buf_release(&g.out);
    buf_release(&g.link);
}

static void check_file(const char *name)
{
    struct tally tally = {0, 0, 0, 0, 0, 0};
    FILE *file = fopen(name, "r");
    struct peekcheck seen;
    struct slice line;
    char *text = NULL;
    size_t cap = 0;

    CHECK(file != NULL);
    while (file != NULL && posts_line(file, &text, &cap, &line)) {
        for (int i = 0; i < PEEK_CONFIGS; i++) {
            if (!peek_agrees(line, i, &seen))
                check_bad = true;
        }
        count(&tally, &seen);
    }
    if (file != NULL)
        fclose(file);
    free(text);
    printf("# %s: %llu unknown\n", name, (unsigned long long)tally.unknown);
}

static void test_files(void)
{
    static const char *const names[] = {
        POSTS_DATA "real-v1.jsonl",   POSTS_DATA "server-v1.jsonl",
        POSTS_DATA "server-v2.jsonl", POSTS_DATA "posts-links.jsonl",
        POSTS_DATA "golden-v1.jsonl",
    };

    if (access(POSTS_DATA, R_OK) != 0)
        SKIP("no " POSTS_DATA);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        check_file(names[i]);
}

int main(void)
{
    peek_init();
    RUN(test_random);
    RUN(test_files);
    peek_release();
    return check_done();
}
