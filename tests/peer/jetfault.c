#include "jet.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "base/retry.h"

#define FOREVER_MS INT64_MAX
#define GARBAGE_SIZE ((size_t)300)
#define MESSAGE_MAX ((size_t)128 << 20)

#define V2_PREFIX "network.bsky.jetstream.subscribeEvents#"

/* The same bytes in every run, and never JSON. */
static struct slice garbage(char bytes[GARBAGE_SIZE])
{
    struct rng rng = {1};
    struct slice s = {bytes, GARBAGE_SIZE};

    for (size_t i = 0; i < GARBAGE_SIZE; i++)
        bytes[i] = (char)(rng_next(&rng) & 0xFF);
    return s;
}

/* A text frame as it is, never compressed. */
static int send_text(struct jetconn *jc, struct slice text)
{
    return ws_message(&jc->ws, WSFRAME_TEXT, text);
}

static int send_garbage(struct jetconn *jc, const char *magic)
{
    char bytes[GARBAGE_SIZE];
    struct slice s = garbage(bytes);

    if (magic == NULL)
        return send_text(jc, s);
    memcpy(bytes, magic, strlen(magic));
    return ws_message(&jc->ws, WSFRAME_BINARY, s);
}

/* JSON of just ${size} bytes. */
static int send_oversize(struct jetconn *jc, uint64_t size)
{
    static const char head[] = "{\"kind\":\"padding\",\"pad\":\"";
    static const char tail[] = "\"}";
    size_t least = sizeof(head) - 1 + sizeof(tail) - 1;
    struct buf text = BUF_INIT(MESSAGE_MAX);
    size_t pad = size > least ? (size_t)size - least : 0;
    int result = -1;
    char *to;

    if (size <= MESSAGE_MAX && buf_addstr(&text, head) == 0) {
        to = buf_reserve(&text, pad);
        if (to != NULL) {
            memset(to, 'x', pad);
            text.n += pad;
            if (buf_addstr(&text, tail) == 0)
                result = send_text(jc, buf_slice(&text));
        }
    }
    buf_release(&text);
    return result;
}

/* The time of the event that was sent last, or of the next one. */
static int64_t time_now(const struct jetconn *jc)
{
    size_t i = jc->next > 0 ? jc->next - 1 : 0;

    return jc->feed->n > 0 ? feed_time(jc->feed, i, &jc->view) : 0;
}

static int send_unknown(struct jetconn *jc)
{
    char text[512];
    char time[PARSE_TIME_SIZE];

    if (jc->ask.wire == EVENT_V1) {
        snprintf(text, sizeof(text),
                 "{\"did\":\"did:plc:unknown\",\"time_us\":%lld,"
                 "\"kind\":\"novelty\",\"novelty\":{}}",
                 (long long)time_now(jc));
    } else {
        parse_time_text(time_now(jc), time);
        snprintf(text, sizeof(text),
                 "{\"$type\":\"message\",\"payload\":{\"$type\":\"" V2_PREFIX
                 "novelty\",\"did\":\"did:plc:unknown\","
                 "\"time\":\"%.26sZ\"}}",
                 time);
    }
    return jetrun_message(jc, slice_str(text));
}

int jetfault_info(struct jetconn *jc, const char *name)
{
    char text[512];

    snprintf(text, sizeof(text),
             "{\"$type\":\"message\",\"payload\":{\"$type\":\"" V2_PREFIX
             "info\",\"message\":\"%.80s, as scripted\",\"name\":\"%.80s\"}}",
             name, name);
    return jetrun_message(jc, slice_str(text));
}

static int send_error(struct jetconn *jc, const char *name)
{
    char text[512];

    snprintf(text, sizeof(text),
             "{\"$type\":\"error\",\"error\":\"%.80s\","
             "\"message\":\"%.80s, as scripted\"}",
             name, name);
    if (jetrun_message(jc, slice_str(text)) == 0)
        ws_close(&jc->ws, 1008);
    return -1;
}

/* Half of the frame that would come next, and then no more. */
static int send_cut(struct jetconn *jc)
{
    struct slice line = jc->next < jc->feed->n
                            ? jc->feed->events[jc->next].line
                            : SLICE("{\"kind\":\"the last\"}");

    if (ws_flush(&jc->ws) == 0 &&
        wsframe_add(&jc->ws.out, WSFRAME_FIN | WSFRAME_TEXT, false, line) ==
            0) {
        jc->ws.out.n -= line.n / 2;
        ws_flush(&jc->ws);
    }
    return -1;
}

/* The last ${count} events of this connection once more. */
static int send_again(struct jetconn *jc, uint64_t count)
{
    size_t from = jc->next;

    while (from > jc->first && count > 0)
        count -= jetrun_takes(jc, --from);
    for (size_t i = from; i < jc->next; i++) {
        if (jetrun_takes(jc, i) && jetrun_event(jc, i) != 0)
            return -1;
    }
    return 0;
}

static int send_bigcontrol(struct jetconn *jc)
{
    char payload[126];
    struct slice bytes = {payload, sizeof(payload)};

    memset(payload, 'p', sizeof(payload));
    return ws_frame(&jc->ws, WSFRAME_FIN | WSFRAME_PING, false, bytes);
}

/* Faults that end the connection, or hold it; all before is written. */
static int end_by(struct jetconn *jc, const struct plan_step *step)
{
    if (step->fault == PLAN_F_CUT)
        return send_cut(jc);
    if (step->fault == PLAN_F_ERROR)
        return send_error(jc, step->text);
    if (ws_flush(&jc->ws) != 0)
        return -1;
    if (step->fault == PLAN_F_STALL)
        return net_sleep(jc->ws.conn->server, (int64_t)step->number) ? 0 : -1;
    if (step->fault == PLAN_F_CLOSE)
        ws_close(&jc->ws, (unsigned)step->number);
    else if (step->fault == PLAN_F_RESET)
        net_reset(jc->ws.conn);
    else if (step->fault == PLAN_F_HANG)
        net_discard(jc->ws.conn, FOREVER_MS);
    return -1;
}

static int inject(struct jetconn *jc, const struct plan_step *step)
{
    const unsigned text = WSFRAME_FIN | WSFRAME_TEXT;
    struct ws *ws = &jc->ws;

    switch (step->fault) {
    case PLAN_F_GARBAGE:
        return send_garbage(jc, NULL);
    case PLAN_F_NOTJSON:
        return send_text(jc, slice_str(step->text));
    case PLAN_F_BADZSTD:
        return send_garbage(jc, "\x28\xB5\x2F\xFD");
    case PLAN_F_BINARY:
        return ws_message(ws, WSFRAME_BINARY, SLICE("{\"kind\":\"binary\"}"));
    case PLAN_F_OVERSIZE:
        return send_oversize(jc, step->number);
    case PLAN_F_ZERO:
        return send_text(jc, SLICE(""));
    case PLAN_F_UNKNOWN:
        return send_unknown(jc);
    case PLAN_F_RSV:
        return ws_frame(ws, text | WSFRAME_RSV1, false, SLICE("{}"));
    case PLAN_F_MASKED:
        return ws_frame(ws, text, true, SLICE("{}"));
    case PLAN_F_BADUTF8:
        return send_text(jc, SLICE("{\"kind\":\"\xC3\x28\xFF\"}"));
    case PLAN_F_BIGCONTROL:
        return send_bigcontrol(jc);
    case PLAN_F_PING:
        return ws_frame(ws, WSFRAME_FIN | WSFRAME_PING, false, SLICE("ping"));
    case PLAN_F_FRAGMENTS:
        ws->fragment = (size_t)step->number;
        return 0;
    case PLAN_F_DUP:
        return send_again(jc, step->number);
    case PLAN_F_INFO:
        return jetfault_info(jc, step->text);
    case PLAN_F_DONE:
        jc->quiet = true;
        return 0;
    case PLAN_F_END:
        jc->ends = true;
        return 0;
    default:
        return end_by(jc, step);
    }
}

/* Whether ${step} is due; a "once" is then spent, for all connections. */
static bool is_due(struct jetconn *jc, struct plan_step *step)
{
    bool due;

    if (step->when == PLAN_EVERY)
        return jc->sent > 0 && jc->sent % step->n == 0;
    if (jc->sent != step->n || step->when == PLAN_AFTER)
        return jc->sent == step->n;
    pthread_mutex_lock(&jc->jet->lock);
    due = !step->spent;
    step->spent = true;
    pthread_mutex_unlock(&jc->jet->lock);
    return due;
}

static int inject_due(struct jetconn *jc, struct plan_block *block)
{
    char what[PLAN_DESCRIBE_SIZE];

    for (struct plan_step *s = block->steps; s != NULL; s = s->next) {
        if (!is_due(jc, s))
            continue;
        plan_describe(s, what);
        if (s->fault != PLAN_F_END)
            journal_line(&jc->jet->peer.journal,
                         "fault conn=%u sent=%" PRIu64 " %s", jc->ws.conn->id,
                         jc->sent, what);
        if (inject(jc, s) != 0)
            return -1;
    }
    return 0;
}

int jetfault_due(struct jetconn *jc)
{
    struct plan_block *every = &jc->jet->plan.every;

    if (inject_due(jc, jc->block) != 0)
        return -1;
    return jc->block != every ? inject_due(jc, every) : 0;
}
