#include "s2fault.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"

/* What stands behind a fault's name. */
enum operand { NOTHING, NUMBER, MAYBE, COUNT, WORD, ERROR, FOREIGN };

/* What a fault is about. */
enum kind {
    ANSWER,  /* to a request that has one answer */
    ENTRY,   /* to any request, also to that for a session */
    CHANGE,  /* of the stream */
    BETWEEN, /* two frames of a session */
    TWIST    /* of a session's frame */
};

static const struct {
    const char *name;
    enum operand operand;
    enum kind kind;
} faults[] = {[S2RULE_F_NONE] = {"none", NOTHING, ENTRY},
              [S2RULE_F_STATUS] = {"status", ERROR, ENTRY},
              [S2RULE_F_APPLIED] = {"applied", ERROR, ANSWER},
              [S2RULE_F_DROP] = {"drop", NOTHING, ANSWER},
              [S2RULE_F_DROPLATE] = {"droplate", NUMBER, ANSWER},
              [S2RULE_F_LOST] = {"lost", NOTHING, ENTRY},
              [S2RULE_F_HOLD] = {"hold", NUMBER, ENTRY},
              [S2RULE_F_LATE] = {"late", NUMBER, ANSWER},
              [S2RULE_F_MIDBODY] = {"midbody", NOTHING, ANSWER},
              [S2RULE_F_TRUNCATED] = {"truncated", NOTHING, ANSWER},
              [S2RULE_F_WRONGTYPE] = {"wrongtype", NOTHING, ANSWER},
              [S2RULE_F_GARBAGE] = {"garbage", NOTHING, ANSWER},
              [S2RULE_F_REDIRECT] = {"redirect", WORD, ENTRY},
              [S2RULE_F_SLOW] = {"slow", NUMBER, ANSWER},
              [S2RULE_F_TRIM] = {"trim", NUMBER, CHANGE},
              [S2RULE_F_DELETE] = {"delete", NOTHING, CHANGE},
              [S2RULE_F_WIPE] = {"wipe", NOTHING, CHANGE},
              [S2RULE_F_FOREIGN] = {"foreign", FOREIGN, CHANGE},
              [S2RULE_F_COMMAND] = {"command", NOTHING, CHANGE},
              [S2RULE_F_END] = {"end", NOTHING, BETWEEN},
              [S2RULE_F_SILENCE] = {"silence", MAYBE, BETWEEN},
              [S2RULE_F_TERMINAL] = {"terminal", ERROR, BETWEEN},
              [S2RULE_F_OVERRUN] = {"overrun", ERROR, BETWEEN},
              [S2RULE_F_STATUSLESS] = {"statusless", NOTHING, BETWEEN},
              [S2RULE_F_ZERO] = {"zero", NOTHING, BETWEEN},
              [S2RULE_F_HUGE] = {"huge", NOTHING, BETWEEN},
              [S2RULE_F_BOMB] = {"bomb", NOTHING, BETWEEN},
              [S2RULE_F_BADZSTD] = {"badzstd", NOTHING, BETWEEN},
              [S2RULE_F_BADPROTO] = {"badproto", NOTHING, BETWEEN},
              [S2RULE_F_VARINT] = {"varint", NOTHING, BETWEEN},
              [S2RULE_F_DUP] = {"dup", NOTHING, BETWEEN},
              [S2RULE_F_SLICE] = {"slice", COUNT, BETWEEN},
              [S2RULE_F_RESET] = {"reset", NOTHING, TWIST},
              [S2RULE_F_CUT] = {"cut", NOTHING, TWIST},
              [S2RULE_F_SHORT] = {"short", NOTHING, TWIST},
              [S2RULE_F_RECONNECT] = {"reconnect", NOTHING, TWIST},
              [S2RULE_F_COMP3] = {"comp3", NOTHING, TWIST},
              [S2RULE_F_GZIP] = {"gzip", NOTHING, TWIST},
              [S2RULE_F_RESERVED] = {"reserved", NOTHING, TWIST},
              [S2RULE_F_UNKNOWN] = {"unknown", NOTHING, TWIST},
              [S2RULE_F_BACKWARD] = {"backward", NOTHING, TWIST},
              [S2RULE_F_BACK] = {"back", COUNT, TWIST},
              [S2RULE_F_JUMP] = {"jump", COUNT, TWIST}};

#define FAULTS (sizeof(faults) / sizeof(faults[0]))

/* The place of the fault ${word}, or FAULTS. */
static size_t find(const char *word)
{
    size_t i = 0;

    while (i < FAULTS && strcmp(word, faults[i].name) != 0)
        i++;
    return i;
}

bool s2fault_known(const char *word)
{
    return find(word) < FAULTS;
}

bool s2fault_changes(enum s2rule_fault fault)
{
    return faults[fault].kind == CHANGE;
}

bool s2fault_twists(enum s2rule_fault fault)
{
    return faults[fault].kind == TWIST;
}

bool s2fault_inside(const struct s2rule *rule)
{
    return rule->inside || faults[rule->fault].kind >= BETWEEN;
}

bool s2fault_meets(const struct s2rule *rule, enum s2rule_op op)
{
    if (op == S2RULE_OTHER)
        return false;
    if (rule->op != S2RULE_ANY)
        return rule->op == op;
    return op != S2RULE_FOLLOW || faults[rule->fault].kind != ANSWER;
}

void s2fault_describe(const struct s2rule *rule,
                      char out[S2FAULT_DESCRIBE_SIZE])
{
    const char *name = faults[rule->fault].name;
    enum operand operand = faults[rule->fault].operand;

    if (operand == WORD)
        snprintf(out, S2FAULT_DESCRIBE_SIZE, "%s %.200s", name, rule->text);
    else if (operand == ERROR)
        snprintf(out, S2FAULT_DESCRIBE_SIZE, "%s %d %.200s", name, rule->status,
                 rule->text);
    else if (rule->copy)
        snprintf(out, S2FAULT_DESCRIBE_SIZE, "%s copy", name);
    else if (operand == NOTHING || (operand == MAYBE && rule->number == 0))
        snprintf(out, S2FAULT_DESCRIBE_SIZE, "%s", name);
    else
        snprintf(out, S2FAULT_DESCRIBE_SIZE, "%s %" PRIu64, name, rule->number);
}

/* "CODE CODEWORD [Retry-After: SECONDS]" */
static int parse_error(struct s2rule *rule, struct script *script,
                       struct err *err)
{
    const char *word;
    uint64_t status;

    if (script_number(script, &status, err) != 0)
        return -1;
    rule->text = script_word(script);
    if (status < 200 || status > 599 || rule->text == NULL)
        return script_error(script, err, "a status and a word are wanted:",
                            faults[rule->fault].name);
    rule->status = (int)status;
    word = script_word(script);
    if (word == NULL)
        return 0;
    if (strcmp(word, "Retry-After:") != 0)
        return script_error(script, err, "Retry-After: or nothing:", word);
    return script_number(script, &rule->retry_after, err);
}

/* A number from 1 to 1000. */
static int parse_count(struct s2rule *rule, const char *word,
                       const struct script *script, struct err *err)
{
    if (word == NULL || parse_uint(word, 1, 1000, &rule->number, NULL) != 0)
        return script_error(script, err, "1 to 1000 is wanted, not",
                            word != NULL ? word : "");
    return 0;
}

/* "N" or "copy" */
static int parse_foreign(struct s2rule *rule, struct script *script,
                         struct err *err)
{
    const char *word = script_word(script);

    rule->copy = word != NULL && strcmp(word, "copy") == 0;
    return rule->copy ? 0 : parse_count(rule, word, script, err);
}

/* "MS" or nothing */
static int parse_maybe(struct s2rule *rule, struct script *script,
                       struct err *err)
{
    return *script_rest(script) == '\0'
               ? 0
               : script_number(script, &rule->number, err);
}

static int parse_operand(struct s2rule *rule, struct script *script,
                         struct err *err)
{
    switch (faults[rule->fault].operand) {
    case NUMBER:
        return script_number(script, &rule->number, err);
    case MAYBE:
        return parse_maybe(rule, script, err);
    case COUNT:
        return parse_count(rule, script_word(script), script, err);
    case WORD:
        rule->text = script_word(script);
        return rule->text != NULL ? 0
                                  : script_error(script, err, "where to?",
                                                 faults[rule->fault].name);
    case ERROR:
        return parse_error(rule, script, err);
    case FOREIGN:
        return parse_foreign(rule, script, err);
    default:
        return 0;
    }
}

int s2fault_parse(struct s2rule *rule, const char *word, struct script *script,
                  struct err *err)
{
    enum kind kind;

    rule->fault = (enum s2rule_fault)find(word);
    kind = faults[rule->fault].kind;
    if (rule->op == S2RULE_FOLLOW && kind == ANSWER)
        return script_error(script, err, "a session has no such fault:", word);
    if (rule->op != S2RULE_FOLLOW && (rule->inside || kind >= BETWEEN))
        return script_error(script, err, "only a session has this:", word);
    if (rule->inside && kind < CHANGE)
        return script_error(script, err, "too late for this:", word);
    return parse_operand(rule, script, err);
}
