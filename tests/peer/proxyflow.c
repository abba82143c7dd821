#include "proxyflow.h"

#include <stdlib.h>
#include <string.h>

#define NEVER INT64_MAX
/* A rate is kept in steps of so many a second. */
#define STEPS 50

struct proxyflow_piece {
    struct proxyflow_piece *next;
    int64_t due;
    size_t n, gone;
    char bytes[];
};

void proxyflow_init(struct proxyflow *flow, const struct proxytoxic *toxic,
                    uint64_t seed)
{
    *flow = (struct proxyflow){.toxic = toxic};
    flow->rng.state = seed;
    flow->last = &flow->first;
}

void proxyflow_release(struct proxyflow *flow)
{
    while (flow->first != NULL) {
        struct proxyflow_piece *piece = flow->first;

        flow->first = piece->next;
        free(piece);
    }
    flow->last = &flow->first;
    flow->held = 0;
}

/* Pieces never overtake each other. */
static int add(struct proxyflow *flow, struct slice bytes, int64_t due)
{
    struct proxyflow_piece *piece = malloc(sizeof(*piece) + bytes.n);

    if (piece == NULL)
        return -1;
    if (due > flow->latest)
        flow->latest = due;
    piece->next = NULL;
    piece->due = flow->latest;
    piece->n = bytes.n;
    piece->gone = 0;
    memcpy(piece->bytes, bytes.p, bytes.n);
    *flow->last = piece;
    flow->last = &piece->next;
    flow->held += bytes.n;
    return 0;
}

static struct slice cut(struct slice *bytes, uint64_t n)
{
    struct slice head = {bytes->p, n < bytes->n ? (size_t)n : bytes->n};

    bytes->p += head.n;
    bytes->n -= head.n;
    return head;
}

static uint64_t below(struct proxyflow *flow, uint64_t n)
{
    return n == 0 ? 0 : rng_next(&flow->rng) % n;
}

static int64_t behind_the_last(const struct proxyflow *flow, int64_t now)
{
    return flow->latest > now ? flow->latest : now;
}

static int trickle(struct proxyflow *flow, struct slice bytes, int64_t now)
{
    const uint64_t rate = flow->toxic->args[0];

    while (bytes.n > 0) {
        struct slice step = cut(&bytes, rate / STEPS > 0 ? rate / STEPS : 1);
        int64_t ms = (int64_t)(step.n * 1000 / rate);

        if (add(flow, step, behind_the_last(flow, now) + (ms > 0 ? ms : 1)))
            return -1;
    }
    return 0;
}

static int slice_up(struct proxyflow *flow, struct slice bytes, int64_t now)
{
    const uint64_t *args = flow->toxic->args;

    while (bytes.n > 0) {
        uint64_t n = args[0] - args[1] + below(flow, 2 * args[1] + 1);

        if (add(flow, cut(&bytes, n),
                behind_the_last(flow, now) + (int64_t)args[2]) != 0)
            return -1;
    }
    return 0;
}

/* From here on nothing goes on; in ${ms} the connection ends so. */
static int stop(struct proxyflow *flow, enum proxyflow_end end, int64_t at)
{
    if (flow->over)
        return 0;
    flow->over = true;
    flow->end = end;
    flow->end_at = at;
    return 0;
}

/* What comes behind the bytes that pass unharmed. */
static int poison(struct proxyflow *flow, struct slice bytes, int64_t now)
{
    const uint64_t *args = flow->toxic->args;

    if (flow->toxic->kind == PROXYTOXIC_NONE ||
        flow->toxic->kind == PROXYTOXIC_SLOWCLOSE)
        return add(flow, bytes, now);
    flow->happened = true;
    switch (flow->toxic->kind) {
    case PROXYTOXIC_LATENCY:
        return add(flow, bytes,
                   now + (int64_t)(args[0] + below(flow, args[1] + 1)));
    case PROXYTOXIC_BANDWIDTH:
        return trickle(flow, bytes, now);
    case PROXYTOXIC_SLICER:
        return slice_up(flow, bytes, now);
    case PROXYTOXIC_TIMEOUT:
        return stop(flow, PROXYFLOW_CLOSE,
                    args[0] > 0 ? now + (int64_t)args[0] : NEVER);
    case PROXYTOXIC_RESET:
        return stop(flow, PROXYFLOW_RESET, now);
    case PROXYTOXIC_DOWN:
        return stop(flow, PROXYFLOW_DOWN, now);
    case PROXYTOXIC_LATE:
        stop(flow, PROXYFLOW_LATE, now);
        return add(flow, bytes, NEVER);
    case PROXYTOXIC_SPEAK:
        stop(flow, PROXYFLOW_CLOSE, now);
        return add(flow, buf_slice(&flow->toxic->words), now);
    default:
        return stop(flow, PROXYFLOW_CLOSE, now);
    }
}

int proxyflow_take(struct proxyflow *flow, struct slice bytes, int64_t now)
{
    const struct proxytoxic *toxic = flow->toxic;
    uint64_t left = toxic == NULL                ? bytes.n
                    : toxic->after > flow->taken ? toxic->after - flow->taken
                                                 : 0;
    struct slice unharmed;

    flow->taken += bytes.n;
    if (flow->over)
        return 0;
    unharmed = cut(&bytes, left);
    if (unharmed.n > 0 && add(flow, unharmed, now) != 0)
        return -1;
    return bytes.n > 0 ? poison(flow, bytes, now) : 0;
}

void proxyflow_eof(struct proxyflow *flow, int64_t now)
{
    bool slow =
        flow->toxic != NULL && flow->toxic->kind == PROXYTOXIC_SLOWCLOSE;

    /* Who swallows everything swallows its end, but not for ever. */
    if (flow->over && flow->end_at == NEVER)
        flow->end_at = now;
    if (flow->over)
        return;
    flow->happened = flow->happened || slow;
    stop(flow, PROXYFLOW_CLOSE,
         behind_the_last(flow, now) +
             (slow ? (int64_t)flow->toxic->args[0] : 0));
}

struct slice proxyflow_due(const struct proxyflow *flow, int64_t now)
{
    const struct proxyflow_piece *piece = flow->first;

    if (piece == NULL || piece->due > now)
        return (struct slice){NULL, 0};
    return (struct slice){piece->bytes + piece->gone, piece->n - piece->gone};
}

void proxyflow_gone(struct proxyflow *flow, size_t n)
{
    struct proxyflow_piece *piece = flow->first;

    piece->gone += n;
    flow->held -= n;
    if (piece->gone < piece->n)
        return;
    flow->first = piece->next;
    if (flow->first == NULL)
        flow->last = &flow->first;
    free(piece);
}

enum proxyflow_end proxyflow_ended(const struct proxyflow *flow, int64_t now)
{
    if (flow->end != PROXYFLOW_LATE && flow->first != NULL)
        return PROXYFLOW_GOES_ON;
    return now >= flow->end_at ? flow->end : PROXYFLOW_GOES_ON;
}

int64_t proxyflow_next(const struct proxyflow *flow)
{
    if (flow->first != NULL && flow->end != PROXYFLOW_LATE)
        return flow->first->due;
    return flow->end == PROXYFLOW_GOES_ON ? NEVER : flow->end_at;
}
