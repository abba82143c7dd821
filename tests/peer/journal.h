/*
 * What a peer saw and did, one line each, for a test to look at: complete
 * and in the file as soon as it happened.
 */
#ifndef PEER_JOURNAL_H
#define PEER_JOURNAL_H

#include "base/err.h"

struct journal {
    int fd; /* -1: nobody wants to know */
};

/* journal_open(journal, path, err): append to ${path}; NULL: nothing is
 * written.  0 or -1. */
int journal_open(struct journal *journal, const char *path, struct err *err);

/* journal_close(journal): nothing can be written any more. */
void journal_close(struct journal *journal);

/* journal_line(journal, fmt, ...): add a line, cut at 8 KiB, made fit to
 * print.  Any thread may call it. */
void journal_line(const struct journal *journal, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
