/*
 * What tests of basins share: a callback that keeps the reply, and a loop
 * with an end.
 */
#ifndef REPLIED_H
#define REPLIED_H

#include "base/loop.h"
#include "basin/basin.h"
#include "check.h"
#include "s2/http.h"

#define REPLIED_MAX 8
#define REPLIED_PATIENCE_MS check_patience(20000)

struct replied {
    int calls;
    struct basin_reply reply; /* its pointers are dead */
    uint64_t seq_nums[REPLIED_MAX];
    uint64_t timestamps[REPLIED_MAX];
    bool commands[REPLIED_MAX];
    char bodies[REPLIED_MAX][32];
    char names[REPLIED_MAX][64];
    char last[64]; /* the last name */
};

static inline void replied_copy(char *to, size_t size, struct slice s)
{
    size_t n = s.n < size - 1 ? s.n : size - 1;

    if (n > 0)
        memcpy(to, s.p, n);
    to[n] = '\0';
}

static inline void replied_done(void *arg, const struct basin_reply *reply)
{
    struct replied *r = arg;

    r->calls++;
    r->reply = *reply;
    for (size_t i = 0; i < reply->nrecords && i < REPLIED_MAX; i++) {
        r->seq_nums[i] = reply->records[i].seq_num;
        r->timestamps[i] = reply->records[i].timestamp;
        r->commands[i] = wire_is_command(&reply->records[i]);
        replied_copy(r->bodies[i], sizeof(r->bodies[i]),
                     reply->records[i].body);
    }
    for (size_t i = 0; i < reply->nnames && i < REPLIED_MAX; i++)
        replied_copy(r->names[i], sizeof(r->names[i]),
                     slice_str(reply->names[i]));
    if (reply->nnames > 0)
        replied_copy(r->last, sizeof(r->last),
                     slice_str(reply->names[reply->nnames - 1]));
}

/* Runs until ${calls} callbacks were counted in ${r}. */
static inline void replied_run(struct http *http, const struct replied *r,
                               int calls)
{
    int64_t end = loop_now() + REPLIED_PATIENCE_MS;

    while (r->calls < calls && loop_now() < end)
        CHECK(http_wait(http, NULL, 0, 1000, NULL) == 0);
    CHECK_INT(r->calls, calls);
}

#endif
