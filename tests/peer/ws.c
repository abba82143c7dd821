#include "ws.h"

#include "base/loop.h"

/* The real server gives a write 5 s. */
#define WRITE_MS 5000
#define CLOSE_MS 2000
#define FLUSH_SIZE ((size_t)65536)
#define OUT_MAX ((size_t)256 << 20)

void ws_init(struct ws *ws, struct net_conn *conn)
{
    *ws = (struct ws){.conn = conn};
    buf_init(&ws->out, OUT_MAX);
}

void ws_release(struct ws *ws)
{
    buf_release(&ws->out);
}

int ws_flush(struct ws *ws)
{
    int64_t start = loop_now();
    int result = net_write(ws->conn, buf_slice(&ws->out), WRITE_MS);

    if (result != 0 && loop_now() - start >= WRITE_MS)
        ws->dropped = true;
    buf_reset(&ws->out);
    return result;
}

int ws_frame(struct ws *ws, unsigned first, bool masked, struct slice payload)
{
    if (wsframe_add(&ws->out, first, masked, payload) != 0)
        return -1;
    return ws->out.n >= FLUSH_SIZE ? ws_flush(ws) : 0;
}

int ws_message(struct ws *ws, enum wsframe_opcode opcode, struct slice payload)
{
    size_t size = ws->fragment;
    unsigned first = opcode;

    if (size == 0)
        return ws_frame(ws, WSFRAME_FIN | first, false, payload);
    for (;;) {
        struct slice piece = {payload.p, payload.n < size ? payload.n : size};
        bool last = piece.n == payload.n;

        if (ws_frame(ws, (last ? WSFRAME_FIN : 0) | first, false, piece) != 0)
            return -1;
        if (last)
            return 0;
        if (first != WSFRAME_CONTINUATION &&
            ws_frame(ws, WSFRAME_FIN | WSFRAME_PING, false, SLICE("between")) !=
                0)
            return -1;
        first = WSFRAME_CONTINUATION;
        payload.p += piece.n;
        payload.n -= piece.n;
    }
}

/* Acts on one frame of the client's; WS_NOTHING: go on. */
static enum ws_event take(struct ws *ws, const struct wsframe *frame)
{
    switch (frame->opcode) {
    case WSFRAME_PING:
        if (ws_frame(ws, WSFRAME_FIN | WSFRAME_PONG, false, frame->payload) !=
                0 ||
            ws_flush(ws) != 0)
            return WS_CLOSED;
        return WS_NOTHING;
    case WSFRAME_PONG:
        return WS_NOTHING;
    case WSFRAME_CLOSE:
        if (!ws->closing) {
            ws->closing = true;
            ws_frame(ws, WSFRAME_FIN | WSFRAME_CLOSE, false, frame->payload);
            ws_flush(ws);
        }
        return WS_CLOSED;
    default:
        return WS_MESSAGE;
    }
}

enum ws_event ws_poll(struct ws *ws, int64_t ms)
{
    for (;;) {
        struct wsframe frame;
        int got = wsframe_next(&ws->conn->in, &frame);
        enum ws_event event;

        if (got < 0)
            return WS_CLOSED;
        if (got == 0) {
            enum net_result result = net_read(ws->conn, ms);

            if (result == NET_DATA)
                continue;
            return result == NET_TIMEOUT ? WS_NOTHING : WS_CLOSED;
        }
        event = take(ws, &frame);
        buf_drop(&ws->conn->in, frame.size);
        if (event != WS_NOTHING)
            return event;
    }
}

void ws_close(struct ws *ws, unsigned code)
{
    char payload[2] = {(char)(code >> 8), (char)(code & 0xFF)};
    struct slice bytes = {payload, sizeof(payload)};

    if (ws->closing)
        return;
    ws->closing = true;
    if (ws_frame(ws, WSFRAME_FIN | WSFRAME_CLOSE, false, bytes) != 0 ||
        ws_flush(ws) != 0)
        return;
    while (ws_poll(ws, CLOSE_MS) == WS_MESSAGE)
        continue;
}
