#include "bsky/jetstream_wire.h"

const struct jetstream_wire jetstream_wires[] = {
    {.name = "v1",
     .path = "/subscribe",
     .query = "?wantedCollections=app.bsky.feed.post",
     .did = "&wantedDids=",
     .compress = "&compress=true",
     .dictionary = 1612007021},
    {.name = "v2",
     .path = "/xrpc/network.bsky.jetstream.subscribeEvents",
     .query = "?kinds=commit&collections=app.bsky.feed.post",
     .did = "&dids=",
     .compress = "&zstdDictionary=",
     .subprotocol = "xrpc.v1.json"},
    {.path = NULL},
};
