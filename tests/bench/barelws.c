/*
 * barelws PORT PATH N: the least that a libwebsockets client can do.  It
 * counts N whole messages of ws://127.0.0.1:PORT PATH, prints "N BYTES", and
 * is the measure of what a websocket costs before anybody looks at the data.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include <libwebsockets.h>

#include "base/parse.h"

#define RX_BUFFER (32 << 10)

struct bare {
    uint64_t want;  /* messages */
    uint64_t have;  /* whole ones so far */
    uint64_t bytes; /* of all pieces */
    bool over;      /* all are here, or the connection is gone */
};

static int on_event(struct lws *lws, enum lws_callback_reasons reason,
                    __attribute__((unused)) void *user,
                    __attribute__((unused)) void *in, size_t len)
{
    struct bare *bare = lws_context_user(lws_get_context(lws));

    switch (reason) {
    case LWS_CALLBACK_CLIENT_RECEIVE:
        bare->bytes += len;
        if (lws_is_final_fragment(lws) && ++bare->have == bare->want) {
            bare->over = true;
            return -1;
        }
        return 0;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_CLIENT_CLOSED:
        bare->over = true;
        return 0;
    default:
        return 0;
    }
}

static const struct lws_protocols protocols[] = {
    {.name = "bare", .callback = on_event, .rx_buffer_size = RX_BUFFER},
    {.name = NULL},
};

/* The events until there are enough; what came is in ${bare}. */
static int run(struct bare *bare, int port, const char *path)
{
    const struct lws_context_creation_info context_info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = protocols,
        .user = bare,
        .pt_serv_buf_size = RX_BUFFER,
        /* Set, so that lws does not look into the environment. */
        .http_proxy_address = "",
    };
    struct lws_context *context;
    struct lws_client_connect_info info = {
        .address = "127.0.0.1",
        .port = port,
        .path = path,
        .host = "127.0.0.1",
        .local_protocol_name = protocols[0].name,
        .ietf_version_or_minus_one = -1,
    };

    lws_set_log_level(0, NULL);
    context = lws_create_context(&context_info);
    if (context == NULL)
        return -1;
    info.context = context;
    if (lws_client_connect_via_info(&info) == NULL)
        bare->over = true;
    while (!bare->over && lws_service(context, 0) >= 0) {
    }
    lws_context_destroy(context);
    return 0;
}

int main(int argc, char **argv)
{
    struct bare bare = {.want = 0};
    uint64_t port;

    if (argc != 4 || argv[2][0] != '/' ||
        parse_uint(argv[1], 1, 65535, &port, NULL) != 0 ||
        parse_uint(argv[3], 1, UINT64_MAX, &bare.want, NULL) != 0) {
        fputs("usage: barelws PORT PATH N\n", stderr);
        return ERR_USAGE;
    }
    if (run(&bare, (int)port, argv[2]) != 0) {
        fputs("barelws: cannot set up libwebsockets\n", stderr);
        return ERR_OS;
    }
    printf("%" PRIu64 " %" PRIu64 "\n", bare.have, bare.bytes);
    if (fflush(stdout) != 0)
        return ERR_IO;
    if (bare.have < bare.want) {
        fputs("barelws: the connection ended too early\n", stderr);
        return ERR_UNAVAILABLE;
    }
    return 0;
}
