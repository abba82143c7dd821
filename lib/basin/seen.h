/*
 * The identities that one stream is known to hold or is about to: what a
 * redelivered event is recognised by.  Kept by hash, oldest forgotten first,
 * and never by the local clock.
 */
#ifndef BASIN_SEEN_H
#define BASIN_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

/* The newest so many are kept whatever their times; more than a block that a
 * crashed server may send again under new numbers and times. */
#define SEEN_LEAST 5000

/* No stream remembers more: a week of 1.7 records a second, or half an hour of
 * 582; 36 MiB then.  SEEN_LEAST take 288 KiB. */
#define SEEN_MOST ((size_t)1 << 20)

struct seen;

/* seen_new(): an empty set, NULL without memory.  seen_free(NULL) is
 * harmless. */
struct seen *seen_new(void);
void seen_free(struct seen *seen);

/* seen_has(seen, id): whether ${id} is known. */
bool seen_has(const struct seen *seen, struct hash128 id);

/*
 * seen_add(seen, id, time_us): remember ${id}, which belongs to an event or
 * record of ${time_us}, unless it is known.  At SEEN_MOST the oldest makes
 * room.  0, or -1 without memory.
 */
int seen_add(struct seen *seen, struct hash128 id, int64_t time_us);

/* seen_age(seen, before_us): forget from the oldest on what is older than
 * ${before_us}, but keep SEEN_LEAST. */
void seen_age(struct seen *seen, int64_t before_us);

/* seen_forgot(seen): whether SEEN_MOST ever made the oldest go. */
bool seen_forgot(const struct seen *seen);

/* seen_clear(seen): forget all. */
void seen_clear(struct seen *seen);

/* seen_count(seen): how many are remembered. */
size_t seen_count(const struct seen *seen);

#endif
