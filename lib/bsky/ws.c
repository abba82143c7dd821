#include "bsky/ws.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libwebsockets.h>

#include "bsky/ws_conn.h"
#include "bsky/ws_text.h"

/*
 * With less than 32 KiB for either, a paused connection over TLS never
 * returns from lws_service (4.1.6: a loop on what OpenSSL has pending).
 */
#define RX_BUFFER (32 << 10)
#define SERVICE_BUFFER (32 << 10)
_Static_assert(RX_BUFFER >= 32768 && SERVICE_BUFFER >= 32768, "lws loops");
_Static_assert(SERVICE_BUFFER >= WS_PATH_MAX + 4096, "the request must fit");

/* Room for the connection and for those given up that lws still holds. */
#define FD_LIMIT 32

/* How long the caller may sleep in spite of lws's own timers (ms). */
#define NAP_CONNECTING 50
#define NAP 250

/* lws reads one TLS record a call: go round, but do not keep others waiting. */
#define ROUNDS 16
#define CONNECTING_ROUNDS 3

/* Data shows life as well as a pong, but telling lws has its price (ms). */
#define CONFIRM_EVERY 1000

struct ws {
    struct lws_context *context;
    struct ws_hooks hooks;
    char *user_agent;
    size_t message_max;
    lws_retry_bo_t policy; /* lws keeps a pointer to it */
    int64_t now;
    unsigned pieces; /* that have arrived, to see whether more did */
    bool paused;
    struct ws_conn *current; /* in conns too; NULL: none */
    struct ws_conn *conns;   /* all that lws knows, or has just forgotten */
};

const char *ws_library(void)
{
    return lws_get_library_version();
}

static int on_error(struct ws_conn *conn, struct slice why)
{
    unsigned status = lws_http_client_http_response(conn->lws);
    char after[32];
    int n;

    if (status >= 300 && status <= 599) {
        n = lws_hdr_copy(conn->lws, after, sizeof(after),
                         WSI_TOKEN_HTTP_RETRY_AFTER);
        ws_text_refused(&conn->end, (int)status, n > 0 ? after : NULL);
    }
    ws_text_reason(&conn->end, why);
    return 0;
}

/* ${ok} is OpenSSL's verdict on a certificate of the server's chain. */
static int on_certificate(struct ws_conn *conn, bool ok)
{
    if (!ok)
        ws_text_reason(&conn->end, WS_TEXT_UNTRUSTED);
    return 0;
}

static int on_established(struct ws *ws, struct ws_conn *conn)
{
    conn->end.up = true;
    if (ws->paused)
        lws_rx_flow_control(conn->lws, 0);
    ws->hooks.up(ws->hooks.arg);
    return 0;
}

static int on_alive(struct ws *ws, struct ws_conn *conn)
{
    ws->hooks.alive(ws->hooks.arg);
    if (ws->now - conn->confirmed < CONFIRM_EVERY)
        return 0;
    conn->confirmed = ws->now;
    lws_validity_confirmed(conn->lws);
    return 0;
}

/* A frame, or the part of one that fits the receive buffer. */
static int on_piece(struct ws *ws, struct ws_conn *conn, struct slice piece)
{
    bool binary = lws_frame_is_binary(conn->lws) != 0;
    struct slice message;

    ws->pieces++;
    on_alive(ws, conn);
    switch (ws_conn_join(conn, piece, lws_is_first_fragment(conn->lws) != 0,
                         lws_is_final_fragment(conn->lws) != 0, &message)) {
    case WS_JOINED_PART:
        break;
    case WS_JOINED_MESSAGE:
        ws->hooks.message(ws->hooks.arg, message, binary);
        break;
    case WS_JOINED_OVERSIZE:
        ws->hooks.oversize(ws->hooks.arg);
        break;
    case WS_JOINED_STARVED:
        return -1;
    }
    return 0;
}

/* lws's buffer for the request ends ${room} bytes behind *${p}. */
static int on_headers(struct ws *ws, struct ws_conn *conn, unsigned char **p,
                      size_t room)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): lws gives one. */
    unsigned char *end = *p + room;
    char *at = (char *)*p;

    if (conn->path != NULL) {
        if (room > SERVICE_BUFFER ||
            ws_text_put_path(&at, SERVICE_BUFFER - room, room, conn->path))
            return -1;
        *p = (unsigned char *)at;
    }
    return lws_add_http_header_by_token(conn->lws, WSI_TOKEN_HTTP_USER_AGENT,
                                        (unsigned char *)ws->user_agent,
                                        (int)strlen(ws->user_agent), p, end);
}

/* What lws has to say of a connection that has not been given up. */
static int on_current(struct ws *ws, struct ws_conn *conn, int reason, void *in,
                      size_t len)
{
    struct slice data = {in, in == NULL ? 0 : len};

    switch (reason) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
        return on_headers(ws, conn, in, len);
    case LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION:
        return on_certificate(conn, len != 0);
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        return on_error(conn, data);
    case LWS_CALLBACK_CLIENT_HTTP_REDIRECT:
        return -1;
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        return on_established(ws, conn);
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return on_piece(ws, conn, data);
    case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
        return on_alive(ws, conn);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        ws_text_closed(&conn->end, data);
        conn->prompt = true;
        return 0;
    default:
        return 0;
    }
}

static int on_event(struct lws *lws, enum lws_callback_reasons reason,
                    __attribute__((unused)) void *user, void *in, size_t len)
{
    struct ws_conn *conn = lws_get_opaque_user_data(lws);

    if (conn == NULL)
        return 0;
    conn->gone = reason == LWS_CALLBACK_WSI_DESTROY;
    conn->lws = conn->gone ? NULL : lws;
    if (conn->gone || conn->abandoned)
        return reason == LWS_CALLBACK_CLIENT_RECEIVE ? -1 : 0;
    return on_current(lws_context_user(lws_get_context(lws)), conn, (int)reason,
                      in, len);
}

static const struct lws_protocols protocols[] = {
    {.name = "bsky", .callback = on_event, .rx_buffer_size = RX_BUFFER},
    {.name = NULL},
};

/* lws pings after so much silence, and hangs up after three times that.  The
 * caller watches for silence too, and knows when it is his own pause. */
static lws_retry_bo_t idle_policy(int64_t ping_ms)
{
    int64_t ping_s = (ping_ms + 999) / 1000;

    ping_s = ping_s < 1 ? 1 : ping_s > 3600 ? 3600 : ping_s;
    return (lws_retry_bo_t){.secs_since_valid_ping = (uint16_t)ping_s,
                            .secs_since_valid_hangup = (uint16_t)(ping_s * 3)};
}

static int open_context(struct ws *ws, const struct ws_config *config,
                        struct err *err)
{
    unsigned limit = (unsigned)((config->connect_ms + 999) / 1000);
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = protocols,
        .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
        .user = ws,
        .client_ssl_ca_filepath = config->cacert,
        /* Whatever OpenSSL's own configuration still allows. */
        .ssl_client_options_set = SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1,
        .pt_serv_buf_size = SERVICE_BUFFER,
        .max_http_header_data2 = SERVICE_BUFFER,
        .fd_limit_per_thread = FD_LIMIT,
        .timeout_secs = limit,
        .connect_timeout_secs = limit,
        /* Set, so that lws does not look into the environment. */
        .http_proxy_address = "",
    };

    if (config->cacert != NULL && access(config->cacert, R_OK) != 0)
        return err_os(err, ERR_CONFIG, errno, "%.200s", config->cacert);
    lws_set_log_level(0, NULL);
    ws->context = lws_create_context(&info);
    if (ws->context == NULL)
        return err_set(err, ERR_OS, "cannot set up libwebsockets");
    return 0;
}

struct ws *ws_new(const struct ws_config *config, struct err *err)
{
    struct ws *ws = calloc(1, sizeof(*ws));

    if (ws == NULL) {
        err_memory(err);
        return NULL;
    }
    ws->hooks = config->hooks;
    ws->message_max = config->message_max;
    ws->policy = idle_policy(config->ping_ms);
    ws->user_agent = strdup(config->user_agent);
    if (ws->user_agent == NULL)
        err_memory(err);
    if (ws->user_agent == NULL || open_context(ws, config, err) != 0) {
        ws_free(ws);
        return NULL;
    }
    return ws;
}

void ws_free(struct ws *ws)
{
    if (ws == NULL)
        return;
    ws_close(ws);
    if (ws->context != NULL)
        lws_context_destroy(ws->context);
    while (ws->conns != NULL)
        ws_conn_remove(&ws->conns, ws->conns);
    free(ws->user_agent);
    free(ws);
}

static struct lws *connect_to(struct ws *ws, const struct ws_target *target,
                              struct ws_conn *conn)
{
    char host[WS_TEXT_HOST_SIZE];
    struct lws_client_connect_info info = {
        .context = ws->context,
        .address = target->address,
        .port = target->port,
        .ssl_connection =
            LCCSCF_HTTP_NO_FOLLOW_REDIRECT | (target->tls ? LCCSCF_USE_SSL : 0),
        .path = conn->path != NULL ? WS_TEXT_STANDIN : target->path,
        .host = host,
        .protocol = target->subprotocol,
        .local_protocol_name = protocols[0].name,
        .alpn = "http/1.1",
        .opaque_user_data = conn,
        .retry_and_idle_policy = &ws->policy,
        .ietf_version_or_minus_one = -1,
    };

    ws_text_host(target, host);
    return lws_client_connect_via_info(&info);
}

int ws_open(struct ws *ws, const struct ws_target *target, struct err *err)
{
    struct ws_conn *conn;
    struct lws *lws;

    if (strlen(target->path) > WS_PATH_MAX)
        return err_set(err, ERR_CONFIG, "the request is too long: %zu bytes",
                       strlen(target->path));
    conn = ws_conn_add(&ws->conns, target->path, ws->message_max);
    if (conn == NULL)
        return err_memory(err);
    lws = connect_to(ws, target, conn);
    if (lws == NULL) {
        ws_text_reason(&conn->end, SLICE("cannot connect"));
        err_set(err, ERR_UNAVAILABLE, "%s", conn->end.text);
        ws_conn_remove(&ws->conns, conn);
        return -1;
    }
    conn->lws = conn->gone ? NULL : lws;
    ws->current = conn;
    return 0;
}

/* To shut the socket down makes lws see the end at once, not the peer's. */
void ws_close(struct ws *ws)
{
    struct ws_conn *conn = ws->current;

    if (conn == NULL)
        return;
    ws->current = NULL;
    conn->abandoned = true;
    if (conn->lws == NULL)
        return;
    shutdown(lws_get_socket_fd(conn->lws), SHUT_RDWR);
    lws_set_timeout(conn->lws, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

void ws_pause(struct ws *ws, bool paused)
{
    if (ws->paused == paused)
        return;
    ws->paused = paused;
    if (ws->current != NULL && ws->current->end.up && ws->current->lws != NULL)
        lws_rx_flow_control(ws->current->lws, !paused);
}

int64_t ws_poll(struct ws *ws, struct pollfd *fd, size_t *used)
{
    struct ws_conn *conn = ws->current;
    bool prompt = false;

    *used = 0;
    if (ws->conns == NULL)
        return -1;
    if (conn != NULL && conn->lws != NULL && !(conn->end.up && ws->paused)) {
        fd->fd = lws_get_socket_fd(conn->lws);
        fd->events = ws_conn_events(conn, fd->fd, &prompt);
        *used = fd->fd >= 0;
    }
    if (prompt)
        return 0;
    return lws_service_adjust_timeout(
        ws->context, conn != NULL && !conn->end.up ? NAP_CONNECTING : NAP, 0);
}

/* Frees what lws has forgotten, and tells the end of the current one. */
static void sweep(struct ws *ws)
{
    struct ws_conn *next = ws->conns, *conn = ws->current;
    struct ws_end end;
    bool ended = conn != NULL && conn->gone;

    if (ended) {
        ws_text_reason(&conn->end, conn->end.up ? SLICE("connection lost")
                                                : SLICE("no answer"));
        end = conn->end;
        ws->current = NULL;
    }
    while (next != NULL) {
        conn = next;
        next = conn->next;
        if (conn->gone)
            ws_conn_remove(&ws->conns, conn);
    }
    if (ended)
        ws->hooks.down(ws->hooks.arg, &end);
}

/* Whether to call lws again at once: for more messages; or for the next step
 * of a connection in the making, which it leaves to the next call. */
static bool goes_on(const struct ws *ws, bool moved, int round)
{
    if (ws->current != NULL && !ws->current->end.up)
        return round < CONNECTING_ROUNDS;
    return moved && !ws->paused && round < ROUNDS;
}

void ws_service(struct ws *ws, int64_t now)
{
    bool more = ws->conns != NULL;

    ws->now = now;
    for (int round = 1; more; round++) {
        unsigned before = ws->pieces;

        lws_service(ws->context, -1);
        more = goes_on(ws, ws->pieces != before, round);
    }
    sweep(ws);
}
