/*
 * lag: how old acked records are.  It reads the lines of "bsky2s2 -o -" as
 * they come, takes the time between the event (observed_at) and now for each,
 * and prints "RECORDS P50_MS P99_MS MAX_MS" at the end.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/parse.h"

/* An unescaped quote in front and behind: it stands in no string. */
#define KEY "\"observed_at\":\""

struct lags {
    int64_t *us; /* one for each record, in the order they came */
    size_t n, room;
};

static int add(struct lags *lags, int64_t us)
{
    size_t room = lags->room > 0 ? lags->room * 2 : 4096;
    int64_t *more;

    if (lags->n == lags->room) {
        more = realloc(lags->us, room * sizeof(*more));
        if (more == NULL)
            return -1;
        lags->us = more;
        lags->room = room;
    }
    lags->us[lags->n++] = us;
    return 0;
}

/* The time of the event in ${line}, or -1. */
static int64_t event_time(const char *line)
{
    const char *at = strstr(line, KEY);
    const char *end;
    struct slice text;
    int64_t us;

    if (at == NULL)
        return -1;
    at += sizeof(KEY) - 1;
    end = strchr(at, '"');
    if (end == NULL)
        return -1;
    text = (struct slice){at, (size_t)(end - at)};
    return parse_time(text, &us) == 0 ? us : -1;
}

/* getline takes what is there: it waits for no more than a line. */
static int collect(struct lags *lags)
{
    char *line = NULL;
    size_t size = 0;
    uint64_t number = 0;
    int status = 0;

    while (status == 0 && getline(&line, &size, stdin) >= 0) {
        int64_t now = loop_wall();
        int64_t us = event_time(line);

        number++;
        if (us < 0) {
            fprintf(stderr, "lag: line %" PRIu64 ": no observed_at\n", number);
            status = ERR_DATA;
        } else if (add(lags, now - us) != 0) {
            fputs("lag: out of memory\n", stderr);
            status = ERR_OS;
        }
    }
    free(line);
    if (status == 0 && ferror(stdin)) {
        fputs("lag: cannot read\n", stderr);
        status = ERR_NOINPUT;
    }
    return status;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The least lag that so many per cent of all do not pass. */
static double percentile_ms(const struct lags *lags, size_t percent)
{
    size_t rank = (lags->n * percent + 99) / 100;

    return (double)lags->us[rank - 1] / 1000;
}

int main(void)
{
    struct lags lags = {NULL, 0, 0};
    int status = collect(&lags);

    if (status == 0 && lags.n == 0) {
        fputs("lag: no records\n", stderr);
        status = ERR_DATA;
    }
    if (status == 0) {
        qsort(lags.us, lags.n, sizeof(*lags.us), compare);
        printf("%zu %.3f %.3f %.3f\n", lags.n, percentile_ms(&lags, 50),
               percentile_ms(&lags, 99), percentile_ms(&lags, 100));
        if (fflush(stdout) != 0)
            status = ERR_IO;
    }
    free(lags.us);
    return status;
}
