/*
 * A basin in S2, over its HTTP API.
 */
#ifndef BASIN_SERVICE_H
#define BASIN_SERVICE_H

#include "basin/basin.h"
#include "s2/client.h"

/*
 * service_open(config, err): a basin over a client made from ${config}.  No
 * request is sent yet.  NULL with the client's error.
 */
struct basin *service_open(const struct client_config *config, struct err *err);

#endif
