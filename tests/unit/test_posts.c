#include <jansson.h>
#include <stdlib.h>

#include "base/parse.h"
#include "base/retry.h"
#include "base/text.h"
#include "bsky/match.h"
#include "bsky/record.h"
#include "posts.h"

#define SEED 99U
#define DAY_US INT64_C(86400000000)

static const char *const english[] = {"en"};

/* The tool's default decisions on a file of events. */
struct judge {
    struct routes *routes;
    struct match *match;
    struct buf out; /* STREAM, tab, body, newline for each record */
    int malformed;
};

static void judge_init(struct judge *judge)
{
    struct match_config config = {.langs = english, .nlangs = 1};

    judge->routes = NEEDED(routes_new());
    CHECK_INT(routes_add_defaults(judge->routes, NULL), 0);
    config.routes = judge->routes;
    config.max_age_us[EVENT_V1] = 2 * DAY_US;
    config.max_age_us[EVENT_V2] = DAY_US / 48;
    judge->match = NEEDED(match_new(&config, NULL));
    buf_init(&judge->out, (size_t)16 << 20);
    judge->malformed = 0;
}

static void judge_release(struct judge *judge)
{
    match_free(judge->match);
    routes_free(judge->routes);
    buf_release(&judge->out);
}

static void judge_line(struct judge *judge, struct slice line)
{
    const struct match_hit *hits;
    struct event event;
    size_t n = 0;
    int r = posts_parse(line, &event, NULL);

    judge->malformed += r < 0;
    if (r == 1)
        match_post(judge->match, &event, &hits, &n);
    for (size_t i = 0; i < n; i++) {
        buf_addf(&judge->out, "%s\t", hits[i].route->stream);
        CHECK_INT(
            record_encode(&judge->out, &event, hits[i].offsite, hits[i].uri),
            0);
        buf_addstr(&judge->out, "\n");
    }
    event_release(&event);
}

static bool is_string(const json_t *value, const char *want)
{
    return json_is_string(value) && strcmp(json_string_value(value), want) == 0;
}

/* A v1 event as the payload of wire v2: the members of its commit, and those
 * around it under their other names. */
static json_t *v2_payload(const json_t *v1)
{
    const json_t *time = json_object_get(v1, "time_us");
    json_t *commit = json_object_get(v1, "commit");
    json_t *payload =
        json_is_object(commit) ? json_copy(commit) : json_object();
    char text[PARSE_TIME_SIZE];

    json_object_set(payload, "did", json_object_get(v1, "did"));
    json_object_set(payload, "seq", json_object_get(v1, "cursor"));
    if (json_is_integer(time) && json_integer_value(time) >= 0) {
        parse_time_text(json_integer_value(time), text);
        json_object_set_new(payload, "time", json_string(text));
    }
    json_object_set_new(
        payload, "$type",
        json_string(is_string(json_object_get(v1, "kind"), "commit")
                        ? "network.bsky.x#commit"
                        : "network.bsky.x#identity"));
    return payload;
}

/* How a line is changed before it is judged. */
typedef void changer(struct rng *rng, json_t *v1, struct buf *out);

static void to_v2(struct rng *rng, json_t *v1, struct buf *out)
{
    json_t *message = json_object();
    char *text;

    (void)rng;
    json_object_set_new(message, "$type", json_string("message"));
    json_object_set_new(message, "payload", v2_payload(v1));
    text = json_dumps(message, JSON_COMPACT);
    CHECK(text != NULL && buf_addstr(out, text) == 0);
    free(text);
    json_decref(message);
}

static void add_space(struct rng *rng, struct buf *out)
{
    for (size_t n = rng_next(rng) % 4; n > 1; n--)
        buf_add(out, &" \t\r\n"[rng_next(rng) % 4], 1);
}

/* One UTF-16 unit as an escape, its letters in either case. */
static void add_unit(struct rng *rng, unsigned unit, struct buf *out)
{
    buf_addf(out, rng_next(rng) % 2 ? "\\u%04x" : "\\u%04X", unit);
}

/* A string with a random half of its characters escaped. */
static void add_string(struct rng *rng, struct slice s, struct buf *out)
{
    buf_add(out, "\"", 1);
    for (size_t i = 0; i < s.n;) {
        unsigned c;
        size_t len = text_char(s, i, &c);

        if (c >= 0x20 && c != '"' && c != '\\' && rng_next(rng) % 2) {
            buf_add(out, s.p + i, len);
        } else if (c > 0xFFFF) {
            add_unit(rng, 0xD800 + ((c - 0x10000) >> 10), out);
            add_unit(rng, 0xDC00 + ((c - 0x10000) & 0x3FF), out);
        } else if (c == '/' && rng_next(rng) % 2) {
            buf_add(out, "\\/", 2);
        } else {
            add_unit(rng, c, out);
        }
        i += len;
    }
    buf_add(out, "\"", 1);
}

static void add_value(struct rng *rng, json_t *value, struct buf *out);

static void add_object(struct rng *rng, json_t *value, struct buf *out)
{
    const char *name;
    json_t *member;
    const char *comma = "";

    buf_add(out, "{", 1);
    json_object_foreach(value, name, member)
    {
        buf_addstr(out, comma);
        add_space(rng, out);
        add_string(rng, slice_str(name), out);
        add_space(rng, out);
        buf_add(out, ":", 1);
        add_value(rng, member, out);
        comma = ",";
    }
    add_space(rng, out);
    buf_add(out, "}", 1);
}

static void add_array(struct rng *rng, json_t *value, struct buf *out)
{
    buf_add(out, "[", 1);
    for (size_t i = 0; i < json_array_size(value); i++) {
        buf_addstr(out, i > 0 ? "," : "");
        add_value(rng, json_array_get(value, i), out);
    }
    add_space(rng, out);
    buf_add(out, "]", 1);
}

/* ${value} with random white space and escapes. */
static void add_value(struct rng *rng, json_t *value, struct buf *out)
{
    char *text;

    add_space(rng, out);
    if (json_is_object(value)) {
        add_object(rng, value, out);
    } else if (json_is_array(value)) {
        add_array(rng, value, out);
    } else if (json_is_string(value)) {
        add_string(
            rng,
            (struct slice){json_string_value(value), json_string_length(value)},
            out);
    } else {
        text = json_dumps(value, JSON_ENCODE_ANY);
        CHECK(text != NULL && buf_addstr(out, text) == 0);
        free(text);
    }
    add_space(rng, out);
}

/* Judges every line of the file ${name}, after ${change} (NULL: as it is)
 * where it is JSON.  Returns the number of lines; 0 without the file. */
static int judge_file(struct judge *judge, const char *name, changer *change)
{
    FILE *file = fopen(name, "r");
    struct rng rng = {SEED};
    struct buf out = BUF_INIT((size_t)1 << 20);
    struct slice line;
    char *memory = NULL;
    size_t cap = 0;
    int lines = 0;

    while (file != NULL && posts_line(file, &memory, &cap, &line)) {
        json_t *json = NULL;

        buf_reset(&out);
        if (change != NULL)
            json = json_loadb(line.p, line.n,
                              JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL |
                                  JSON_DECODE_ANY,
                              NULL);
        if (json != NULL)
            change(&rng, json, &out);
        judge_line(judge, json != NULL ? buf_slice(&out) : line);
        json_decref(json);
        lines++;
    }
    free(memory);
    buf_release(&out);
    if (file != NULL)
        fclose(file);
    return lines;
}

static void load(struct buf *out, const char *name)
{
    FILE *file = fopen(name, "r");
    char part[4096];
    size_t n = 1;

    CHECK(file != NULL);
    while (file != NULL && n > 0) {
        n = fread(part, 1, sizeof(part), file);
        buf_add(out, part, n);
    }
    if (file != NULL)
        fclose(file);
}

/* Whether the files of events are there; they are no part of the project. */
static bool have_data(void)
{
    FILE *file = fopen(POSTS_DATA "posts-links.jsonl", "r");

    if (file != NULL)
        fclose(file);
    return file != NULL;
}

/* The decisions on posts-links.jsonl, changed, must be the expected ones. */
static void check_expected(changer *change)
{
    struct buf want = BUF_INIT((size_t)1 << 20);
    struct judge judge;

    judge_init(&judge);
    load(&want, POSTS_DATA "posts-links.expected.tsv");
    CHECK_INT(judge_file(&judge, POSTS_DATA "posts-links.jsonl", change), 400);
    CHECK_INT(judge.malformed, 0);
    CHECK_STR(buf_str(&judge.out), buf_str(&want));
    judge_release(&judge);
    buf_release(&want);
}

static void test_expected_v1(void)
{
    if (!have_data())
        SKIP("no " POSTS_DATA);
    check_expected(NULL);
}

static void test_expected_v2(void)
{
    if (!have_data())
        SKIP("no " POSTS_DATA);
    check_expected(to_v2);
}

static void test_expected_respelled(void)
{
    if (!have_data())
        SKIP("no " POSTS_DATA);
    printf("# seed %u\n", SEED);
    check_expected(add_value);
}

/* What a real server sent on either wire becomes the same records. */
static void test_server_wires(void)
{
    struct judge v1;
    struct judge v2;

    if (!have_data())
        SKIP("no " POSTS_DATA);
    judge_init(&v1);
    judge_init(&v2);
    CHECK_INT(judge_file(&v1, POSTS_DATA "server-v1.jsonl", NULL), 2000);
    CHECK_INT(judge_file(&v2, POSTS_DATA "server-v2.jsonl", NULL), 2000);
    CHECK_INT(v1.malformed + v2.malformed, 0);
    CHECK(v1.out.n > 0);
    CHECK_STR(buf_str(&v2.out), buf_str(&v1.out));
    judge_release(&v1);
    judge_release(&v2);
}

/* Nothing that a production server sent is malformed. */
static void test_real_events(void)
{
    struct judge judge;

    if (!have_data())
        SKIP("no " POSTS_DATA);
    judge_init(&judge);
    CHECK_INT(judge_file(&judge, POSTS_DATA "real-v1.jsonl", NULL), 152);
    CHECK_INT(judge_file(&judge, POSTS_DATA "golden-v1.jsonl", NULL), 10);
    CHECK_INT(judge.malformed, 0);
    judge_release(&judge);
}

int main(void)
{
    RUN(test_expected_v1);
    RUN(test_expected_v2);
    RUN(test_expected_respelled);
    RUN(test_server_wires);
    RUN(test_real_events);
    return check_done();
}
