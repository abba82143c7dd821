/*
 * A fake proxy's script: which requests, or connections, meet which fault.
 * README.md has the language, which is fakes2's but for the faults.
 */
#ifndef PEER_PROXYRULE_H
#define PEER_PROXYRULE_H

#include "proxytoxic.h"
#include "s2rule.h"

enum proxyrule_fault {
    PROXYRULE_NONE,
    PROXYRULE_DROPPED,
    PROXYRULE_LOST,
    PROXYRULE_LATE,
    PROXYRULE_DELAY,
    PROXYRULE_HALF,
    PROXYRULE_DOWN
};

struct proxyrule {
    struct s2rule aim; /* whom it is about; its own fault counts for nothing */
    enum proxyrule_fault fault;
    uint64_t ms;
    struct proxyrule *next;
};

struct proxyrules {
    struct script script;
    bool scripted;
    struct proxyrule *rules;
    struct proxytoxic *toxics; /* instead of rules: it is about bytes */
    uint64_t seed;
};

/* proxyrule_load(rules, path, seed, err): read a script; NULL: one without
 * rules.  ${seed} is added to that of each prob.  0, or -1 with ERR_CONFIG. */
int proxyrule_load(struct proxyrules *rules, const char *path, uint64_t seed,
                   struct err *err);
void proxyrule_release(struct proxyrules *rules);

/* proxyrule_describe(rule, out): write its fault as scripts do. */
#define PROXYRULE_DESCRIBE_SIZE 64
void proxyrule_describe(const struct proxyrule *rule,
                        char out[PROXYRULE_DESCRIBE_SIZE]);

#endif
