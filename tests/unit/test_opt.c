#include "check.h"

#include <stddef.h>

#include "base/opt.h"

enum { ONE, TWO };

struct values {
    bool flag;
    int loud;
    const char *text;
    struct opt_list list;
    uint64_t number;
    int64_t length;
    int64_t when;
    int choice;
};

#define AT(field) offsetof(struct values, field)

static const struct opt table[] = {
    {0, 0, OPT_HEADING, 0, 0, "Group:"},
    {"flag", 'f', OPT_FLAG, 0, AT(flag), "a flag"},
    {"flagship", 0, OPT_FLAG, 0, AT(flag), "another"},
    {"loud", 'l', OPT_COUNT, 0, AT(loud), "counts"},
    {"text", 't', OPT_STRING, "TEXT", AT(text), "a string"},
    {"item", 'i', OPT_LIST, "ITEM", AT(list), "a list"},
    {"number", 0, OPT_NUMBER, "N", AT(number), "a number"},
    {"length", 0, OPT_DURATION, "DUR", AT(length), "a duration"},
    {"when", 0, OPT_WHEN, "WHEN", AT(when), "a time"},
    {"choice", 0, OPT_CHOICE, "one|two", AT(choice), "one of two"},
};

#define N (sizeof(table) / sizeof(table[0]))

static struct values values;
static struct err err;
static struct opt_args args;

/* Parse up to seven words; NULL ends them. */
static int parse(const char *a, const char *b, const char *c, const char *d,
                 const char *e)
{
    static char words[6][32];
    static char *argv[7];
    const char *const in[] = {"prog", a, b, c, d, e};

    memset(&values, 0, sizeof(values));
    err_clear(&err);
    args.argc = 0;
    for (int i = 0; i < 6 && in[i] != NULL; i++) {
        snprintf(words[i], sizeof(words[i]), "%s", in[i]);
        argv[args.argc++] = words[i];
    }
    argv[args.argc] = NULL;
    args.argv = argv;
    args.now_us = 1000000;
    return opt_parse(table, N, &values, &args, &err);
}

static void test_every_kind(void)
{
    CHECK(parse("-fll", "--text=x", "-i1", "--item", "2") == 0);
    CHECK(values.flag);
    CHECK_INT(values.loud, 2);
    CHECK_STR(values.text, "x");
    CHECK_INT(values.list.n, 2);
    CHECK_STR(values.list.v[1], "2");
    opt_release(table, N, &values);
    CHECK_INT(values.list.n, 0);
    CHECK(parse("--number", "7", "--length=2s", "--when", "now") == 0);
    CHECK_INT(values.number, 7);
    CHECK_INT(values.length, 2000);
    CHECK_INT(values.when, 1000000);
    CHECK(parse("--choice", "two", NULL, NULL, NULL) == 0);
    CHECK_INT(values.choice, TWO);
}

static void test_last_wins(void)
{
    CHECK(parse("-t", "a", "--text", "b", NULL) == 0);
    CHECK_STR(values.text, "b");
}

static void test_positional(void)
{
    CHECK(parse("one", "-f", "two", "--", "-t") == 0);
    CHECK(values.flag);
    CHECK_INT(args.argc - args.first_positional, 3);
    CHECK_STR(args.argv[args.first_positional], "one");
    CHECK_STR(args.argv[args.first_positional + 1], "two");
    CHECK_STR(args.argv[args.first_positional + 2], "-t");
    CHECK(parse("-", NULL, NULL, NULL, NULL) == 0);
    CHECK_STR(args.argv[args.first_positional], "-");
}

static void test_errors(void)
{
    static const struct {
        const char *a, *b, *text;
    } cases[] = {
        {"--nope", NULL, "unknown option '--nope'"},
        {"--tex=x", NULL, "unknown option '--tex=x'"},
        {"--fla", NULL, "unknown option '--fla'"},
        {"-x", NULL, "unknown option '-x'"},
        {"--text", NULL, "option '--text' needs an argument"},
        {"-t", NULL, "option '-t' needs an argument"},
        {"--flag=1", NULL,
         "unknown option, or one without an argument: '--flag=1'"},
        {"--number", "0",
         "--number: 0 is not between 1 and 9223372036854775807"},
        {"--number", "x", "--number: 'x' is not a whole number"},
        {"--length", "5",
         "--length: '5' needs one of the units ms, s, m, h, "
         "d"},
        {"--choice", "three", "--choice: 'three' is not one of one|two"},
        {"--choice", "", "--choice: '' is not one of one|two"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK(parse(cases[i].a, cases[i].b, NULL, NULL, NULL) == -1);
        CHECK_INT(err.code, ERR_USAGE);
        CHECK_STR(err.text, cases[i].text);
    }
}

static void test_an_exact_name_beats_a_longer_one(void)
{
    CHECK(parse("--flag", NULL, NULL, NULL, NULL) == 0);
    CHECK(values.flag);
}

static void test_help(void)
{
    struct buf out = BUF_INIT(10000);

    CHECK(opt_help(table, N, &out) == 0);
    CHECK(strstr(NEEDED(buf_str(&out)), "\nGroup:\n") != NULL);
    CHECK(strstr(NEEDED(buf_str(&out)), "  -t, --text TEXT") != NULL);
    for (const char *p = NEEDED(buf_str(&out)); *p != '\0';) {
        size_t n = strcspn(p, "\n");

        CHECK(n < 80);
        p += n + 1;
    }
    buf_release(&out);
}

int main(void)
{
    RUN(test_every_kind);
    RUN(test_last_wins);
    RUN(test_positional);
    RUN(test_errors);
    RUN(test_an_exact_name_beats_a_longer_one);
    RUN(test_help);
    return check_done();
}
