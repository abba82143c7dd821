/*
 * What the tests of events, matches and records share: a post on each wire,
 * and the lines of the files of real and generated events.
 */
#ifndef POSTS_H
#define POSTS_H

#include <stdlib.h>

#include "bsky/event.h"
#include "check.h"

#define POSTS_DATA "../shared/data/"

#define V1_HEAD "{\"did\":\"did:plc:a\",\"time_us\":1795372744737147,"
#define V1_COMMIT                                                              \
    "\"operation\":\"create\",\"collection\":\"app.bsky.feed.post\","          \
    "\"rkey\":\"3n2wb7esvxsb2\",\"cid\":\"bafy\""
#define V1_POST                                                                \
    V1_HEAD "\"cursor\":1001,\"kind\":\"commit\",\"commit\":{" V1_COMMIT       \
            ",\"record\":{\"createdAt\":\"2026-11-22T18:00:00.000Z\"}}}"
#define V2_HEAD "{\"$type\":\"message\",\"payload\":{\"$type\":\"x.y#commit\","
#define V2_POST                                                                \
    V2_HEAD "\"did\":\"did:plc:a\",\"seq\":7,"                                 \
            "\"time\":\"2026-11-22T18:39:04.737147Z\"," V1_COMMIT              \
            ",\"record\":{}}}"

/* event_parse of a copy in a block of its own length, so that reading on is
 * noticed. */
static inline int posts_parse(struct slice json, struct event *event,
                              struct err *err)
{
    char *copy = malloc(json.n > 0 ? json.n : 1);
    int r;

    memcpy(copy, json.p, json.n);
    r = event_parse((struct slice){copy, json.n}, event, err);
    free(copy);
    return r;
}

/* posts_parse of ${json} with the first ${from} in it replaced by ${to}. */
static inline int posts_edited(const char *json, const char *from,
                               const char *to, struct event *event)
{
    struct buf text = BUF_INIT(16384);
    const char *at = NEEDED(strstr(NEEDED(json), from));
    int r;

    buf_add(&text, json, (size_t)(at - json));
    buf_addstr(&text, NEEDED(to));
    buf_addstr(&text, at + strlen(from));
    NEED(!text.starved);
    r = posts_parse(buf_slice(&text), event, NULL);
    buf_release(&text);
    return r;
}

/* posts_edited gives ${want}. */
static inline void posts_check_edit(const char *json, const char *from,
                                    const char *to, int want)
{
    struct event event;
    int got = posts_edited(json, from, to, &event);

    CHECK_INT(got, want);
    if (got != want)
        printf("# '%s' for '%s' in %s\n", to, from, json);
    event_release(&event);
}

/* The next line of ${file} without its newline, in *${line}, which the
 * caller frees in the end; false at the end. */
static inline bool posts_line(FILE *file, char **line, size_t *cap,
                              struct slice *out)
{
    ssize_t n = getline(line, cap, file);

    if (n < 0)
        return false;
    if (n > 0 && (*line)[n - 1] == '\n')
        n--;
    out->p = *line;
    out->n = (size_t)n;
    return true;
}

#endif
