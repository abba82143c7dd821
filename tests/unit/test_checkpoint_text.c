/* What a checkpoint says, as JSON from and to strangers. */
#include "check.h"

#include <stdlib.h>

#include "base/retry.h"
#include "basin/checkpoint_text.h"
#include "scarce.h"

#define HASH "0123456789abcdef0123456789abcdef"
#define MAX ((size_t)1 << 20)

static const char *const three[] = {"lang=en", "prefix=", "route=a b"};

static struct checkpoint_text sample(void)
{
    return (struct checkpoint_text){
        .at = {1784560000000001, 77, 5, 6, "wss://h.example/subscribe"},
        .settings = {HASH, three, 3},
        .job = "default",
        .host = "h",
        .pid = 12,
        .token = "5b6c"};
}

static struct checkpoint_read *read_text(const char *text, struct err *err)
{
    return checkpoint_text_read(slice_str(text), 9, err);
}

static void test_write(void)
{
    struct checkpoint_text text = sample();
    struct buf out = BUF_INIT(MAX);

    CHECK_INT(checkpoint_text_write(&text, &out), 0);
    CHECK_STR(
        buf_str(&out),
        "{\"v\":1,\"job\":\"default\",\"url\":\"wss://h.example/subscribe\""
        ",\"settings\":{\"hash\":\"" HASH "\",\"list\":[\"lang=en\","
        "\"prefix=\",\"route=a b\"]},\"time_us\":1784560000000001,"
        "\"seq\":77,\"begin_us\":5,\"begin_seq\":6,\"host\":\"h\","
        "\"pid\":12,\"token\":\"5b6c\"}");
    buf_reset(&out);
    text.at = (struct checkpoint_at){-1, -1, -1, -1, ""};
    text.settings.n = 0;
    CHECK_INT(checkpoint_text_write(&text, &out), 0);
    CHECK_STR(buf_str(&out),
              "{\"v\":1,\"job\":\"default\",\"url\":\"\",\"settings\":{"
              "\"hash\":\"" HASH "\",\"list\":[]},\"time_us\":null,"
              "\"seq\":null,\"begin_us\":null,\"begin_seq\":null,"
              "\"host\":\"h\",\"pid\":12,\"token\":\"5b6c\"}");
    buf_release(&out);
}

static void test_write_without_room(void)
{
    struct checkpoint_text text = sample();
    struct buf all = BUF_INIT(MAX);

    CHECK_INT(checkpoint_text_write(&text, &all), 0);
    for (size_t max = 0; max <= all.n; max++) {
        struct buf out = BUF_INIT(max);

        CHECK_INT(checkpoint_text_write(&text, &out), max < all.n ? -1 : 0);
        CHECK_INT(out.n, max < all.n ? 0 : all.n);
        buf_release(&out);
    }
    buf_release(&all);
}

static void check_same(const struct checkpoint_text *a,
                       const struct checkpoint_text *b)
{
    CHECK_INT(a->at.time_us, b->at.time_us);
    CHECK_INT(a->at.seq, b->at.seq);
    CHECK_INT(a->at.begin_us, b->at.begin_us);
    CHECK_INT(a->at.begin_seq, b->at.begin_seq);
    CHECK_STR(a->at.url, b->at.url);
    CHECK_STR(a->job, b->job);
    CHECK_STR(a->host, b->host);
    CHECK_STR(a->token, b->token);
    CHECK_INT(a->pid, b->pid);
    CHECK_STR(a->settings.hash, b->settings.hash);
    CHECK_INT(a->settings.n, b->settings.n);
    for (size_t i = 0; i < a->settings.n && i < b->settings.n; i++)
        CHECK_STR(a->settings.list[i], b->settings.list[i]);
}

/* Random text of at most ${max} bytes, with what JSON has to escape. */
static char *random_text(struct rng *rng, size_t max)
{
    static const char *const pieces[] = {
        "a",        "\"",           "\\", "/",  "=",
        "\xc3\xa4", "\xe2\x82\xac", " ",  "{}", "\xf0\x9f\x98\x80"};
    size_t n = rng_next(rng) % (max + 1);
    char *text = calloc(max + 8, 1);
    size_t at = 0;

    while (at < n) {
        const char *p = pieces[rng_next(rng) % 10];
        size_t len = strlen(p);

        if (at + len > max)
            break;
        memcpy(text + at, p, len);
        at += len;
    }
    return text;
}

static int64_t random_number(struct rng *rng, int64_t max)
{
    uint64_t kind = rng_next(rng) % 4;

    if (kind == 0)
        return -1;
    if (kind == 1)
        return max;
    return (int64_t)(rng_next(rng) % (uint64_t)max);
}

static void identity(uint64_t seed)
{
    struct rng rng = {seed};
    const int64_t time_max = INT64_C(253402300799999999);
    char *texts[4] = {random_text(&rng, CHECKPOINT_URL_MAX),
                      random_text(&rng, 100),
                      random_text(&rng, CHECKPOINT_HOST_MAX),
                      random_text(&rng, CHECKPOINT_TOKEN_MAX)};
    char *list[9];
    struct checkpoint_text text = {
        .at = {random_number(&rng, time_max), random_number(&rng, INT64_MAX),
               random_number(&rng, time_max), random_number(&rng, INT64_MAX),
               texts[0]},
        .job = texts[1],
        .host = texts[2],
        .token = texts[3],
        .pid = random_number(&rng, INT64_MAX)};
    struct buf out = BUF_INIT(MAX);
    struct checkpoint_read *read;

    text.settings.n = rng_next(&rng) % 10;
    for (size_t i = 0; i < text.settings.n; i++)
        list[i] = random_text(&rng, 300);
    text.settings.list = (const char *const *)list;
    checkpoint_settings_hash(&text.settings);
    CHECK_INT(checkpoint_text_write(&text, &out), 0);
    read = checkpoint_text_read(buf_slice(&out), seed, NULL);
    CHECK(read != NULL);
    if (read != NULL) {
        check_same(checkpoint_read_text(read), &text);
        CHECK_INT(checkpoint_read_text(read)->date_ms, seed);
    }
    checkpoint_read_free(read);
    buf_release(&out);
    for (size_t i = 0; i < 4; i++)
        free(texts[i]);
    for (size_t i = 0; i < text.settings.n; i++)
        free(list[i]);
}

static void test_identity(void)
{
    for (uint64_t seed = 0; seed < 2000; seed++) {
        bool before = check_bad;

        identity(seed);
        if (check_bad && !before)
            printf("# seed %llu\n", (unsigned long long)seed);
    }
}

/* One field of a good text replaced; "": left out. */
static char *with(const char *key, const char *value)
{
    static const char *const fields[][2] = {
        {"v", "1"},
        {"job", "\"j\""},
        {"url", "\"u\""},
        {"settings", "{\"hash\":\"" HASH "\",\"list\":[\"a=1\"]}"},
        {"time_us", "1"},
        {"seq", "2"},
        {"begin_us", "3"},
        {"begin_seq", "4"},
        {"host", "\"h\""},
        {"pid", "5"},
        {"token", "\"t\""}};
    struct buf out = BUF_INIT(MAX);
    const char *comma = "{";

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        bool ours = strcmp(fields[i][0], key) == 0;

        if (ours && value[0] == '\0')
            continue;
        buf_addf(&out, "%s\"%s\":", comma, fields[i][0]);
        buf_addstr(&out, ours ? value : fields[i][1]);
        comma = ",";
    }
    buf_addstr(&out, "}");
    buf_str(&out);
    return out.p;
}

static bool is_read(const char *key, const char *value)
{
    char *text = with(key, value);
    struct err err = ERR_INIT;
    struct checkpoint_read *read = read_text(text, &err);

    CHECK_INT(err.code, read == NULL ? ERR_DATA : ERR_NONE);
    checkpoint_read_free(read);
    free(text);
    return read != NULL;
}

static void test_what_is_read(void)
{
    static const char *const good[][2] = {
        {"time_us", "null"},
        {"time_us", "0"},
        {"time_us", "253402300799999999"},
        {"seq", "null"},
        {"seq", "9223372036854775807"},
        {"begin_us", ""},
        {"begin_us", "null"},
        {"begin_seq", ""},
        {"pid", "null"},
        {"url", "\"\""},
        {"settings", "{\"hash\":\"" HASH "\"}"},
        {"settings", "{\"hash\":\"" HASH "\",\"list\":[],\"more\":1}"},
        {"job", "\"\\u00e4\\ud83d\\ude00\""},
        {"v", "1,\"unknown\":[{}]"}};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (!is_read(good[i][0], good[i][1]))
            CHECK_STR(good[i][1], good[i][0]);
    }
}

static void test_what_is_not_read(void)
{
    static const char *const bad[][2] = {
        {"v", ""},
        {"v", "2"},
        {"v", "1.0"},
        {"v", "\"1\""},
        {"v", "1,\"v\":1"},
        {"job", ""},
        {"job", "null"},
        {"job", "7"},
        {"job", "\"a\\nb\""},
        {"job", "\"a\\u0000b\""},
        {"job", "\"a\\u007f\""},
        {"job", "\"a\\u0085\""},
        {"job", "\"\xff\""},
        {"job", "\"\\ud800\""},
        {"url", ""},
        {"url", "null"},
        {"url", "\"\t\""},
        {"time_us", ""},
        {"time_us", "-1"},
        {"time_us", "1.5"},
        {"time_us", "1e3"},
        {"time_us", "\"1\""},
        {"time_us", "true"},
        {"time_us", "253402300800000000"},
        {"seq", ""},
        {"seq", "-2"},
        {"seq", "9223372036854775808"},
        {"begin_us", "-1"},
        {"begin_us", "{}"},
        {"begin_seq", "[]"},
        {"host", ""},
        {"host", "{}"},
        {"pid", ""},
        {"pid", "-1"},
        {"token", ""},
        {"token", "\"0123456789012345678901234567890123456\""},
        {"settings", ""},
        {"settings", "null"},
        {"settings", "\"" HASH "\""},
        {"settings", "{}"},
        {"settings", "{\"hash\":\"\"}"},
        {"settings", "{\"hash\":\"" HASH "0\"}"},
        {"settings", "{\"hash\":\"G123456789abcdef0123456789abcdef\"}"},
        {"settings", "{\"hash\":\"" HASH "\",\"list\":null}"},
        {"settings", "{\"hash\":\"" HASH "\",\"list\":{}}"},
        {"settings", "{\"hash\":\"" HASH "\",\"list\":[1]}"},
        {"settings", "{\"hash\":\"" HASH "\",\"list\":[\"a\",null]}"},
        {"settings", "{\"hash\":\"" HASH "\",\"list\":[\"a\\n\"]}"}};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (is_read(bad[i][0], bad[i][1]))
            CHECK_STR(bad[i][1], bad[i][0]);
    }
}

static void test_no_objects(void)
{
    static const char *const texts[] = {"",      "1",    "null",   "[]",
                                        "\"v\"", "{",    "{}",     "{}{}",
                                        "[1",    "true", "{\"v\"", " "};
    char *deep = calloc(100001, 1);

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct err err = ERR_INIT;

        CHECK(read_text(texts[i], &err) == NULL);
        CHECK_INT(err.code, ERR_DATA);
    }
    CHECK(checkpoint_text_read((struct slice){NULL, 0}, 0, NULL) == NULL);
    memset(deep, '[', 100000);
    CHECK(read_text(deep, NULL) == NULL);
    free(deep);
    checkpoint_read_free(NULL);
}

/* A text in quotes, ${n} bytes long. */
static char *quoted(size_t n)
{
    char *text = calloc(n + 3, 1);

    memset(text, 'x', n + 2);
    text[0] = '"';
    text[n + 1] = '"';
    return text;
}

static void test_limits_of_texts(void)
{
    static const struct {
        const char *key;
        size_t max;
    } limits[] = {{"url", CHECKPOINT_URL_MAX},
                  {"host", CHECKPOINT_HOST_MAX},
                  {"token", CHECKPOINT_TOKEN_MAX},
                  {"job", 512}};

    for (size_t i = 0; i < 4; i++) {
        char *good = quoted(limits[i].max);
        char *bad = quoted(limits[i].max + 1);

        CHECK(is_read(limits[i].key, good));
        CHECK(!is_read(limits[i].key, bad));
        free(good);
        free(bad);
    }
}

static size_t kept(const char *const *list, size_t n)
{
    struct checkpoint_text text = sample();
    struct buf out = BUF_INIT(MAX);
    struct checkpoint_read *read;
    size_t got = SIZE_MAX;

    text.settings.list = list;
    text.settings.n = n;
    checkpoint_settings_hash(&text.settings);
    CHECK_INT(checkpoint_text_write(&text, &out), 0);
    read = checkpoint_text_read(buf_slice(&out), 0, NULL);
    CHECK(read != NULL);
    if (read != NULL) {
        got = checkpoint_read_text(read)->settings.n;
        CHECK_STR(checkpoint_read_text(read)->settings.hash,
                  text.settings.hash);
    }
    checkpoint_read_free(read);
    buf_release(&out);
    return got;
}

/* A list that is too long, or cannot be read back, is left out; one that is
 * just short enough fits into a record. */
static void test_lists_that_are_not_kept(void)
{
    const char **list = calloc(CHECKPOINT_LIST_MAX + 1, sizeof(*list));
    char *one = calloc(CHECKPOINT_LIST_MAX + 1, 1);
    const char *odd[2] = {"a", "b\n"};

    for (size_t i = 0; i <= CHECKPOINT_LIST_MAX; i++)
        list[i] = "";
    CHECK_INT(kept(list, CHECKPOINT_LIST_MAX), CHECKPOINT_LIST_MAX);
    CHECK_INT(kept(list, CHECKPOINT_LIST_MAX + 1), 0);
    memset(one, '"', CHECKPOINT_LIST_MAX);
    list[0] = one;
    CHECK_INT(kept(list, 1), 0);
    one[CHECKPOINT_LIST_MAX - 1] = '\0';
    CHECK_INT(kept(list, 1), 1);
    CHECK_INT(kept(list, 2), 0);
    CHECK_INT(kept(odd, 1), 1);
    CHECK_INT(kept(odd, 2), 0);
    free(one);
    free(list);
}

/* Nothing that can become of a good text breaks the reader. */
static void test_mutations(void)
{
    struct checkpoint_text text = sample();
    struct buf out = BUF_INIT(MAX);
    struct rng rng = {42};
    int good = 0;

    CHECK_INT(checkpoint_text_write(&text, &out), 0);
    for (size_t n = 0; n < out.n; n++)
        CHECK(checkpoint_text_read((struct slice){out.p, n}, 0, NULL) == NULL);
    for (int i = 0; i < 100000; i++) {
        char *copy = malloc(out.n);
        size_t n = out.n;
        struct checkpoint_read *read;

        memcpy(copy, out.p, n);
        for (uint64_t j = 1 + rng_next(&rng) % 3; j > 0; j--) {
            size_t at = rng_next(&rng) % n;
            size_t from = rng_next(&rng) % n;

            if (rng_next(&rng) % 2 == 0)
                copy[at] = (char)rng_next(&rng);
            else
                memmove(copy + at, copy + from, n - (at > from ? at : from));
        }
        read = checkpoint_text_read((struct slice){copy, n}, 0, NULL);
        if (read != NULL) {
            const struct checkpoint_text *t = checkpoint_read_text(read);

            good++;
            CHECK(strlen(t->at.url) + strlen(t->job) + strlen(t->host) +
                      strlen(t->token) <=
                  n);
            CHECK_INT(strlen(t->settings.hash), 32);
            CHECK(t->at.time_us >= -1 && t->at.seq >= -1 && t->pid >= -1);
        }
        checkpoint_read_free(read);
        free(copy);
    }
    CHECK(good > 100 && good < 99000);
    buf_release(&out);
}

/* jansson cannot always tell a lack of memory from a broken text. */
static void test_read_without_memory(void)
{
    struct checkpoint_text text = sample();
    struct buf out = BUF_INIT(MAX);
    struct checkpoint_read *read = NULL;
    long n = 0;

    CHECK_INT(checkpoint_text_write(&text, &out), 0);
    for (; n < 1000 && read == NULL; n++) {
        struct err err = ERR_INIT;

        scarce_from(n);
        read = checkpoint_text_read(buf_slice(&out), 0, &err);
        CHECK(read != NULL || err.code == ERR_OS || err.code == ERR_DATA);
    }
    CHECK(n > 10 && read != NULL);
    checkpoint_read_free(read);
    scarce_end();
    buf_release(&out);
}

int main(void)
{
    RUN(test_write);
    RUN(test_write_without_room);
    RUN(test_identity);
    RUN(test_what_is_read);
    RUN(test_what_is_not_read);
    RUN(test_no_objects);
    RUN(test_limits_of_texts);
    RUN(test_lists_that_are_not_kept);
    RUN(test_mutations);
    RUN(test_read_without_memory);
    return check_done();
}
