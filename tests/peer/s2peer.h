/*
 * A fake S2: what all its connections share, a request, and its answer.
 */
#ifndef PEER_S2PEER_H
#define PEER_S2PEER_H

#include <pthread.h>

#include "httpd.h"
#include "peer.h"
#include "s2query.h"
#include "s2rule.h"
#include "store.h"

/* Constant while connections run, but for what the lock guards. */
struct s2peer {
    struct peer peer;
    const char *basin; /* its name; NULL: any will do */
    const char *token; /* NULL: any will do */
    const char *dump;  /* file for all records at the end, or NULL */

    pthread_mutex_t lock;
    pthread_cond_t grown; /* something was appended */
    struct s2rules rules; /* their counters */
    struct store store;
    bool missing;     /* the basin has not been created yet */
    uint64_t foreign; /* records made up so far */
};

enum s2call_kind {
    S2CALL_NONE, /* no such thing */
    S2CALL_APPEND,
    S2CALL_READ,
    S2CALL_FOLLOW, /* a read session */
    S2CALL_TAIL,
    S2CALL_CREATE,
    S2CALL_DELETE,
    S2CALL_LIST,
    S2CALL_BASIN,
    S2CALL_DUMP
};

/* A fault that is to happen in the course of a session. */
struct s2step {
    const struct s2rule *rule;
    uint64_t count; /* requests that the rule had seen */
    bool done;
};

struct s2call {
    const struct httpd_request *req;
    unsigned conn;
    enum s2call_kind kind;
    enum s2rule_op op;
    struct buf name; /* of the stream, or of the basin to be made */
    bool proto_in;   /* the body is protobuf */
    bool proto_out;  /* the answer's body may be */

    /* Of a session. */
    struct store_stream *stream; /* NULL: it is not to begin */
    struct s2query query;
    uint64_t from; /* the number to begin with */
    struct s2step *steps;
    size_t nsteps;
};

struct s2reply {
    int status;
    const char *type;
    char extra[1024]; /* more header lines */
    struct buf body;
};

/* s2call_parse(call, req, conn): what ${req} asks for; s2call_release frees.
 * s2call_name: the name as a string, or NULL when there is none. */
void s2call_parse(struct s2call *call, const struct httpd_request *req,
                  unsigned conn);
void s2call_release(struct s2call *call);
const char *s2call_name(struct s2call *call);

/* s2reply_error(reply, status, code, message): an answer in JSON. */
void s2reply_error(struct s2reply *reply, int status, const char *code,
                   const char *message);

/* s2apply_call(s2, call, reply): do what is asked for, as the real server
 * would, and fill ${reply}, whose body must be empty. */
void s2apply_call(struct s2peer *s2, struct s2call *call,
                  struct s2reply *reply);

/* s2read_call, s2read_tail, s2read_open: s2apply_call for reads; the lock is
 * held, but given up while a read waits.  s2read_open sets call->stream when
 * a session can begin. */
void s2read_call(struct s2peer *s2, struct s2call *call, struct s2reply *reply);
void s2read_tail(struct s2peer *s2, struct s2call *call, struct s2reply *reply);
void s2read_open(struct s2peer *s2, struct s2call *call, struct s2reply *reply);

/* s2read_wait(s2): sleep until something was appended, or a moment has
 * passed; the lock is given up meanwhile. */
void s2read_wait(struct s2peer *s2);

/* s2state_clock(s2): how records that arrive now are dated. */
struct store_clock s2state_clock(const struct s2peer *s2);

/* s2state_seed(s2): append what the script wants to be there.  0 or -1. */
int s2state_seed(struct s2peer *s2, struct err *err);

/* s2state_stream(s2, call, reply): the stream that ${call} names; NULL with
 * ${reply} filled when there is none, or it is being deleted. */
struct store_stream *s2state_stream(struct s2peer *s2, struct s2call *call,
                                    struct s2reply *reply);

/* s2state_bury(s2): forget what was deleted long enough ago.
 * s2state_delete(s2, stream): 0, or -1 when it is deleted already. */
void s2state_bury(struct s2peer *s2);
int s2state_delete(struct s2peer *s2, struct store_stream *stream);

/* s2state_change(s2, call, rule): trim, delete or append by somebody else,
 * as ${rule} says; the lock is held.  Whether anything was changed. */
bool s2state_change(struct s2peer *s2, struct s2call *call,
                    const struct s2rule *rule);

/* s2serve(s2, conn): a net_handler: requests until the connection ends. */
void s2serve(void *s2, struct net_conn *conn);

#endif
