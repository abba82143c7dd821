#include "proxytoxic.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"

static const char *const sides[] = {"upstream", "downstream"};

static const struct {
    const char *name;
    unsigned args;
    uint64_t least; /* of the first */
} kinds[] = {[PROXYTOXIC_NONE] = {"none", 0, 0},
             [PROXYTOXIC_LATENCY] = {"latency", 2, 0},
             [PROXYTOXIC_BANDWIDTH] = {"bandwidth", 1, 1},
             [PROXYTOXIC_SLICER] = {"slicer", 3, 1},
             [PROXYTOXIC_SLOWCLOSE] = {"slowclose", 1, 0},
             [PROXYTOXIC_TIMEOUT] = {"timeout", 1, 0},
             [PROXYTOXIC_RESET] = {"reset", 0, 0},
             [PROXYTOXIC_LIMIT] = {"limit", 0, 0},
             [PROXYTOXIC_DOWN] = {"down", 1, 0},
             [PROXYTOXIC_LATE] = {"late", 1, 0},
             [PROXYTOXIC_SPEAK] = {"speak", 0, 0}};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))
#define WORDS_MAX ((size_t)1 << 20)
#define ARG_MAX_VALUE ((uint64_t)1 << 40)

bool proxytoxic_side(const char *word, enum proxytoxic_side *side)
{
    for (int i = 0; i < 2; i++) {
        if (strcmp(word, sides[i]) == 0) {
            *side = (enum proxytoxic_side)i;
            return true;
        }
    }
    return false;
}

/* "N" or "N-M".  Whether ${word} is that. */
static bool read_range(struct proxytoxic *toxic, const char *word)
{
    const char *dash = strchr(word, '-');
    size_t n = dash != NULL ? (size_t)(dash - word) : strlen(word);
    char first[24];

    if (n >= sizeof(first))
        return false;
    memcpy(first, word, n);
    first[n] = '\0';
    if (parse_uint(first, 1, ARG_MAX_VALUE, &toxic->from, NULL) != 0)
        return false;
    toxic->to = toxic->from;
    return dash == NULL || parse_uint(dash + 1, toxic->from, ARG_MAX_VALUE,
                                      &toxic->to, NULL) == 0;
}

static int read_number(struct script *script, uint64_t least, uint64_t *out,
                       struct err *err)
{
    const char *word = script_word(script);

    if (word == NULL || parse_uint(word, least, ARG_MAX_VALUE, out, NULL) != 0)
        return script_error(script, err, "no such number:", word ? word : "");
    return 0;
}

/* The value of a digit, -1 for what is none. */
static int hex(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

/* Bytes, two digits each. */
static int read_words(struct proxytoxic *toxic, struct script *script,
                      struct err *err)
{
    const char *word = script_word(script);
    size_t n = word != NULL ? strlen(word) : 0;

    buf_init(&toxic->words, WORDS_MAX);
    for (size_t i = 0; i < n; i += 2) {
        int high = hex(word[i]);
        int low = hex(word[i + 1]);
        char byte = (char)(high * 16 + low);

        if (high < 0 || low < 0)
            return script_error(script, err, "no such bytes:", word);
        if (buf_add(&toxic->words, &byte, 1) != 0)
            return err_memory(err);
    }
    return n > 0 ? 0 : script_error(script, err, "no bytes:", "speak");
}

/* What it is, and its numbers. */
static int read_kind(struct proxytoxic *toxic, const char *word,
                     struct script *script, struct err *err)
{
    size_t i = 0;

    while (i < KINDS && strcmp(word, kinds[i].name) != 0)
        i++;
    if (i == KINDS)
        return script_error(script, err, "no such fault:", word);
    toxic->kind = (enum proxytoxic_kind)i;
    if (toxic->kind == PROXYTOXIC_LATE && toxic->side != PROXYTOXIC_UPSTREAM)
        return script_error(script, err, "of requests only:", word);
    for (unsigned a = 0; a < kinds[i].args; a++) {
        if (read_number(script, a == 0 ? kinds[i].least : 0, &toxic->args[a],
                        err) != 0)
            return -1;
    }
    if (toxic->kind == PROXYTOXIC_SLICER && toxic->args[1] >= toxic->args[0])
        return script_error(script, err, "pieces of nothing:", word);
    return toxic->kind == PROXYTOXIC_SPEAK ? read_words(toxic, script, err) : 0;
}

int proxytoxic_read(struct proxytoxic **list, enum proxytoxic_side side,
                    struct script *script, struct err *err)
{
    struct proxytoxic *toxic = calloc(1, sizeof(*toxic));
    const char *word = script_word(script);

    if (toxic == NULL)
        return err_memory(err);
    while (*list != NULL)
        list = &(*list)->next;
    *list = toxic;
    toxic->side = side;
    toxic->to = UINT64_MAX;
    if (word != NULL && read_range(toxic, word)) {
        word = script_word(script);
    } else if (word != NULL && strcmp(word, "every") == 0) {
        if (read_number(script, 1, &toxic->every, err) != 0)
            return -1;
        word = script_word(script);
    }
    if (word != NULL && strcmp(word, "after") == 0) {
        if (read_number(script, 0, &toxic->after, err) != 0)
            return -1;
        word = script_word(script);
    }
    return read_kind(toxic, word != NULL ? word : "", script, err);
}

void proxytoxic_release(struct proxytoxic **list)
{
    while (*list != NULL) {
        struct proxytoxic *toxic = *list;

        *list = toxic->next;
        buf_release(&toxic->words);
        free(toxic);
    }
}

const struct proxytoxic *proxytoxic_find(const struct proxytoxic *list,
                                         enum proxytoxic_side side,
                                         uint64_t nth)
{
    for (; list != NULL; list = list->next) {
        if (list->side == side && nth >= list->from && nth <= list->to &&
            (list->every == 0 || nth % list->every == 0))
            return list;
    }
    return NULL;
}

void proxytoxic_describe(const struct proxytoxic *toxic,
                         char out[PROXYTOXIC_DESCRIBE_SIZE])
{
    const size_t size = PROXYTOXIC_DESCRIBE_SIZE;
    size_t n = (size_t)snprintf(out, size, "%s", sides[toxic->side]);

    if (toxic->after > 0)
        n += (size_t)snprintf(out + n, size - n, " after %" PRIu64,
                              toxic->after);
    n += (size_t)snprintf(out + n, size - n, " %s", kinds[toxic->kind].name);
    for (unsigned a = 0; a < kinds[toxic->kind].args; a++)
        n += (size_t)snprintf(out + n, size - n, " %" PRIu64, toxic->args[a]);
}
