/*
 * Any command line, an argument a line: taken or refused, and understood, as
 * a plain reading of it says; what is no option stays, in its order.
 */
#include "fuzz.h"

#include <stddef.h>

#include "base/opt.h"
#include "base/parse.h"

#define NOW INT64_C(1795370912779000)

struct values {
    bool flag;
    int count;
    const char *string;
    struct opt_list list;
    uint64_t number;
    int64_t duration;
    int64_t when;
    int choice;
};

#define OPTION(n, l, k, a)                                                     \
    {                                                                          \
#n, l, k, a, offsetof(struct values, n), "Help about " #n "."          \
    }

static const struct opt table[] = {
    {"", 0, OPT_HEADING, NULL, 0, "Heading"},
    OPTION(flag, 'f', OPT_FLAG, NULL),
    OPTION(count, 'c', OPT_COUNT, NULL),
    OPTION(string, 's', OPT_STRING, "TEXT"),
    OPTION(list, 'l', OPT_LIST, "TEXT"),
    OPTION(number, '1', OPT_NUMBER, "N"),
    OPTION(duration, 0, OPT_DURATION, "DUR"),
    OPTION(when, 'w', OPT_WHEN, "WHEN|checkpoint"),
    OPTION(choice, 'o', OPT_CHOICE, "one|other|"),
};

enum { OPTIONS = sizeof(table) / sizeof(table[0]) };

/* A command line that is being read a second time. */
struct line {
    char *const *v;
    int n, at;
    struct values values;
    const char **positional;
    int npositional;
};

static const struct opt *by_letter(char letter)
{
    for (size_t i = 1; i < OPTIONS; i++) {
        if (letter != 0 && table[i].letter == letter)
            return &table[i];
    }
    return NULL;
}

static const struct opt *by_name(const char *name, size_t n)
{
    for (size_t i = 1; i < OPTIONS; i++) {
        if (strlen(table[i].name) == n && memcmp(table[i].name, name, n) == 0)
            return &table[i];
    }
    return NULL;
}

static bool set(struct line *line, const struct opt *opt, const char *value)
{
    struct values *v = &line->values;

    switch (opt->kind) {
    case OPT_FLAG:
        v->flag = true;
        return true;
    case OPT_COUNT:
        v->count++;
        return true;
    case OPT_STRING:
        v->string = value;
        return true;
    case OPT_LIST:
        v->list.v[v->list.n++] = value;
        return true;
    case OPT_NUMBER:
        return parse_uint(value, 1, INT64_MAX, &v->number, NULL) == 0;
    case OPT_DURATION:
        return parse_duration(value, &v->duration, NULL) == 0;
    case OPT_WHEN:
        if (strcmp(value, "checkpoint") == 0)
            v->when = OPT_WORD;
        else
            return parse_when(value, NOW, &v->when, NULL) == 0;
        return true;
    default:
        v->choice = strcmp(value, "one") == 0     ? 0
                    : strcmp(value, "other") == 0 ? 1
                    : value[0] == '\0'            ? 2
                                                  : -1;
        return v->choice >= 0;
    }
}

/* ${value} is what is stuck to the option, or NULL. */
static bool take(struct line *line, const struct opt *opt, const char *value)
{
    bool wants = opt->kind != OPT_FLAG && opt->kind != OPT_COUNT;

    if (wants && value == NULL)
        value = line->at < line->n ? line->v[line->at++] : NULL;
    return wants ? value != NULL && set(line, opt, value)
                 : value == NULL && set(line, opt, NULL);
}

static bool take_letters(struct line *line, const char *p)
{
    while (*p != '\0') {
        const struct opt *opt = by_letter(*p++);

        if (opt == NULL)
            return false;
        if (opt->kind != OPT_FLAG && opt->kind != OPT_COUNT)
            return take(line, opt, *p != '\0' ? p : NULL);
        if (!take(line, opt, NULL))
            return false;
    }
    return true;
}

static bool take_name(struct line *line, const char *name)
{
    size_t n = strcspn(name, "=");
    const struct opt *opt = by_name(name, n);

    return opt != NULL && take(line, opt, name[n] == '=' ? name + n + 1 : NULL);
}

static bool read_line(struct line *line)
{
    bool options = true;

    for (line->at = 1; line->at < line->n;) {
        const char *arg = line->v[line->at++];
        bool good = true;

        if (!options || arg[0] != '-' || arg[1] == '\0')
            line->positional[line->npositional++] = arg;
        else if (strcmp(arg, "--") == 0)
            options = false;
        else if (arg[1] == '-')
            good = take_name(line, arg + 2);
        else
            good = take_letters(line, arg + 1);
        if (!good)
            return false;
    }
    return true;
}

static void same(const struct values *a, const struct values *b)
{
    PROMISE(a->flag == b->flag && a->count == b->count);
    PROMISE(a->string == b->string && a->number == b->number);
    PROMISE(a->duration == b->duration && a->when == b->when);
    PROMISE(a->choice == b->choice && a->list.n == b->list.n);
    for (size_t i = 0; i < a->list.n; i++)
        PROMISE(a->list.v[i] == b->list.v[i]);
}

static void check(int argc, char **argv, struct line *line)
{
    struct values values = {.choice = 0};
    struct opt_args args = {.argc = argc, .argv = argv, .now_us = NOW};
    struct err err = ERR_INIT;
    bool good = read_line(line);
    int r = opt_parse(table, OPTIONS, &values, &args, &err);

    PROMISE((r == 0) == good);
    PROMISE(good ? err.code == ERR_NONE
                 : err.code == ERR_USAGE && err.text[0] != '\0');
    if (good) {
        same(&values, &line->values);
        PROMISE(argc - args.first_positional == line->npositional);
        for (int i = 0; i < line->npositional; i++)
            PROMISE(argv[args.first_positional + i] == line->positional[i]);
        PROMISE(argv[argc] == NULL);
    }
    opt_release(table, OPTIONS, &values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct slice in = fuzz_input(data, n);
    char **argv = fuzz_alloc((n + 3) * sizeof(*argv));
    struct line line = {.n = 1};

    argv[0] = fuzz_string(SLICE("tool"));
    while (in.n > 0)
        argv[line.n++] = fuzz_string(fuzz_until(&in, '\n'));
    line.v = fuzz_alloc((n + 3) * sizeof(*argv));
    memcpy((void *)(uintptr_t)line.v, argv, (n + 3) * sizeof(*argv));
    line.positional = fuzz_alloc((n + 3) * sizeof(*line.positional));
    line.values.list.v = fuzz_alloc((n + 3) * sizeof(*line.positional));
    check(line.n, argv, &line);
    for (int i = 0; i < line.n; i++)
        free(line.v[i]);
    free(line.values.list.v);
    free(line.positional);
    free((void *)(uintptr_t)line.v);
    free(argv);
    return 0;
}
