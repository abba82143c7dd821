/*
 * From records that were read to records that are handed out: each once, in
 * order, without commands, and what is missing is counted.
 */
#ifndef BASIN_FOLLOW_TAKE_H
#define BASIN_FOLLOW_TAKE_H

#include "basin/follow_track.h"

/* follow_take(track, records, n): hand out what is new of ${records}, which
 * are in the order of their numbers. */
void follow_take(struct follow_track *track, const struct wire_record *records,
                 size_t n);

/* follow_take_skip(track, to): nothing below ${to} will come any more; it is
 * missing if the stream had begun. */
void follow_take_skip(struct follow_track *track, uint64_t to);

#endif
