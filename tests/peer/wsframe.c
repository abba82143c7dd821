#include "wsframe.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <string.h>

#define PAYLOAD_MAX ((uint64_t)10000000)

int wsframe_accept(struct slice key, char out[WSFRAME_ACCEPT_SIZE])
{
    static const char salt[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    struct buf text = BUF_INIT(4096);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    int result = -1;

    if (buf_addslice(&text, key) == 0 && buf_addstr(&text, salt) == 0 &&
        EVP_Digest(text.p, text.n, digest, &n, EVP_sha1(), NULL) == 1 &&
        n == 20) {
        EVP_EncodeBlock((unsigned char *)out, digest, 20);
        result = 0;
    }
    buf_release(&text);
    return result;
}

int wsframe_add(struct buf *out, unsigned first, bool masked,
                struct slice payload)
{
    static const unsigned char mask[4] = {0x12, 0x34, 0x56, 0x78};
    unsigned char head[14] = {(unsigned char)first};
    unsigned char flag = masked ? 0x80 : 0;
    size_t n = 2;
    size_t wide = payload.n < 126 ? 0 : payload.n < 65536 ? 2 : 8;
    char *to;

    head[1] = (unsigned char)(flag | (wide == 0   ? payload.n
                                      : wide == 2 ? 126
                                                  : 127));
    for (size_t i = 0; i < wide; i++)
        head[n++] =
            (unsigned char)((uint64_t)payload.n >> (8 * (wide - 1 - i)));
    if (masked) {
        memcpy(head + n, mask, 4);
        n += 4;
    }
    to = buf_reserve(out, n + payload.n);
    if (to == NULL)
        return -1;
    memcpy(to, head, n);
    if (payload.n > 0)
        memcpy(to + n, payload.p, payload.n);
    for (size_t i = 0; masked && i < payload.n; i++)
        to[n + i] = (char)(to[n + i] ^ mask[i % 4]);
    out->n += n + payload.n;
    return 0;
}

int wsframe_next(struct buf *in, struct wsframe *frame)
{
    unsigned char *p = (unsigned char *)in->p;
    uint64_t n;
    size_t head = 2;
    size_t wide;

    if (in->n < 2)
        return 0;
    n = p[1] & 0x7F;
    wide = n < 126 ? 0 : n == 126 ? 2 : 8;
    if ((p[1] & 0x80) == 0)
        return -1;
    if (in->n < head + wide + 4)
        return 0;
    if (wide > 0)
        n = 0;
    for (size_t i = 0; i < wide; i++)
        n = n << 8 | p[head++];
    if (n > PAYLOAD_MAX)
        return -1;
    if (in->n < head + 4 + (size_t)n)
        return 0;
    for (size_t i = 0; i < (size_t)n; i++)
        p[head + 4 + i] ^= p[head + i % 4];
    frame->opcode = p[0] & 0x0F;
    frame->fin = (p[0] & WSFRAME_FIN) != 0;
    frame->payload = (struct slice){in->p + head + 4, (size_t)n};
    frame->size = head + 4 + (size_t)n;
    return 1;
}
