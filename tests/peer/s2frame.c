#include "s2frame.h"

#include <stdlib.h>

#include "base/text.h"
#include "squeeze.h"

/* Less than that is never compressed. */
#define COMPRESS_MIN 1024

#define BOMB_SIZE ((size_t)64 << 20)

/* A reader may pause for long. */
#define WRITE_MS 600000

/* The length that a frame announces, whatever follows. */
static int add_length(struct buf *out, size_t n)
{
    const unsigned char bytes[] = {(unsigned char)(n >> 16 & 0xFF),
                                   (unsigned char)(n >> 8 & 0xFF),
                                   (unsigned char)(n & 0xFF)};

    return buf_add(out, bytes, sizeof(bytes));
}

int s2frame_add(struct buf *out, unsigned flags, struct slice payload)
{
    unsigned char flag = (unsigned char)flags;

    return add_length(out, payload.n + 1) != 0 || buf_add(out, &flag, 1) != 0 ||
                   buf_addslice(out, payload) != 0
               ? -1
               : 0;
}

int s2frame_payload(struct buf *out, unsigned flags, struct slice payload,
                    bool zstd)
{
    struct buf small = BUF_INIT(S2FRAME_BUF_MAX);
    int result;

    if (!zstd || payload.n < COMPRESS_MIN)
        return s2frame_add(out, flags, payload);
    result = squeeze_plain(payload, &small);
    if (result == 0)
        result = s2frame_add(out, flags | S2FRAME_ZSTD, buf_slice(&small));
    buf_release(&small);
    return result;
}

int s2frame_terminal(struct buf *out, int status, const char *code,
                     const char *message)
{
    struct buf payload = BUF_INIT(4096);
    const unsigned char number[] = {(unsigned char)(status >> 8),
                                    (unsigned char)(status & 0xFF)};
    int bad = buf_add(&payload, number, sizeof(number));

    bad |= buf_addf(&payload, "{\"code\":\"%s\",\"message\":", code);
    bad |= text_json(&payload, slice_str(message));
    bad |= buf_addstr(&payload, "}");
    bad |= s2frame_add(out, S2FRAME_TERMINAL, buf_slice(&payload));
    buf_release(&payload);
    return bad != 0 ? -1 : 0;
}

/* One byte too much, all of which is there. */
static int add_huge(struct buf *out)
{
    char *to;

    if (add_length(out, S2FRAME_MAX + 1) != 0)
        return -1;
    to = buf_reserve(out, S2FRAME_MAX + 1);
    if (to == NULL)
        return -1;
    memset(to, 0, S2FRAME_MAX + 1);
    out->n += S2FRAME_MAX + 1;
    return 0;
}

static int add_bomb(struct buf *out)
{
    struct buf small = BUF_INIT(BOMB_SIZE * 2);
    char *zeros = calloc(1, BOMB_SIZE);
    int result = -1;

    if (zeros != NULL &&
        squeeze_plain((struct slice){zeros, BOMB_SIZE}, &small) == 0)
        result = s2frame_add(out, S2FRAME_ZSTD, buf_slice(&small));
    free(zeros);
    buf_release(&small);
    return result;
}

int s2frame_bad(struct buf *out, enum s2rule_fault fault)
{
    switch (fault) {
    case S2RULE_F_STATUSLESS:
        return s2frame_add(out, S2FRAME_TERMINAL, SLICE("\x01"));
    case S2RULE_F_ZERO:
        return add_length(out, 0);
    case S2RULE_F_HUGE:
        return add_huge(out);
    case S2RULE_F_BOMB:
        return add_bomb(out);
    case S2RULE_F_BADZSTD:
        /* The magic number is right, and nothing else. */
        return s2frame_add(out, S2FRAME_ZSTD, SLICE("\x28\xB5\x2F\xFDrubbish"));
    case S2RULE_F_BADPROTO:
        /* A record of which there is less than it says. */
        return s2frame_add(out, 0, SLICE("\x0A\x7F\x08\x01\x10"));
    case S2RULE_F_VARINT:
        return s2frame_add(
            out, 0,
            SLICE("\x12\x0C\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"));
    default:
        return -1;
    }
}

int s2frame_begin(struct net_conn *conn)
{
    return net_write(conn,
                     SLICE("HTTP/1.1 200 OK\r\n"
                           "content-type: s2s/proto\r\n"
                           "cache-control: no-cache, no-transform\r\n"
                           "x-accel-buffering: no\r\n"
                           "transfer-encoding: chunked\r\n\r\n"),
                     WRITE_MS);
}

static int add_chunk(struct buf *out, struct slice bytes)
{
    return buf_addf(out, "%zX\r\n", bytes.n) != 0 ||
                   buf_addslice(out, bytes) != 0 || buf_addstr(out, "\r\n") != 0
               ? -1
               : 0;
}

int s2frame_send(struct net_conn *conn, struct slice bytes, size_t chunk)
{
    struct buf out = BUF_INIT(S2FRAME_BUF_MAX + 64);
    int result = 0;

    while (bytes.n > 0 && result == 0) {
        size_t n = chunk > 0 && chunk < bytes.n ? chunk : bytes.n;

        buf_reset(&out);
        result = add_chunk(&out, (struct slice){bytes.p, n});
        if (result == 0)
            result = net_write(conn, buf_slice(&out), WRITE_MS);
        bytes.p += n;
        bytes.n -= n;
    }
    buf_release(&out);
    return result;
}

int s2frame_half(struct net_conn *conn, struct slice bytes)
{
    struct buf out = BUF_INIT(S2FRAME_BUF_MAX + 64);
    int result = -1;

    if (buf_addf(&out, "%zX\r\n", bytes.n) == 0 &&
        buf_add(&out, bytes.p, bytes.n / 2) == 0)
        result = net_write(conn, buf_slice(&out), WRITE_MS);
    buf_release(&out);
    return result;
}

int s2frame_end(struct net_conn *conn)
{
    return net_write(conn, SLICE("0\r\n\r\n"), WRITE_MS);
}
