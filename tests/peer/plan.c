#include "plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"

/* A year, in ms: what is added to times must not pass what a time can be. */
#define GAP_MAX (UINT64_C(366) * 24 * 3600 * 1000)

/* What stands behind a fault's name. */
enum operand { NOTHING, NUMBER, WORD, REST };

static const struct {
    const char *name;
    enum operand operand;
} faults[] = {[PLAN_F_CLOSE] = {"close", NUMBER},
              [PLAN_F_RESET] = {"reset", NOTHING},
              [PLAN_F_CUT] = {"cut", NOTHING},
              [PLAN_F_EOF] = {"eof", NOTHING},
              [PLAN_F_STALL] = {"stall", NUMBER},
              [PLAN_F_HANG] = {"hang", NOTHING},
              [PLAN_F_GARBAGE] = {"garbage", NOTHING},
              [PLAN_F_NOTJSON] = {"notjson", REST},
              [PLAN_F_BADZSTD] = {"badzstd", NOTHING},
              [PLAN_F_BINARY] = {"binary", NOTHING},
              [PLAN_F_OVERSIZE] = {"oversize", NUMBER},
              [PLAN_F_ZERO] = {"zero", NOTHING},
              [PLAN_F_UNKNOWN] = {"unknown", NOTHING},
              [PLAN_F_RSV] = {"rsv", NOTHING},
              [PLAN_F_MASKED] = {"masked", NOTHING},
              [PLAN_F_BADUTF8] = {"badutf8", NOTHING},
              [PLAN_F_BIGCONTROL] = {"bigcontrol", NOTHING},
              [PLAN_F_PING] = {"ping", NOTHING},
              [PLAN_F_FRAGMENTS] = {"fragments", NUMBER},
              [PLAN_F_DUP] = {"dup", NUMBER},
              [PLAN_F_ERROR] = {"error", WORD},
              [PLAN_F_INFO] = {"info", WORD},
              [PLAN_F_DONE] = {"done", NOTHING},
              [PLAN_F_END] = {"end", NOTHING}};

#define FAULTS (sizeof(faults) / sizeof(faults[0]))

void plan_describe(const struct plan_step *step, char out[PLAN_DESCRIBE_SIZE])
{
    const char *name = faults[step->fault].name;

    if (faults[step->fault].operand == NUMBER)
        snprintf(out, PLAN_DESCRIBE_SIZE, "%s %" PRIu64, name, step->number);
    else if (faults[step->fault].operand == NOTHING)
        snprintf(out, PLAN_DESCRIBE_SIZE, "%s", name);
    else
        snprintf(out, PLAN_DESCRIBE_SIZE, "%s %.200s", name, step->text);
}

static int parse_operand(struct plan_step *step, struct script *script,
                         struct err *err)
{
    switch (faults[step->fault].operand) {
    case NUMBER:
        return script_number(script, &step->number, err);
    case WORD:
        step->text = script_word(script);
        if (step->text == NULL)
            return script_error(script, err, "a word is missing behind",
                                faults[step->fault].name);
        return 0;
    case REST:
        step->text = script_rest(script);
        while (*script->at != '\0')
            script->at++;
        return 0;
    default:
        return 0;
    }
}

static int parse_fault(struct plan_step *step, struct script *script,
                       struct err *err)
{
    const char *name = script_word(script);

    for (size_t i = 0; name != NULL && i < FAULTS; i++) {
        if (strcmp(name, faults[i].name) == 0) {
            step->fault = (enum plan_fault)i;
            return parse_operand(step, script, err);
        }
    }
    return script_error(script, err, "no such fault:", name ? name : "");
}

/* "every|after|once N FAULT" */
static int parse_step(struct plan_block *block, enum plan_when when,
                      struct script *script, struct err *err)
{
    struct plan_step *step = calloc(1, sizeof(*step));
    struct plan_step **end = &block->steps;

    if (step == NULL)
        return err_memory(err);
    while (*end != NULL)
        end = &(*end)->next;
    *end = step;
    step->when = when;
    if (script_number(script, &step->n, err) != 0)
        return -1;
    if (when == PLAN_EVERY && step->n == 0)
        return script_error(script, err, "at least 1 is wanted:", "every 0");
    return parse_fault(step, script, err);
}

/* "refuse STATUS [Retry-After: SECONDS] [BODY]" */
static int parse_refuse(struct plan_block *block, struct script *script,
                        struct err *err)
{
    static const char name[] = "Retry-After:";
    uint64_t status;

    if (script_number(script, &status, err) != 0)
        return -1;
    if (status < 200 || status > 599)
        return script_error(script, err, "no status:", "refuse");
    block->entry = PLAN_REFUSE;
    block->status = (int)status;
    block->text = script_rest(script);
    if (strncmp(block->text, name, sizeof(name) - 1) == 0) {
        script_word(script);
        if (script_number(script, &block->retry_after, err) != 0)
            return -1;
        block->text = script_rest(script);
    }
    script->at = strchr(script->at, '\0');
    return 0;
}

static int parse_feed(struct plan_block *block, struct script *script,
                      struct err *err)
{
    const char *path = script_word(script);

    if (path == NULL || block->feed != NULL)
        return script_error(script, err, "one file is wanted:", "events");
    block->feed = calloc(1, sizeof(*block->feed));
    if (block->feed == NULL)
        return err_memory(err);
    return feed_load(block->feed, path, err);
}

static int parse_redirect(struct plan_block *block, struct script *script,
                          struct err *err)
{
    block->entry = PLAN_REDIRECT;
    block->text = script_word(script);
    if (block->text == NULL)
        return script_error(script, err, "where to?", "redirect");
    return 0;
}

static int parse_filter(struct plan_block *block, struct script *script,
                        struct err *err)
{
    const char *word = script_word(script);

    if (word == NULL || (strcmp(word, "on") != 0 && strcmp(word, "off") != 0))
        return script_error(script, err, "on or off is wanted, not",
                            word != NULL ? word : "");
    block->settings.filter = strcmp(word, "on") == 0;
    return 0;
}

/* A word that says how the upgrade is answered.  Whether it is one. */
static bool parse_entry(struct plan_block *block, const char *word)
{
    static const struct {
        const char *name;
        enum plan_entry entry;
    } words[] = {{"stall", PLAN_STALL},
                 {"badaccept", PLAN_BADACCEPT},
                 {"close", PLAN_CLOSE},
                 {"reset", PLAN_RESET}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(word, words[i].name) == 0) {
            block->entry = words[i].entry;
            return true;
        }
    }
    return false;
}

/* "crash AT LOST GAP_MS" */
static int parse_crash(struct plan *plan, struct err *err)
{
    struct script *script = &plan->script;
    struct plan_crash crash;

    if (plan->ncrashes == FEED_CRASHES)
        return script_error(script, err, "too many:", "crash");
    if (script_number(script, &crash.at, err) != 0 ||
        script_number(script, &crash.lost, err) != 0 ||
        script_number(script, &crash.gap_ms, err) != 0)
        return -1;
    if (crash.at == 0 || crash.lost == 0 || crash.gap_ms > GAP_MAX)
        return script_error(script, err, "that makes no sense:", "crash");
    if (plan->ncrashes > 0 && crash.at <= plan->crashes[plan->ncrashes - 1].at)
        return script_error(script, err, "not in order:", "crash");
    plan->crashes[plan->ncrashes++] = crash;
    return 0;
}

/* A line of ${block} that begins with ${word}. */
static int parse_line(struct plan *plan, struct plan_block *block,
                      const char *word, struct err *err)
{
    static const char *const whens[] = {"every", "after", "once"};
    struct script *script = &plan->script;

    for (int i = PLAN_EVERY; i <= PLAN_ONCE; i++) {
        if (strcmp(word, whens[i]) == 0)
            return parse_step(block, (enum plan_when)i, script, err);
    }
    if (parse_entry(block, word))
        return 0;
    if (strcmp(word, "refuse") == 0)
        return parse_refuse(block, script, err);
    if (strcmp(word, "redirect") == 0)
        return parse_redirect(block, script, err);
    if (strcmp(word, "filter") == 0)
        return parse_filter(block, script, err);
    if (strcmp(word, "events") == 0)
        return parse_feed(block, script, err);
    if (strcmp(word, "crash") == 0)
        return parse_crash(plan, err);
    if (strcmp(word, "segment") == 0)
        return script_number(script, &block->settings.segment, err);
    if (strcmp(word, "floor") == 0)
        return script_number(script, &block->settings.floor, err);
    if (strcmp(word, "live") == 0) {
        plan->live = true;
        return script_number(script, &plan->live_from, err);
    }
    return script_error(script, err, "no such word:", word);
}

/* "connection" begins a new block, "connection *" leads back to every. */
static int parse_connection(struct plan *plan, struct plan_block **block,
                            struct err *err)
{
    const char *star = script_word(&plan->script);
    struct plan_block **end = &plan->blocks;

    if (star != NULL) {
        *block = &plan->every;
        return strcmp(star, "*") == 0
                   ? 0
                   : script_error(&plan->script, err, "* or nothing:", star);
    }
    while (*end != NULL)
        end = &(*end)->next;
    *end = calloc(1, sizeof(**end));
    if (*end == NULL)
        return err_memory(err);
    (*end)->settings = plan->every.settings;
    *block = *end;
    return 0;
}

int plan_load(struct plan *plan, const char *path, struct err *err)
{
    struct plan_block *block = &plan->every;

    *plan = (struct plan){.scripted = path != NULL};
    plan->every.settings.filter = true;
    if (path == NULL)
        return 0;
    if (script_open(&plan->script, path, err) != 0) {
        plan->scripted = false;
        return -1;
    }
    while (script_line(&plan->script)) {
        const char *word = script_word(&plan->script);
        int result = strcmp(word, "connection") == 0
                         ? parse_connection(plan, &block, err)
                         : parse_line(plan, block, word, err);

        if (result != 0 || script_end(&plan->script, err) != 0) {
            plan_release(plan);
            return -1;
        }
    }
    return 0;
}

static void release_block(struct plan_block *block)
{
    while (block->steps != NULL) {
        struct plan_step *step = block->steps;

        block->steps = step->next;
        free(step);
    }
    if (block->feed != NULL)
        feed_release(block->feed);
    free(block->feed);
    block->feed = NULL;
}

void plan_release(struct plan *plan)
{
    release_block(&plan->every);
    while (plan->blocks != NULL) {
        struct plan_block *block = plan->blocks;

        plan->blocks = block->next;
        release_block(block);
        free(block);
    }
    if (plan->scripted)
        script_close(&plan->script);
    plan->scripted = false;
}

struct plan_block *plan_block(struct plan *plan, unsigned nth)
{
    struct plan_block *block = plan->blocks;

    while (block != NULL && block->next != NULL && nth-- > 1)
        block = block->next;
    return block != NULL ? block : &plan->every;
}
