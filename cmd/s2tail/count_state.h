/*
 * What count.c, which makes and evaluates, and count_run.c, which counts,
 * share.  Internal to these.
 */
#ifndef S2TAIL_COUNT_STATE_H
#define S2TAIL_COUNT_STATE_H

#include "count.h"
#include "view/merge.h"

/* A record that no --where takes passes through like others, for the sake of
 * the position behind it. */
#define COUNT_NO_LABEL UINT32_MAX

struct count_stream {
    uint32_t label; /* when counted by streams */
    bool beyond;    /* a record past --until came: the position stays */
    struct count_position position;
};

struct count {
    const struct config *config;
    struct count_hooks hooks;
    struct field *field;
    bool parses;
    struct window *window;
    struct merge *merge;
    struct merge_item held; /* taken out of merge, not yet counted */
    size_t held_stream;
    bool holds;
    bool stopped; /* by hooks.full */
    bool forced;  /* hooks.full does not count */
    struct count_stream *streams;
    size_t cap; /* of streams */
    bool begun; /* it is settled where windows begin: the first record does,
                   if nothing else has */
    int64_t clock_ms;
    int64_t wall_ms; /* the wall clock when it was last as far as count_now */
    int64_t wall_at_ms; /* and the clock of loop_now at that moment */
    int64_t newest_ms;
    int64_t oldest_ms;
    uint64_t untimed;
};

/*
 * count_evaluate(count, record, label, time_ms, untimed, err): what a record
 * is counted under (COUNT_NO_LABEL: not at all), and when, by its body; in
 * *${untimed} whether it is counted without the time that --time asks for.
 * 0 or -1.
 */
int count_evaluate(struct count *count, const struct field_record *record,
                   uint32_t *label, int64_t *time_ms, bool *untimed,
                   struct err *err);

/* count_time(count, time_ms, now_ms): the time of a record of ${time_ms}: that,
 * or now, by --time; never later than now. */
int64_t count_time(const struct count *count, int64_t time_ms, int64_t now_ms);

#endif
