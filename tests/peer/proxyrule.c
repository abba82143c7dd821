#include "proxyrule.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    bool takes_ms;
} faults[] = {[PROXYRULE_NONE] = {"none", false},
              [PROXYRULE_DROPPED] = {"dropped", false},
              [PROXYRULE_LOST] = {"lost", false},
              [PROXYRULE_LATE] = {"late", true},
              [PROXYRULE_DELAY] = {"delay", true},
              [PROXYRULE_HALF] = {"half", false},
              [PROXYRULE_DOWN] = {"down", true}};

#define FAULTS (sizeof(faults) / sizeof(faults[0]))

static size_t find(const char *word)
{
    size_t i = 0;

    while (i < FAULTS && strcmp(word, faults[i].name) != 0)
        i++;
    return i;
}

static bool is_known(const char *word)
{
    return find(word) < FAULTS;
}

void proxyrule_describe(const struct proxyrule *rule,
                        char out[PROXYRULE_DESCRIBE_SIZE])
{
    const char *name = faults[rule->fault].name;

    if (faults[rule->fault].takes_ms)
        snprintf(out, PROXYRULE_DESCRIBE_SIZE, "%s %" PRIu64, name, rule->ms);
    else
        snprintf(out, PROXYRULE_DESCRIBE_SIZE, "%s", name);
}

/* "on OP [STREAM] [WHEN] FAULT" */
static int parse_rule(struct proxyrules *rules, uint64_t seed, struct err *err)
{
    struct script *script = &rules->script;
    struct proxyrule *rule = calloc(1, sizeof(*rule));
    struct proxyrule **end = &rules->rules;
    const char *word;

    if (rule == NULL)
        return err_memory(err);
    while (*end != NULL)
        end = &(*end)->next;
    *end = rule;
    if (s2rule_aim(&rule->aim, script, is_known, &word, err) != 0)
        return -1;
    if (rule->aim.op == S2RULE_FOLLOW || rule->aim.inside)
        return script_error(script, err, "sessions meet no fault here:", word);
    rule->aim.rng.state += seed;
    rule->fault = (enum proxyrule_fault)find(word);
    return faults[rule->fault].takes_ms ? script_number(script, &rule->ms, err)
                                        : 0;
}

/* A script is about requests or about bytes, which are not both looked at. */
static int parse_line(struct proxyrules *rules, struct err *err)
{
    struct script *script = &rules->script;
    const char *word = script_word(script);
    enum proxytoxic_side side;
    bool bytes = proxytoxic_side(word, &side);

    if (!bytes && strcmp(word, "on") != 0)
        return script_error(script, err, "no such word:", word);
    if (bytes ? rules->rules != NULL : rules->toxics != NULL)
        return script_error(script, err, "requests or bytes, not both:", word);
    return bytes ? proxytoxic_read(&rules->toxics, side, script, err)
                 : parse_rule(rules, rules->seed, err);
}

int proxyrule_load(struct proxyrules *rules, const char *path, uint64_t seed,
                   struct err *err)
{
    *rules = (struct proxyrules){.scripted = path != NULL, .seed = seed};
    if (path == NULL)
        return 0;
    if (script_open(&rules->script, path, err) != 0) {
        rules->scripted = false;
        return -1;
    }
    while (script_line(&rules->script)) {
        if (parse_line(rules, err) != 0 ||
            script_end(&rules->script, err) != 0) {
            proxyrule_release(rules);
            return -1;
        }
    }
    return 0;
}

void proxyrule_release(struct proxyrules *rules)
{
    proxytoxic_release(&rules->toxics);
    while (rules->rules != NULL) {
        struct proxyrule *rule = rules->rules;

        rules->rules = rule->next;
        free(rule);
    }
    if (rules->scripted)
        script_close(&rules->script);
    rules->scripted = false;
}
