#include "s2rule.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"

/* What stands behind a fault's name. */
enum operand { NOTHING, NUMBER, WORD, ERROR, COUNT };

static const struct {
    const char *name;
    enum operand operand;
} faults[] = {[S2RULE_F_NONE] = {"none", NOTHING},
              [S2RULE_F_STATUS] = {"status", ERROR},
              [S2RULE_F_APPLIED] = {"applied", ERROR},
              [S2RULE_F_DROP] = {"drop", NOTHING},
              [S2RULE_F_DROPLATE] = {"droplate", NUMBER},
              [S2RULE_F_LOST] = {"lost", NOTHING},
              [S2RULE_F_HOLD] = {"hold", NUMBER},
              [S2RULE_F_LATE] = {"late", NUMBER},
              [S2RULE_F_MIDBODY] = {"midbody", NOTHING},
              [S2RULE_F_TRUNCATED] = {"truncated", NOTHING},
              [S2RULE_F_WRONGTYPE] = {"wrongtype", NOTHING},
              [S2RULE_F_GARBAGE] = {"garbage", NOTHING},
              [S2RULE_F_REDIRECT] = {"redirect", WORD},
              [S2RULE_F_SLOW] = {"slow", NUMBER},
              [S2RULE_F_TRIM] = {"trim", NUMBER},
              [S2RULE_F_DELETE] = {"delete", NOTHING},
              [S2RULE_F_WIPE] = {"wipe", NOTHING},
              [S2RULE_F_FOREIGN] = {"foreign", COUNT}};

static const char *const ops[] = {"append", "read",  "tail", "create",
                                  "list",   "basin", "any",  "other"};

#define FAULTS (sizeof(faults) / sizeof(faults[0]))

const char *s2rule_op_name(enum s2rule_op op)
{
    return ops[op];
}

void s2rule_describe(const struct s2rule *rule, char out[S2RULE_DESCRIBE_SIZE])
{
    const char *name = faults[rule->fault].name;

    switch (faults[rule->fault].operand) {
    case WORD:
        snprintf(out, S2RULE_DESCRIBE_SIZE, "%s %.200s", name, rule->text);
        return;
    case ERROR:
        snprintf(out, S2RULE_DESCRIBE_SIZE, "%s %d %.200s", name, rule->status,
                 rule->text);
        return;
    case NOTHING:
        snprintf(out, S2RULE_DESCRIBE_SIZE, "%s", name);
        return;
    default:
        break;
    }
    if (rule->copy)
        snprintf(out, S2RULE_DESCRIBE_SIZE, "%s copy", name);
    else
        snprintf(out, S2RULE_DESCRIBE_SIZE, "%s %" PRIu64, name, rule->number);
}

static bool is_fault(const char *word)
{
    for (size_t i = 0; i < FAULTS; i++) {
        if (strcmp(word, faults[i].name) == 0)
            return true;
    }
    return false;
}

/* "N" or "N-M".  Whether ${word} is that. */
static bool parse_range(struct s2rule *rule, const char *word)
{
    const char *dash = strchr(word, '-');
    char first[24];
    size_t n = dash != NULL ? (size_t)(dash - word) : strlen(word);

    if (n >= sizeof(first))
        return false;
    memcpy(first, word, n);
    first[n] = '\0';
    if (parse_uint(first, 1, INT64_MAX, &rule->n, NULL) != 0)
        return false;
    rule->m = rule->n;
    rule->when = S2RULE_RANGE;
    return dash == NULL ||
           parse_uint(dash + 1, rule->n, INT64_MAX, &rule->m, NULL) == 0;
}

/* "P SEED" */
static int parse_prob(struct s2rule *rule, struct script *script,
                      struct err *err)
{
    const char *word = script_word(script);
    char *end = NULL;
    double p = word != NULL ? strtod(word, &end) : -1;

    rule->when = S2RULE_PROB;
    if (word == NULL || end == word || *end != '\0' || !(p >= 0 && p <= 1))
        return script_error(script, err, "0 to 1 is wanted, not",
                            word != NULL ? word : "");
    rule->threshold = (uint64_t)(p * 9007199254740992.0);
    return script_number(script, &rule->rng.state, err);
}

/* When ${word} says so, it is eaten: 1; 0 when it is something else; -1. */
static int parse_turn(struct s2rule *rule, const char *word,
                      struct script *script, struct err *err)
{
    if (parse_range(rule, word))
        return 1;
    /* A stream of such a name could not be told from a slip. */
    if (strspn(word, "0123456789-") == strlen(word))
        return script_error(script, err, "no such range:", word);
    if (strcmp(word, "prob") == 0)
        return parse_prob(rule, script, err) == 0 ? 1 : -1;
    if (strcmp(word, "every") != 0)
        return 0;
    rule->when = S2RULE_EVERY;
    if (script_number(script, &rule->n, err) != 0)
        return -1;
    if (rule->n == 0)
        return script_error(script, err, "at least 1 is wanted:", "every 0");
    return 1;
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

/* "N" or "copy" */
static int parse_count(struct s2rule *rule, struct script *script,
                       struct err *err)
{
    const char *word = script_word(script);

    rule->copy = word != NULL && strcmp(word, "copy") == 0;
    if (rule->copy)
        return 0;
    if (word == NULL || parse_uint(word, 1, 1000, &rule->number, NULL) != 0)
        return script_error(script, err,
                            "1 to 1000, or copy:", word != NULL ? word : "");
    return 0;
}

static int parse_fault(struct s2rule *rule, const char *word,
                       struct script *script, struct err *err)
{
    size_t i = 0;

    while (i < FAULTS && strcmp(word, faults[i].name) != 0)
        i++;
    if (i == FAULTS)
        return script_error(script, err, "no such fault:", word);
    rule->fault = (enum s2rule_fault)i;
    switch (faults[i].operand) {
    case NUMBER:
        return script_number(script, &rule->number, err);
    case WORD:
        rule->text = script_word(script);
        return rule->text != NULL
                   ? 0
                   : script_error(script, err, "where to?", word);
    case ERROR:
        return parse_error(rule, script, err);
    case COUNT:
        return parse_count(rule, script, err);
    default:
        return 0;
    }
}

static int parse_op(struct s2rule *rule, struct script *script, struct err *err)
{
    const char *word = script_word(script);

    for (int i = 0; word != NULL && i <= S2RULE_ANY; i++) {
        if (strcmp(word, ops[i]) == 0) {
            rule->op = (enum s2rule_op)i;
            return 0;
        }
    }
    return script_error(script, err, "no such operation:", word ? word : "");
}

/* "on OP [STREAM] [WHEN] FAULT" */
static int parse_rule(struct s2rules *rules, struct err *err)
{
    struct script *script = &rules->script;
    struct s2rule *rule = calloc(1, sizeof(*rule));
    struct s2rule **end = &rules->rules;
    const char *word;
    int eaten;

    if (rule == NULL)
        return err_memory(err);
    while (*end != NULL)
        end = &(*end)->next;
    *end = rule;
    if (parse_op(rule, script, err) != 0)
        return -1;
    for (;;) {
        word = script_word(script);
        if (word == NULL)
            return script_error(script, err, "no fault:", "on");
        if (is_fault(word))
            return parse_fault(rule, word, script, err);
        eaten = parse_turn(rule, word, script, err);
        if (eaten < 0)
            return -1;
        if (eaten == 0 && rule->stream != NULL)
            return script_error(script, err, "no such fault:", word);
        if (eaten == 0)
            rule->stream = word;
    }
}

/* "skew MS" or "skew -MS" */
static int parse_skew(struct s2rules *rules, struct err *err)
{
    const char *word = script_word(&rules->script);
    bool minus = word != NULL && word[0] == '-';
    uint64_t ms;

    if (word == NULL ||
        parse_uint(word + minus, 0, INT64_C(1) << 40, &ms, NULL) != 0)
        return script_error(&rules->script, err,
                            "no skew:", word != NULL ? word : "");
    rules->settings.skew_ms = minus ? -(int64_t)ms : (int64_t)ms;
    return 0;
}

static int parse_line(struct s2rules *rules, struct err *err)
{
    const char *word = script_word(&rules->script);

    if (strcmp(word, "on") == 0)
        return parse_rule(rules, err);
    if (strcmp(word, "skew") == 0)
        return parse_skew(rules, err);
    if (strcmp(word, "uncapped") == 0)
        rules->settings.uncapped = true;
    else if (strcmp(word, "autocreate") == 0)
        rules->settings.autocreate = true;
    else if (strcmp(word, "require-timestamps") == 0)
        rules->settings.require_timestamps = true;
    else
        return script_error(&rules->script, err, "no such word:", word);
    return 0;
}

int s2rule_load(struct s2rules *rules, const char *path, struct err *err)
{
    *rules = (struct s2rules){.scripted = false};
    if (path == NULL)
        return 0;
    if (script_open(&rules->script, path, err) != 0)
        return -1;
    rules->scripted = true;
    while (script_line(&rules->script)) {
        if (parse_line(rules, err) != 0 ||
            script_end(&rules->script, err) != 0) {
            s2rule_release(rules);
            return -1;
        }
    }
    return 0;
}

void s2rule_release(struct s2rules *rules)
{
    while (rules->rules != NULL) {
        struct s2rule *rule = rules->rules;

        rules->rules = rule->next;
        free(rule);
    }
    if (rules->scripted)
        script_close(&rules->script);
    rules->scripted = false;
}

bool s2rule_fires(struct s2rule *rule, enum s2rule_op op, const char *stream)
{
    if (op == S2RULE_OTHER || (rule->op != S2RULE_ANY && rule->op != op))
        return false;
    if (rule->stream != NULL &&
        (stream == NULL || strcmp(rule->stream, stream) != 0))
        return false;
    rule->count++;
    switch (rule->when) {
    case S2RULE_RANGE:
        return rule->count >= rule->n && rule->count <= rule->m;
    case S2RULE_EVERY:
        return rule->count % rule->n == 0;
    case S2RULE_PROB:
        return rng_next(&rule->rng) >> 11 < rule->threshold;
    default:
        return true;
    }
}
