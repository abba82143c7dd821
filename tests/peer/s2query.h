/*
 * The query of a read, judged as S2 judges it.
 */
#ifndef PEER_S2QUERY_H
#define PEER_S2QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "httpd.h"
#include "store.h"

#define S2QUERY_COUNT_MAX 1000
#define S2QUERY_BYTES_MAX ((uint64_t)1 << 20)

struct s2query {
    uint64_t seq_num, timestamp, tail_offset;
    bool has_seq_num, has_timestamp, has_tail_offset;
    uint64_t count, bytes, until; /* UINT64_MAX: no limit */
    uint64_t wait_s;
    bool has_wait;
    bool clamp;
};

enum s2query_result {
    S2QUERY_OK,
    S2QUERY_BAD,      /* 400: it cannot be read */
    S2QUERY_INVALID,  /* 422: it contradicts itself */
    S2QUERY_UNWRITTEN /* 416: nothing there, nor can it be waited for */
};

/* s2query_parse(req, session, q): read the query of ${req}; without
 * ${session} the limits of a single answer apply too. */
enum s2query_result s2query_parse(const struct httpd_request *req, bool session,
                                  struct s2query *q);

/* s2query_follows(q): whether records that are not there yet are waited
 * for. */
bool s2query_follows(const struct s2query *q);

/* s2query_start(q, stream, from): the number that a read of ${stream} begins
 * with. */
enum s2query_result s2query_start(const struct s2query *q,
                                  const struct store_stream *stream,
                                  uint64_t *from);

/*
 * s2query_fit(q, stream, from, end): how many of the records from ${from} to
 * before ${end} fit ${q}, and one batch.  s2query_spend(q, stream, from, n):
 * subtract those.  s2query_spent(q): whether nothing more can fit.
 */
size_t s2query_fit(const struct s2query *q, const struct store_stream *stream,
                   uint64_t from, uint64_t end);
void s2query_spend(struct s2query *q, const struct store_stream *stream,
                   uint64_t from, size_t n);
bool s2query_spent(const struct s2query *q);

#endif
