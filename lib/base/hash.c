#include "base/hash.h"

struct state {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rotl(uint64_t x, int b)
{
    return x << b | x >> (64 - b);
}

static void rounds(struct state *s, int n)
{
    while (n-- > 0) {
        s->v0 += s->v1;
        s->v1 = rotl(s->v1, 13) ^ s->v0;
        s->v0 = rotl(s->v0, 32);
        s->v2 += s->v3;
        s->v3 = rotl(s->v3, 16) ^ s->v2;
        s->v0 += s->v3;
        s->v3 = rotl(s->v3, 21) ^ s->v0;
        s->v2 += s->v1;
        s->v1 = rotl(s->v1, 17) ^ s->v2;
        s->v2 = rotl(s->v2, 32);
    }
}

/* Up to eight bytes, little-endian. */
static uint64_t word(const char *p, size_t n)
{
    uint64_t w = 0;

    for (size_t i = 0; i < n; i++)
        w |= (uint64_t)(unsigned char)p[i] << (8 * i);
    return w;
}

struct hash128 hash_bytes(struct hash_key key, struct slice in)
{
    struct state s = {key.k0 ^ 0x736f6d6570736575, key.k1 ^ 0x646f72616e646f6d,
                      key.k0 ^ 0x6c7967656e657261, key.k1 ^ 0x7465646279746573};
    const char *p = in.n > 0 ? in.p : "";
    size_t whole = in.n - in.n % 8;
    struct hash128 h;
    uint64_t m;

    s.v1 ^= 0xee;
    for (size_t i = 0; i < whole; i += 8) {
        m = word(p + i, 8);
        s.v3 ^= m;
        rounds(&s, 2);
        s.v0 ^= m;
    }
    m = word(p + whole, in.n - whole) | (uint64_t)in.n << 56;
    s.v3 ^= m;
    rounds(&s, 2);
    s.v0 ^= m;
    s.v2 ^= 0xee;
    rounds(&s, 4);
    h.a = s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
    s.v1 ^= 0xdd;
    rounds(&s, 4);
    h.b = s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
    return h;
}
