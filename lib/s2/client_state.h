/*
 * A client, as client_new makes it and its requests use it.  Internal to
 * client*.c.
 */
#ifndef S2_CLIENT_STATE_H
#define S2_CLIENT_STATE_H

#include <stdint.h>

#include "s2/client.h"
#include "s2/endpoint.h"

struct client {
    struct http *http; /* borrowed */
    char *basin;
    struct endpoint account_endpoint;
    struct endpoint basin_endpoint;
    char *authorization; /* whole headers; NULL: none */
    char *basin_header;
    char *key_header;
    int64_t timeout_ms;
};

#endif
