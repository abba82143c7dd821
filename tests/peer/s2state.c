#include "s2peer.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/loop.h"
#include "body.h"

struct store_clock s2state_clock(const struct s2peer *s2)
{
    const struct s2rule_settings *settings = &s2->rules.settings;
    int64_t now = loop_wall() / 1000 + settings->skew_ms;

    return (struct store_clock){.now_ms = now > 0 ? (uint64_t)now : 0,
                                .uncapped = settings->uncapped,
                                .required = settings->require_timestamps};
}

/* Another writer's append, which succeeds whatever the settings. */
static bool append_record(struct s2peer *s2, struct store_stream *stream,
                          const struct store_record *record)
{
    struct store_clock clock = s2state_clock(s2);
    struct store_append append = {.records = record, .n = 1};

    clock.required = false;
    if (store_append(stream, &append, &clock) != STORE_OK)
        return false;
    pthread_cond_broadcast(&s2->grown);
    return true;
}

static bool append_foreign(struct s2peer *s2, struct store_stream *stream,
                           uint64_t n)
{
    for (; n > 0; n--) {
        char body[40];
        struct store_record record = {.timestamp = STORE_NO_TIME};

        snprintf(body, sizeof(body), "FOREIGN-%" PRIu64, s2->foreign);
        record.body = slice_str(body);
        if (!append_record(s2, stream, &record))
            return false;
        s2->foreign++;
    }
    return true;
}

/* The first record of the batch that ${call} is about to append. */
static bool append_copy(struct s2peer *s2, struct store_stream *stream,
                        const struct s2call *call)
{
    struct body_append in;
    bool done = call->kind == S2CALL_APPEND;

    if (!done)
        return false;
    done = body_parse(call->req->body, call->proto_in, &in) == 0 &&
           in.nrecords > 0 && append_record(s2, stream, &in.records[0]);
    body_release(&in);
    return done;
}

static bool append_command(struct s2peer *s2, struct store_stream *stream)
{
    struct store_header fence = {.value = SLICE("fence")};
    struct store_record record = {
        .timestamp = STORE_NO_TIME, .headers = &fence, .nheaders = 1};

    return append_record(s2, stream, &record);
}

/* One record of a seed; its body names its number. */
static int append_seed(struct s2peer *s2, struct store_stream *stream,
                       uint64_t timestamp)
{
    struct store_clock clock = s2state_clock(s2);
    struct store_record record = {.timestamp = timestamp};
    struct store_append append = {.records = &record, .n = 1};
    char body[40];

    clock.uncapped = true;
    clock.required = false;
    snprintf(body, sizeof(body), "{\"n\":%zu}", stream->n);
    record.body = slice_str(body);
    return store_append(stream, &append, &clock) == STORE_OK ? 0 : -1;
}

/* The timestamp of a seed's first record. */
static uint64_t seed_start(const struct s2seed *seed, uint64_t now)
{
    if (!seed->relative)
        return seed->start;
    return now > seed->start ? now - seed->start : 0;
}

int s2state_seed(struct s2peer *s2, struct err *err)
{
    uint64_t now = s2state_clock(s2).now_ms;

    for (const struct s2seed *seed = s2->rules.seeds; seed != NULL;
         seed = seed->next) {
        struct store_stream *stream = store_find(&s2->store, seed->stream);
        uint64_t time = seed_start(seed, now);

        if (stream == NULL)
            stream = store_create(&s2->store, seed->stream, loop_wall());
        if (stream == NULL)
            return err_memory(err);
        if (seed->command && !append_command(s2, stream))
            return err_memory(err);
        for (uint64_t i = 0; i < seed->n; i++) {
            if (append_seed(s2, stream,
                            seed->dated ? time + i * seed->step
                                        : STORE_NO_TIME) != 0)
                return err_memory(err);
        }
    }
    return 0;
}

struct store_stream *s2state_stream(struct s2peer *s2, struct s2call *call,
                                    struct s2reply *reply)
{
    const char *name = s2call_name(call);
    struct store_stream *stream =
        name != NULL ? store_find(&s2->store, name) : NULL;

    if (stream == NULL) {
        s2reply_error(reply, 404, "stream_not_found", "stream not found");
        return NULL;
    }
    if (stream->deleted_us != 0) {
        s2reply_error(reply, 409, "stream_deletion_pending",
                      "stream deletion pending");
        return NULL;
    }
    return stream;
}

void s2state_bury(struct s2peer *s2)
{
    int64_t ms = (int64_t)s2->rules.settings.deleting_ms;

    store_bury(&s2->store, loop_wall() - ms * 1000);
}

int s2state_delete(struct s2peer *s2, struct store_stream *stream)
{
    if (store_delete(stream, loop_wall()) != 0)
        return -1;
    s2state_bury(s2);
    pthread_cond_broadcast(&s2->grown);
    return 0;
}

static bool delete_all(struct s2peer *s2)
{
    int64_t now = loop_wall();

    for (size_t i = 0; i < s2->store.n; i++)
        store_delete(s2->store.streams[i], now);
    s2state_bury(s2);
    pthread_cond_broadcast(&s2->grown);
    return true;
}

bool s2state_change(struct s2peer *s2, struct s2call *call,
                    const struct s2rule *rule)
{
    const char *name = s2call_name(call);
    struct store_stream *stream =
        name != NULL ? store_find(&s2->store, name) : NULL;

    if (rule->fault == S2RULE_F_WIPE)
        return delete_all(s2);
    if (stream == NULL || stream->deleted_us != 0)
        return false;
    switch (rule->fault) {
    case S2RULE_F_TRIM:
        store_trim(stream, rule->number);
        return true;
    case S2RULE_F_DELETE:
        return s2state_delete(s2, stream) == 0;
    case S2RULE_F_COMMAND:
        return append_command(s2, stream);
    case S2RULE_F_FOREIGN:
        return rule->copy ? append_copy(s2, stream, call)
                          : append_foreign(s2, stream, rule->number);
    default:
        return false;
    }
}
