/*
 * Lines as bsky2s2 -o and -n print them, instead of a basin.
 */
#ifndef S2TAIL_FEED_H
#define S2TAIL_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct feed;
struct tail;
struct pollfd;

/* feed_open(tail, path, err): "-" is stdin.  NULL: ERR_NOINPUT, ERR_OS. */
struct feed *feed_open(struct tail *tail, const char *path, struct err *err);
void feed_close(struct feed *feed); /* NULL is harmless */

/* feed_run(feed, ready): read and count what is at hand; ${ready}: its
 * descriptor is.  1 for more to come, 0 at the end, -1 with tail->err. */
int feed_run(struct feed *feed, bool ready);

/* feed_fd(feed): what to wait for; -1 when there is something at hand. */
int feed_fd(const struct feed *feed);

/* feed_name(feed): what to call it in messages. */
const char *feed_name(const struct feed *feed);

/* feed_bad(feed): lines that could not be counted; feed_streams(feed): streams
 * seen in them. */
uint64_t feed_bad(const struct feed *feed);
size_t feed_streams(const struct feed *feed);

#endif
