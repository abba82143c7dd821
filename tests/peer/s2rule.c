#include "s2rule.h"

#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "s2fault.h"

#define HEARTBEAT_MS 5000
#define SEED_MAX ((uint64_t)10000000)

static const char *const ops[] = {"append", "read",   "tail", "create", "list",
                                  "basin",  "follow", "any",  "other"};

const char *s2rule_op_name(enum s2rule_op op)
{
    return ops[op];
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

/* "after N", behind which "frames" may follow: 1 when ${word} was of that
 * kind, 0 when it is something else, or -1. */
static int parse_after(struct s2rule *rule, const char *word,
                       struct script *script, struct err *err)
{
    if (rule->inside && !rule->frames && strcmp(word, "frames") == 0) {
        rule->frames = true;
        return 1;
    }
    if (strcmp(word, "after") != 0)
        return 0;
    rule->inside = true;
    return script_number(script, &rule->after, err) == 0 ? 1 : -1;
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

int s2rule_aim(struct s2rule *rule, struct script *script,
               bool (*known)(const char *word), const char **word,
               struct err *err)
{
    int eaten;

    if (parse_op(rule, script, err) != 0)
        return -1;
    for (;;) {
        *word = script_word(script);
        if (*word == NULL)
            return script_error(script, err, "no fault:", "on");
        if (known(*word))
            return 0;
        eaten = parse_after(rule, *word, script, err);
        if (eaten == 0)
            eaten = parse_turn(rule, *word, script, err);
        if (eaten < 0)
            return -1;
        if (eaten == 0 && rule->stream != NULL)
            return script_error(script, err, "no such fault:", *word);
        if (eaten == 0)
            rule->stream = *word;
    }
}

/* "on OP [STREAM] [WHEN] [after N [frames]] FAULT" */
static int parse_rule(struct s2rules *rules, struct err *err)
{
    struct script *script = &rules->script;
    struct s2rule *rule = calloc(1, sizeof(*rule));
    struct s2rule **end = &rules->rules;
    const char *word;

    if (rule == NULL)
        return err_memory(err);
    while (*end != NULL)
        end = &(*end)->next;
    *end = rule;
    if (s2rule_aim(rule, script, s2fault_known, &word, err) != 0)
        return -1;
    return s2fault_parse(rule, word, script, err);
}

/* "MS" or "-MS" */
static int parse_signed(struct script *script, bool *minus, uint64_t *ms,
                        struct err *err)
{
    const char *word = script_word(script);

    *minus = word != NULL && word[0] == '-';
    if (word == NULL ||
        parse_uint(word + *minus, 0, INT64_C(1) << 50, ms, NULL) != 0)
        return script_error(script, err, "no such time:", word ? word : "");
    return 0;
}

static int parse_skew(struct s2rules *rules, struct err *err)
{
    bool minus;
    uint64_t ms = 0;

    if (parse_signed(&rules->script, &minus, &ms, err) != 0)
        return -1;
    rules->settings.skew_ms = minus ? -(int64_t)ms : (int64_t)ms;
    return 0;
}

/* "seed STREAM N [START STEP]" or "command STREAM" */
static int parse_seed(struct s2rules *rules, bool command, struct err *err)
{
    struct script *script = &rules->script;
    struct s2seed *seed = calloc(1, sizeof(*seed));
    struct s2seed **end = &rules->seeds;

    if (seed == NULL)
        return err_memory(err);
    while (*end != NULL)
        end = &(*end)->next;
    *end = seed;
    seed->command = command;
    seed->stream = script_word(script);
    if (seed->stream == NULL)
        return script_error(script, err, "which stream?", "");
    if (command)
        return 0;
    if (script_number(script, &seed->n, err) != 0)
        return -1;
    if (seed->n > SEED_MAX)
        return script_error(script, err, "too many records:", seed->stream);
    seed->dated = *script_rest(script) != '\0';
    if (!seed->dated)
        return 0;
    if (parse_signed(script, &seed->relative, &seed->start, err) != 0)
        return -1;
    return script_number(script, &seed->step, err);
}

static int parse_line(struct s2rules *rules, struct err *err)
{
    const char *word = script_word(&rules->script);

    if (strcmp(word, "on") == 0)
        return parse_rule(rules, err);
    if (strcmp(word, "skew") == 0)
        return parse_skew(rules, err);
    if (strcmp(word, "seed") == 0 || strcmp(word, "command") == 0)
        return parse_seed(rules, word[0] == 'c', err);
    if (strcmp(word, "deleting") == 0)
        return script_number(&rules->script, &rules->settings.deleting_ms, err);
    if (strcmp(word, "heartbeat") == 0)
        return script_number(&rules->script, &rules->settings.heartbeat_ms,
                             err);
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
    *rules = (struct s2rules){.settings.heartbeat_ms = HEARTBEAT_MS};
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
    while (rules->seeds != NULL) {
        struct s2seed *seed = rules->seeds;

        rules->seeds = seed->next;
        free(seed);
    }
    if (rules->scripted)
        script_close(&rules->script);
    rules->scripted = false;
}

bool s2rule_fires(struct s2rule *rule, enum s2rule_op op, const char *stream)
{
    if (!s2fault_meets(rule, op))
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
