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
    S2RULE_FOLLOW, /* a read session */
    S2RULE_ANY,    /* as a rule's: all of the above */
    S2RULE_OTHER   /* as a request's: none that a rule can mean */
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
    /* These change the stream before the request is looked at, or under a
     * session. */
    S2RULE_F_TRIM,
    S2RULE_F_DELETE,
    S2RULE_F_WIPE,
    S2RULE_F_FOREIGN,
    S2RULE_F_COMMAND,
    /* These happen between two frames of a session. */
    S2RULE_F_END,
    S2RULE_F_SILENCE,
    S2RULE_F_TERMINAL,
    S2RULE_F_OVERRUN,
    S2RULE_F_STATUSLESS,
    S2RULE_F_ZERO,
    S2RULE_F_HUGE,
    S2RULE_F_BOMB,
    S2RULE_F_BADZSTD,
    S2RULE_F_BADPROTO,
    S2RULE_F_VARINT,
    S2RULE_F_DUP,
    S2RULE_F_SLICE,
    /* These happen to the next frame that the session has. */
    S2RULE_F_RESET,
    S2RULE_F_CUT,
    S2RULE_F_SHORT,
    S2RULE_F_RECONNECT,
    S2RULE_F_COMP3,
    S2RULE_F_GZIP,
    S2RULE_F_RESERVED,
    S2RULE_F_UNKNOWN,
    S2RULE_F_BACKWARD,
    S2RULE_F_BACK,
    S2RULE_F_JUMP
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
    bool inside;          /* "after" was said: it happens in a session */
    uint64_t after;       /* so many records, or frames */
    bool frames;
    struct s2rule *next;
};

/* Records that a stream has from the start. */
struct s2seed {
    const char *stream;
    bool command;   /* one command instead */
    uint64_t n;     /* 0: the stream is there, and empty */
    bool dated;     /* else as they arrive */
    bool relative;  /* start counts back from now */
    uint64_t start; /* ms, of the first one */
    uint64_t step;  /* ms between two */
    struct s2seed *next;
};

/* What a script sets for all requests. */
struct s2rule_settings {
    bool uncapped;           /* timestamps are not capped at arrival */
    bool autocreate;         /* appends create streams */
    bool require_timestamps; /* client-require */
    int64_t skew_ms;         /* of the server's clock */
    uint64_t deleting_ms;    /* how long a deleted stream is still listed */
    uint64_t heartbeat_ms;   /* between those of a session; 0: only one */
};

struct s2rules {
    struct script script;
    bool scripted;
    struct s2rule_settings settings;
    struct s2rule *rules;
    struct s2seed *seeds;
};

/* s2rule_load(rules, path, err): read a script; NULL: one without rules.  0,
 * or -1 with ERR_CONFIG. */
int s2rule_load(struct s2rules *rules, const char *path, struct err *err);
void s2rule_release(struct s2rules *rules);

/*
 * s2rule_aim(rule, script, known, word, err): read "OP [STREAM] [WHEN] [after
 * N [frames]]" into ${rule}, and the word behind it, a fault as ${known} says,
 * into *word.  0, or -1 with ERR_CONFIG.
 */
int s2rule_aim(struct s2rule *rule, struct script *script,
               bool (*known)(const char *word), const char **word,
               struct err *err);

/* s2rule_fires(rule, op, stream): count a request, and whether ${rule} says
 * something about it.  ${stream} may be NULL. */
bool s2rule_fires(struct s2rule *rule, enum s2rule_op op, const char *stream);

/* s2rule_op_name(op): its word in scripts. */
const char *s2rule_op_name(enum s2rule_op op);

#endif
