#include "bsky/jetstream_wire.h"

#define MINUTE_US INT64_C(60000000)

const struct jetstream_wire jetstream_wires[EVENT_WIRES] = {
    [EVENT_V1] = {.name = "v1",
                  .path = "/subscribe",
                  .query = "?wantedCollections=app.bsky.feed.post",
                  .did = "&wantedDids=",
                  .compress = "&compress=true",
                  .dictionary = 1612007021,
                  .max_age_us = MINUTE_US * 60 * 24 * 2},
    /* A resync looks like new posts: age alone tells it. */
    [EVENT_V2] = {.name = "v2",
                  .path = "/xrpc/network.bsky.jetstream.subscribeEvents",
                  .query = "?kinds=commit&collections=app.bsky.feed.post",
                  .did = "&dids=",
                  .compress = "&zstdDictionary=",
                  .subprotocol = "xrpc.v1.json",
                  .max_age_us = MINUTE_US * 30},
};
