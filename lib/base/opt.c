#include "base/opt.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"

/* Values that getopt_long returns for the options of the table: above every
 * letter. */
#define FIRST_VALUE 256

/* The column where the help text of an option begins, and its width. */
#define HELP_COLUMN 29
#define HELP_WIDTH 79

bool opt_takes_argument(const struct opt *opt)
{
    return opt->kind != OPT_FLAG && opt->kind != OPT_COUNT;
}

/* What getopt_long is given; both freed by the caller. */
struct spec {
    struct option *longs;
    char *shorts;
};

static int make_spec(const struct opt *table, size_t n, struct spec *spec)
{
    char *s;

    spec->longs = calloc(n + 1, sizeof(*spec->longs));
    spec->shorts = malloc(2 * n + 3);
    if (spec->longs == NULL || spec->shorts == NULL)
        return -1;
    s = spec->shorts;
    *s++ = '-'; /* hand over what is no option in its place */
    *s++ = ':'; /* tell a missing argument from an unknown option */
    for (size_t i = 0, at = 0; i < n; i++) {
        if (table[i].kind == OPT_HEADING)
            continue;
        spec->longs[at].name = table[i].name;
        spec->longs[at].has_arg = opt_takes_argument(&table[i]);
        spec->longs[at++].val = FIRST_VALUE + (int)i;
        if (table[i].letter == 0)
            continue;
        *s++ = table[i].letter;
        if (opt_takes_argument(&table[i]))
            *s++ = ':';
    }
    *s = '\0';
    return 0;
}

static int add_to_list(struct opt_list *list, const char *value,
                       struct err *err)
{
    const char **v = realloc(list->v, (list->n + 1) * sizeof(*v));

    if (v == NULL)
        return err_memory(err);
    list->v = v;
    v[list->n++] = value;
    return 0;
}

static int set_choice(const char *words, const char *value, int *choice,
                      struct err *err)
{
    const char *p = words;
    size_t n = strlen(value);

    for (int i = 0;; i++) {
        size_t len = strcspn(p, "|");

        if (len == n && strncmp(p, value, n) == 0) {
            *choice = i;
            return 0;
        }
        if (p[len] == '\0')
            return err_set(err, ERR_USAGE, "'%.64s' is not one of %s", value,
                           words);
        p += len + 1;
    }
}

static int set_when(const char *arg, const char *value, int64_t now_us,
                    int64_t *us, struct err *err)
{
    const char *word = strchr(arg, '|');

    if (word == NULL || strcmp(value, word + 1) != 0)
        return parse_when(value, now_us, us, err);
    *us = OPT_WORD;
    return 0;
}

static int set_value(const struct opt *opt, void *values, const char *value,
                     int64_t now_us, struct err *err)
{
    char *field = (char *)values + opt->offset;
    void *to = field;

    switch (opt->kind) {
    case OPT_HEADING:
        return 0;
    case OPT_FLAG:
        *(bool *)to = true;
        return 0;
    case OPT_COUNT:
        ++*(int *)to;
        return 0;
    case OPT_STRING:
        *(const char **)to = value;
        return 0;
    case OPT_LIST:
        return add_to_list(to, value, err);
    case OPT_NUMBER:
        return parse_uint(value, 1, INT64_MAX, to, err);
    case OPT_DURATION:
        return parse_duration(value, to, err);
    case OPT_WHEN:
        return set_when(opt->arg, value, now_us, to, err);
    case OPT_CHOICE:
        return set_choice(opt->arg, value, to, err);
    }
    return 0;
}

/* The option behind what getopt_long returned for ${element} of argv. */
static const struct opt *find(const struct opt *table, size_t n, int value,
                              const char *element, struct err *err)
{
    if (value == '?' || value == ':') {
        err_set(err, ERR_USAGE,
                value == ':' ? "option '%.64s' needs an argument"
                : strncmp(element, "--", 2) == 0 && strchr(element, '=')
                    ? "unknown option, or one without an argument: '%.64s'"
                    : "unknown option '%.64s'",
                element);
        return NULL;
    }
    if (value >= FIRST_VALUE) {
        const struct opt *opt = &table[value - FIRST_VALUE];

        if (strcspn(element + 2, "=") == strlen(opt->name))
            return opt;
        err_set(err, ERR_USAGE, "unknown option '%.64s'", element);
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        if (table[i].letter == value && value != 0)
            return &table[i];
    }
    err_set(err, ERR_BUG, "option -%c is not in the table", value);
    return NULL;
}

/* One option, or what is none; -1 on failure, 1 at the end. */
static int parse_next(const struct opt *table, size_t n, void *values,
                      struct opt_args *args, const struct spec *spec,
                      struct opt_list *rest, struct err *err)
{
    int at = optind > 0 ? optind : 1;
    int value =
        getopt_long(args->argc, args->argv, spec->shorts, spec->longs, NULL);
    const struct opt *opt;

    if (value == -1)
        return 1;
    if (value == 1)
        return add_to_list(rest, optarg, err);
    opt = find(table, n, value, args->argv[at], err);
    if (opt == NULL)
        return -1;
    if (set_value(opt, values, optarg, args->now_us, err) != 0)
        return err_prefix(err, "--%s", opt->name);
    return 0;
}

/* Put the positional arguments behind the options. */
static int collect(struct opt_args *args, struct opt_list *rest,
                   struct err *err)
{
    while (optind < args->argc) {
        if (add_to_list(rest, args->argv[optind++], err) != 0)
            return -1;
    }
    args->first_positional = args->argc - (int)rest->n;
    for (size_t i = 0; i < rest->n; i++)
        memcpy(&args->argv[args->first_positional + (int)i], &rest->v[i],
               sizeof(char *));
    return 0;
}

static void release_list(struct opt_list *list)
{
    free(list->v);
    list->v = NULL;
    list->n = 0;
}

int opt_parse(const struct opt *table, size_t n, void *values,
              struct opt_args *args, struct err *err)
{
    struct spec spec = {NULL, NULL};
    struct opt_list rest = {NULL, 0};
    int rc = make_spec(table, n, &spec);

    if (rc != 0)
        err_memory(err);
    opterr = 0;
    optind = 0; /* glibc: begin anew */
    while (rc == 0)
        rc = parse_next(table, n, values, args, &spec, &rest, err);
    if (rc == 1)
        rc = collect(args, &rest, err);
    release_list(&rest);
    free(spec.longs);
    free(spec.shorts);
    return rc;
}

void opt_release(const struct opt *table, size_t n, void *values)
{
    for (size_t i = 0; i < n; i++) {
        void *field = (char *)values + table[i].offset;

        if (table[i].kind == OPT_LIST)
            release_list(field);
    }
}

/* Words of ${text}, broken into lines that begin at the help column. */
static int add_wrapped(struct buf *out, const char *text)
{
    size_t column = HELP_COLUMN;
    int rc = 0;

    while (*text != '\0' && rc == 0) {
        size_t len = strcspn(text, " ");

        if (column > HELP_COLUMN && column + 1 + len > HELP_WIDTH) {
            rc = buf_addf(out, "\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        } else if (column > HELP_COLUMN) {
            rc = buf_add(out, " ", 1);
            column++;
        }
        if (rc == 0)
            rc = buf_add(out, text, len);
        column += len;
        text += len;
        text += strspn(text, " ");
    }
    return rc == 0 ? buf_add(out, "\n", 1) : rc;
}

int opt_help(const struct opt *table, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        const struct opt *opt = &table[i];
        size_t from = out->n;
        size_t width;

        if (opt->kind == OPT_HEADING) {
            if (buf_addf(out, "\n%s\n", opt->help) != 0)
                return -1;
            continue;
        }
        if (opt->letter != 0 ? buf_addf(out, "  -%c, ", opt->letter)
                             : buf_addstr(out, "      "))
            return -1;
        if (buf_addf(out, "--%s%s%s", opt->name,
                     opt_takes_argument(opt) ? " " : "",
                     opt_takes_argument(opt) ? opt->arg : "") != 0)
            return -1;
        width = out->n - from;
        if (width + 2 > HELP_COLUMN
                ? buf_addf(out, "\n%*s", HELP_COLUMN, "")
                : buf_addf(out, "%*s", (int)(HELP_COLUMN - width), ""))
            return -1;
        if (add_wrapped(out, opt->help) != 0)
            return -1;
    }
    return 0;
}
