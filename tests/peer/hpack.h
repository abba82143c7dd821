/*
 * The headers of HTTP/2 requests, unpacked (RFC 7541).
 */
#ifndef PEER_HPACK_H
#define PEER_HPACK_H

#include "base/buf.h"

/* As many as fit into the default size of the table. */
#define HPACK_ENTRIES 128

struct hpack_entry {
    char *bytes; /* name and value */
    size_t nname;
    size_t nvalue;
};

/* One connection's table. */
struct hpack {
    struct hpack_entry entries[HPACK_ENTRIES]; /* newest first */
    size_t n;
    size_t size; /* by the standard's count */
    size_t max;
};

/* One header, borrowed.  0, or -1 to stop. */
typedef int hpack_field(void *arg, struct slice name, struct slice value);

/* hpack_init(hpack), hpack_release(hpack): an empty table; free it. */
void hpack_init(struct hpack *hpack);
void hpack_release(struct hpack *hpack);

/* hpack_decode(hpack, block, field, arg): call ${field} with each header of
 * ${block}, in order.  0, or -1 when it is no such block: the connection is
 * then of no more use. */
int hpack_decode(struct hpack *hpack, struct slice block, hpack_field *field,
                 void *arg);

#endif
