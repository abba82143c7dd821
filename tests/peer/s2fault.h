/*
 * The faults in a fake S2's script: their names, their operands, and when
 * they can happen.
 */
#ifndef PEER_S2FAULT_H
#define PEER_S2FAULT_H

#include "s2rule.h"

/* s2fault_known(word): whether it is the name of a fault. */
bool s2fault_known(const char *word);

/* s2fault_parse(rule, word, script, err): read the fault ${word} and what
 * stands behind it into ${rule}.  0, or -1 with ERR_CONFIG. */
int s2fault_parse(struct s2rule *rule, const char *word, struct script *script,
                  struct err *err);

/* s2fault_changes(fault): whether it changes streams. */
bool s2fault_changes(enum s2rule_fault fault);

/* s2fault_meets(rule, op): whether ${rule}, whatever its stream, can be about
 * a request of ${op}. */
bool s2fault_meets(const struct s2rule *rule, enum s2rule_op op);

/* s2fault_inside(rule): whether it happens in the course of a session, and
 * s2fault_twists(fault): to one of its frames. */
bool s2fault_inside(const struct s2rule *rule);
bool s2fault_twists(enum s2rule_fault fault);

/* s2fault_describe(rule, out): write its fault as scripts do. */
#define S2FAULT_DESCRIBE_SIZE 256
void s2fault_describe(const struct s2rule *rule,
                      char out[S2FAULT_DESCRIBE_SIZE]);

#endif
