/*
 * A fake S2's script: which requests meet which fault.  README.md has the
 * language.
 */
#ifndef PEER_S2RULE_H
#define PEER_S2RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/retry.h"
#include "script.h"

enum s2rule_op {
    S2RULE_APPEND,
    S2RULE_READ,
    S2RULE_TAIL,
    S2RULE_CREATE,
    S2RULE_LIST,
    S2RULE_BASIN,
    S2RULE_ANY,  /* as a rule's: all of the above */
    S2RULE_OTHER /* as a request's: none that a rule can mean */
};

enum s2rule_when {
    S2RULE_ALWAYS,
    S2RULE_RANGE, /* the n-th to the m-th */
    S2RULE_EVERY, /* each n-th */
    S2RULE_PROB
};

enum s2rule_fault {
    S2RULE_F_NONE,
    S2RULE_F_STATUS,
    S2RULE_F_APPLIED,
    S2RULE_F_DROP,
    S2RULE_F_DROPLATE,
    S2RULE_F_LOST,
    S2RULE_F_HOLD,
    S2RULE_F_LATE,
    S2RULE_F_MIDBODY,
    S2RULE_F_TRUNCATED,
    S2RULE_F_WRONGTYPE,
    S2RULE_F_GARBAGE,
    S2RULE_F_REDIRECT,
    S2RULE_F_SLOW,
    /* These change the stream before the request is looked at. */
    S2RULE_F_TRIM,
    S2RULE_F_DELETE,
    S2RULE_F_WIPE,
    S2RULE_F_FOREIGN
};

struct s2rule {
    enum s2rule_op op;
    const char *stream; /* NULL: any; lives as long as the script */
    enum s2rule_when when;
    uint64_t n, m;
    uint64_t threshold; /* of S2RULE_PROB */
    struct rng rng;
    uint64_t count; /* requests that this rule has seen */
    enum s2rule_fault fault;
    int status;
    const char *text; /* code word, or address */
    uint64_t number;
    uint64_t retry_after; /* seconds; 0: not said */
    bool copy;            /* foreign copy */
    struct s2rule *next;
};

/* What a script sets for all requests. */
struct s2rule_settings {
    bool uncapped;           /* timestamps are not capped at arrival */
    bool autocreate;         /* appends create streams */
    bool require_timestamps; /* client-require */
    int64_t skew_ms;         /* of the server's clock */
};

struct s2rules {
    struct script script;
    bool scripted;
    struct s2rule_settings settings;
    struct s2rule *rules;
};

/* s2rule_load(rules, path, err): read a script; NULL: one without rules.  0,
 * or -1 with ERR_CONFIG. */
int s2rule_load(struct s2rules *rules, const char *path, struct err *err);
void s2rule_release(struct s2rules *rules);

/* s2rule_fires(rule, op, stream): count a request, and whether ${rule} says
 * something about it.  ${stream} may be NULL. */
bool s2rule_fires(struct s2rule *rule, enum s2rule_op op, const char *stream);

/* s2rule_op_name(op): its word in scripts. */
const char *s2rule_op_name(enum s2rule_op op);

/* s2rule_describe(rule, out): write its fault as scripts do. */
#define S2RULE_DESCRIBE_SIZE 256
void s2rule_describe(const struct s2rule *rule, char out[S2RULE_DESCRIBE_SIZE]);

#endif
