/*
 * The record that both tools agree on: the JSON object did, rkey,
 * created_at, observed_at, cid, offsite, offsite_uri, in that order, compact.
 */
#ifndef BSKY_RECORD_H
#define BSKY_RECORD_H

#include "base/hash.h"
#include "bsky/event.h"

/*
 * record_encode(out, event, offsite, uri): append the record's body to
 * ${out}; ${offsite} is lowercased.  0, or -1 when ${out} is full or out of
 * memory (its content is then as it was).
 */
int record_encode(struct buf *out, const struct event *event,
                  struct slice offsite, struct slice uri);

/*
 * record_event_id(key, event): the identity (did, rkey, cid) of a post.
 * record_body_id(key, body, id): the same out of a record's body; 0, or -1
 * when ${body} is not such a record.
 */
struct hash128 record_event_id(struct hash_key key, const struct event *event);
int record_body_id(struct hash_key key, struct slice body, struct hash128 *id);

#endif
