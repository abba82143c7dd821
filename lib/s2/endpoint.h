/*
 * The addresses of S2's two servers, as users write them.
 */
#ifndef S2_ENDPOINT_H
#define S2_ENDPOINT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

#define ENDPOINT_MAX 512

struct endpoint {
    char url[ENDPOINT_MAX]; /* scheme and authority, without a slash behind */
    bool tls;
    bool loopback; /* it cannot be anything but this machine */
    bool named;    /* the text held {basin} */
};

/*
 * endpoint_parse(text, basin, endpoint, err): parse
 * [http://|https://]HOST[:PORT][/], by default https.  A {basin} in the host
 * is replaced by ${basin}; with NULL it is refused.  0, or -1 with
 * ERR_CONFIG.
 */
int endpoint_parse(const char *text, const char *basin,
                   struct endpoint *endpoint, struct err *err);

#endif
