/*
 * Operations on an embedded basin: what was asked, and the lists in which
 * they stand.  An operation is in at most one list, and knows which, so that
 * it can be cancelled at any time.
 */
#ifndef BASIN_FILE_OP_H
#define BASIN_FILE_OP_H

#include "basin/basin.h"

enum file_op_kind {
    FILE_OP_CREATE_BASIN,
    FILE_OP_CREATE,
    FILE_OP_TAIL,
    FILE_OP_READ,
    FILE_OP_FOLLOW,
    FILE_OP_APPEND,
    FILE_OP_LIST
};

struct file_ops {
    struct basin_op *first, *last;
};

struct basin_op {
    struct file_ops *list; /* NULL: in none */
    struct basin_op *prev, *next;
    enum file_op_kind kind;
    basin_done *done;
    void *arg;
    char *name;  /* owned; the stream, or the prefix of a list */
    char *after; /* owned; list */
    struct wire_read read;
    struct wire_append append; /* points into copy */
    void *copy;                /* owned; append */
    bool refused;              /* reply is ready: it touches no database */
    bool waits;                /* a session that waits at the tail ... */
    int64_t deadline;          /* ... until it is to give a sign (ms) ... */
    bool due;                  /* ... or has something to read ... */
    int64_t stream;            /* ... of the stream of this id */
    bool quiet;                /* a session: there is nothing to call back */
    struct basin_reply reply;
};

/*
 * file_op_new(kind, name, done, arg, err): an operation in no list.
 * ${name} is copied; NULL for none.  NULL when memory is out.
 */
struct basin_op *file_op_new(enum file_op_kind kind, const char *name,
                             basin_done *done, void *arg, struct err *err);

/* file_op_free(op): take it out of its list and free it. */
void file_op_free(struct basin_op *op);

/* file_op_copy(op, append, err): give ${op} a copy of ${append}.  0 or -1. */
int file_op_copy(struct basin_op *op, const struct wire_append *append,
                 struct err *err);

/* file_op_writes(op): whether it needs a transaction for writing. */
bool file_op_writes(const struct basin_op *op);

/* file_op_move(op, list): put ${op} at the end of ${list}, NULL for none. */
void file_op_move(struct basin_op *op, struct file_ops *list);

/* file_op_move_all(from, to): put all of ${from} behind those of ${to}. */
void file_op_move_all(struct file_ops *from, struct file_ops *to);

/* file_op_free_all(list): free what is in ${list}. */
void file_op_free_all(struct file_ops *list);

#endif
