#include "basin/follow_list.h"

#include <fnmatch.h>
#include <string.h>

#include "base/loop.h"

/* Lists that failures of streams give rise to are so far apart, at least. */
#define RELIST_MS 1000

void follow_list_init(struct follow_list *list, struct follow_shared *shared)
{
    struct retry retry = BASIN_RETRY;

    memset(list, 0, sizeof(*list));
    list->shared = shared;
    list->retry = retry;
    list->due_ms = INT64_MIN;
    buf_init(&list->after, WIRE_NAME_MAX);
}

void follow_list_stop(struct follow_list *list)
{
    basin_cancel(list->shared->config.basin, list->op);
    list->op = NULL;
}

void follow_list_release(struct follow_list *list)
{
    follow_list_stop(list);
    buf_release(&list->after);
}

static bool is_excluded(const struct follow_config *config, const char *name)
{
    for (size_t i = 0; i < config->nexcludes; i++) {
        if (fnmatch(config->excludes[i], name, 0) == 0)
            return true;
    }
    return false;
}

/* The next page begins behind its last name; a page that does not get on
 * would be asked for for ever. */
static int advance(struct follow_list *list, const struct basin_reply *reply)
{
    const char *last = reply->nnames > 0 ? reply->names[reply->nnames - 1] : "";
    const char *after = buf_str(&list->after);

    list->more = reply->more;
    if (!reply->more)
        return 0;
    if (after == NULL || strcmp(last, after) <= 0)
        return -1;
    buf_reset(&list->after);
    return buf_addstr(&list->after, last);
}

static void take_names(struct follow_list *list,
                       const struct basin_reply *reply)
{
    struct follow_shared *shared = list->shared;

    for (size_t i = 0; i < reply->nnames; i++) {
        uint64_t made = reply->made != NULL ? reply->made[i] : 0;

        if (!is_excluded(&shared->config, reply->names[i]) &&
            list->found(list->arg, reply->names[i], made, &shared->fatal) != 0)
            return;
    }
    if (advance(list, reply) != 0) {
        list->outcome = OUTCOME_RETRY;
        err_set(&list->err, ERR_PROTOCOL, "a page that does not get on");
    }
}

static void on_list(void *arg, const struct basin_reply *reply)
{
    struct follow_list *list = arg;

    list->op = NULL;
    list->answered = true;
    list->outcome = reply->outcome;
    list->err = reply->err;
    list->retry_after_ms = reply->retry_after_ms;
    if (reply->outcome == OUTCOME_OK)
        take_names(list, reply);
}

/* This prefix is listed. */
static void next_prefix(struct follow_list *list, int64_t now)
{
    const struct follow_config *config = &list->shared->config;

    buf_reset(&list->after);
    list->prefix++;
    if (list->prefix < config->nprefixes)
        return;
    list->prefix = 0;
    list->going = false;
    list->shared->listed = true;
    if (config->once || config->discover_ms == 0)
        list->due_ms = LOOP_NEVER;
    else
        list->due_ms = now + config->discover_ms;
}

static void settle(struct follow_list *list, int64_t now)
{
    struct follow_shared *shared = list->shared;

    list->answered = false;
    if (list->outcome == OUTCOME_OK) {
        follow_shared_recover(shared, &list->retry, NULL);
        if (!list->more)
            next_prefix(list, now);
    } else if (follow_shared_is_final(shared, list->outcome)) {
        follow_shared_fatal(shared, NULL, &list->err);
    } else {
        list->least_ms = now + list->retry_after_ms;
        list->due_ms = follow_shared_fail(
            shared, &list->retry, NULL, &list->err, list->retry_after_ms, now);
    }
    err_clear(&list->err);
}

static void start(struct follow_list *list, int64_t now)
{
    struct follow_shared *shared = list->shared;
    const struct follow_config *config = &shared->config;
    const char *after = buf_str(&list->after);
    struct err err = ERR_INIT;

    if (!list->going || list->retry.fails > 0)
        shared->relist = false;
    shared->round += !list->going;
    list->going = true;
    list->asked_ms = now;
    if (after == NULL)
        err_memory(&err);
    else
        list->op = basin_list(config->basin, config->prefixes[list->prefix],
                              after, on_list, list, &err);
    if (list->op == NULL)
        follow_shared_fatal(shared, NULL, &err);
}

/* When it is to be asked for.  Where streams answer again, a list does, too. */
static int64_t due(const struct follow_list *list)
{
    int64_t soon = list->asked_ms + RELIST_MS;

    if (!list->shared->relist || list->due_ms == LOOP_NEVER)
        return list->due_ms;
    if (soon < list->least_ms)
        soon = list->least_ms;
    return soon < list->due_ms ? soon : list->due_ms;
}

int64_t follow_list_run(struct follow_list *list, int64_t now)
{
    if (list->answered)
        settle(list, now);
    if (list->op != NULL || list->shared->fatal.code != ERR_NONE)
        return LOOP_NEVER;
    if (now < due(list))
        return due(list);
    start(list, now);
    return LOOP_NEVER;
}
