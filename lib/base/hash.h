/*
 * Keyed hashing for names that strangers choose: SipHash-2-4 with 128 bits
 * of output (Aumasson and Bernstein, 2012), so that nobody can make two
 * posts collide without knowing the key.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdint.h>

#include "base/buf.h"

struct hash_key {
    uint64_t k0, k1; /* from a random source, once per process */
};

struct hash128 {
    uint64_t a, b;
};

/* hash_bytes(key, s): the hash of the bytes of ${s}. */
struct hash128 hash_bytes(struct hash_key key, struct slice s);

#endif
