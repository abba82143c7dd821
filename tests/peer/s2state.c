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

bool s2state_change(struct s2peer *s2, struct s2call *call,
                    const struct s2rule *rule)
{
    const char *name = s2call_name(call);
    struct store_stream *stream =
        name != NULL ? store_find(&s2->store, name) : NULL;

    if (rule->fault == S2RULE_F_WIPE) {
        store_release(&s2->store);
        return true;
    }
    if (stream == NULL)
        return false;
    switch (rule->fault) {
    case S2RULE_F_TRIM:
        store_trim(stream, rule->number);
        return true;
    case S2RULE_F_DELETE:
        store_delete(&s2->store, stream);
        return true;
    case S2RULE_F_FOREIGN:
        return rule->copy ? append_copy(s2, stream, call)
                          : append_foreign(s2, stream, rule->number);
    default:
        return false;
    }
}
