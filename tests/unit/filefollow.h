/*
 * Sessions that follow a stream "s" of an embedded basin "b", on a clock that
 * the test turns.  Each record holds its number.
 */
#ifndef FILEFOLLOW_H
#define FILEFOLLOW_H

#include "filetest.h"

/* What a session was told. */
struct heard {
    int calls, signs, overs;
    struct basin_reply last; /* its pointers are dead */
    uint64_t next;           /* of the record that must come next */
    uint64_t n;
    struct basin_op *op; /* to be cancelled at the call number ... */
    int cancel_at;
    struct basin *basin;
};

static struct basin *writer, *reader;
static struct got got;
static int64_t clock_ms;

static inline void hear(void *arg, const struct basin_reply *reply)
{
    struct heard *heard = arg;

    heard->calls++;
    heard->last = *reply;
    heard->overs += reply->over;
    heard->signs += reply->outcome == OUTCOME_OK && reply->nrecords == 0;
    for (size_t i = 0; i < reply->nrecords; i++) {
        char body[24];

        snprintf(body, sizeof(body), "%llu", (unsigned long long)heard->next);
        CHECK_INT(reply->records[i].seq_num, heard->next);
        CHECK(slice_eq(reply->records[i].body, slice_str(body)));
        heard->next++;
        heard->n++;
    }
    if (heard->calls == heard->cancel_at)
        basin_cancel(heard->basin, heard->op);
}

static inline void append_to(const char *stream, uint64_t from, size_t n)
{
    static struct wire_record records[1000];
    static char bodies[1000][24];
    struct wire_append append = {records, n, false, 0, NULL};

    for (size_t i = 0; i < n; i++) {
        snprintf(bodies[i], sizeof(bodies[i]), "%llu",
                 (unsigned long long)(from + i));
        records[i].timestamp = 1000 + (from + i) * 10;
        records[i].body = slice_str(bodies[i]);
    }
    CHECK_INT(ft_batch(writer, stream, &append, &got), OUTCOME_OK);
    CHECK_INT(got.start, from);
}

static inline void begin(size_t n)
{
    ft_begin();
    clock_ms = 1000;
    writer = ft_open(ft_path("b"), true);
    ft_create(writer, "s");
    for (size_t at = 0; at < n; at += 1000)
        append_to("s", at, n - at < 1000 ? n - at : 1000);
    reader = ft_open(ft_path("b"), false);
}

static inline void end(void)
{
    got_clear(&got);
    basin_free(reader);
    basin_free(writer);
    ft_end();
}

static inline struct basin_op *follow(struct heard *heard, bool by_time,
                                      uint64_t from, size_t limit)
{
    struct wire_read read = {by_time, from, limit};

    memset(heard, 0, sizeof(*heard));
    heard->basin = reader;
    heard->next = by_time ? 0 : from;
    heard->op = basin_follow(reader, "s", &read, hear, heard, NULL);
    CHECK(heard->op != NULL);
    return heard->op;
}

/* Turn the clock as the basin asks, for ${ms}. */
static inline void run_for(int64_t ms)
{
    int64_t end_ms = clock_ms + ms;

    for (int64_t next = clock_ms; next <= end_ms;) {
        clock_ms = next;
        next = basin_run(reader, clock_ms);
        CHECK(next >= clock_ms);
    }
    clock_ms = end_ms;
}

#endif
