#include "h2gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "script.h"

static int parse_code(struct script *script, uint32_t *code, struct err *err)
{
    static const struct {
        const char *name;
        uint32_t code;
    } codes[] = {{"NO_ERROR", 0x0},       {"PROTOCOL_ERROR", 0x1},
                 {"INTERNAL_ERROR", 0x2}, {"REFUSED_STREAM", 0x7},
                 {"CANCEL", 0x8},         {"ENHANCE_YOUR_CALM", 0xb}};
    const char *word = script_word(script);

    for (size_t i = 0; word != NULL && i < sizeof(codes) / sizeof(codes[0]);
         i++) {
        if (strcmp(word, codes[i].name) == 0) {
            *code = codes[i].code;
            return 0;
        }
    }
    return script_error(script, err, "no code of HTTP/2:", word ? word : "");
}

/* "N", "N-M", "every N". */
static int parse_choice(struct script *script, struct h2gate_rule *rule,
                        struct err *err)
{
    const char *word = script_word(script);
    const char *dash = word != NULL ? strchr(word, '-') : NULL;
    char first[24];

    if (word != NULL && strcmp(word, "every") == 0)
        return script_number(script, &rule->every, err);
    if (word == NULL || strlen(word) >= sizeof(first))
        return script_error(script, err, "which?", word ? word : "");
    snprintf(first, sizeof(first), "%.*s",
             (int)(dash != NULL ? (size_t)(dash - word) : strlen(word)), word);
    if (parse_uint(first, 1, INT64_MAX, &rule->first, NULL) != 0 ||
        parse_uint(dash != NULL ? dash + 1 : first, 1, INT64_MAX, &rule->last,
                   NULL) != 0)
        return script_error(script, err, "no number:", word);
    return 0;
}

/* "before", "end", "after BYTES". */
static int parse_moment(struct script *script, struct h2gate_rule *rule,
                        struct err *err)
{
    const char *word = script_word(script);
    uint64_t n;

    if (word != NULL && strcmp(word, "before") == 0) {
        rule->at = H2GATE_BEFORE;
    } else if (word != NULL && strcmp(word, "end") == 0) {
        rule->at = H2GATE_END;
    } else if (word != NULL && strcmp(word, "after") == 0) {
        if (script_number(script, &n, err) != 0)
            return -1;
        rule->at = (int64_t)n;
    } else {
        return script_error(script, err, "when?", word ? word : "");
    }
    return script_end(script, err);
}

/* "on WHICH goaway|rst CODE WHEN" */
static int parse_rule(struct script *script, struct h2gate_rule *rule,
                      struct err *err)
{
    const char *word = script_word(script);

    if (word == NULL || strcmp(word, "on") != 0)
        return script_error(script, err, "unknown:", word ? word : "");
    if (parse_choice(script, rule, err) != 0)
        return -1;
    snprintf(rule->text, sizeof(rule->text), "%s", script_rest(script));
    word = script_word(script);
    if (word == NULL ||
        (strcmp(word, "goaway") != 0 && strcmp(word, "rst") != 0))
        return script_error(script, err, "no fault:", word ? word : "");
    rule->fault = word[0] == 'g' ? H2GATE_GOAWAY : H2GATE_RST;
    if (parse_code(script, &rule->code, err) != 0)
        return -1;
    return parse_moment(script, rule, err);
}

int h2gate_load(struct h2gate *gate, const char *path, struct err *err)
{
    struct script script;
    int rc = 0;

    if (path == NULL)
        return 0;
    if (script_open(&script, path, err) != 0)
        return -1;
    while (rc == 0 && script_line(&script)) {
        struct h2gate_rule rule = {0};
        struct h2gate_rule *grown;

        rc = parse_rule(&script, &rule, err);
        if (rc != 0)
            break;
        grown = realloc(gate->rules, (gate->nrules + 1) * sizeof(*grown));
        if (grown == NULL) {
            rc = err_memory(err);
            break;
        }
        gate->rules = grown;
        gate->rules[gate->nrules++] = rule;
    }
    script_close(&script);
    return rc;
}

void h2gate_release(struct h2gate *gate)
{
    free(gate->rules);
    gate->rules = NULL;
    gate->nrules = 0;
}

const struct h2gate_rule *h2gate_next(struct h2gate *gate, uint64_t *nth)
{
    pthread_mutex_lock(&gate->lock);
    *nth = ++gate->requests;
    pthread_mutex_unlock(&gate->lock);
    for (size_t i = 0; i < gate->nrules; i++) {
        const struct h2gate_rule *rule = &gate->rules[i];

        if (rule->every > 0 ? *nth % rule->every == 0
                            : *nth >= rule->first && *nth <= rule->last)
            return rule;
    }
    return NULL;
}
