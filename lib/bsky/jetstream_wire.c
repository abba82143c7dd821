#include "bsky/jetstream_wire.h"

#define V1_PATH "/subscribe"
#define V2_PATH "/xrpc/network.bsky.jetstream.subscribeEvents"

const char jetstream_wire_paths[] = V1_PATH " nor " V2_PATH;

const struct jetstream_wire jetstream_wires[] = {
    {.name = "v1",
     .path = V1_PATH,
     .query = "?wantedCollections=app.bsky.feed.post",
     .did = "&wantedDids=",
     .compress = "&compress=true",
     .dictionary = 1612007021},
    {.name = "v2",
     .path = V2_PATH,
     .query = "?kinds=commit&collections=app.bsky.feed.post",
     .did = "&dids=",
     .compress = "&zstdDictionary=",
     .subprotocol = "xrpc.v1.json"},
    {.path = NULL},
};
