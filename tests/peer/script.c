#include "script.h"

#include <string.h>

#include "base/parse.h"
#include "slurp.h"

#define SCRIPT_MAX ((size_t)1 << 20)

int script_open(struct script *script, const char *path, struct err *err)
{
    *script = (struct script){.path = path};
    buf_init(&script->text, SCRIPT_MAX);
    if (slurp_file(path, &script->text, err) != 0 ||
        buf_add(&script->text, "\n", 2) != 0) {
        script_close(script);
        return err_set(err, ERR_OS, "%s: too large", path);
    }
    script->next = script->text.p;
    script->at = script->next;
    return 0;
}

void script_close(struct script *script)
{
    buf_release(&script->text);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(struct script *script)
{
    while (is_blank(*script->at))
        script->at++;
}

/* Ends the line before its comment. */
static void cut_comment(char *line)
{
    for (char *p = line; *p != '\0'; p++) {
        if (*p == '#' && (p == line || is_blank(p[-1]))) {
            *p = '\0';
            return;
        }
    }
}

bool script_line(struct script *script)
{
    while (*script->next != '\0') {
        char *end = strchr(script->next, '\n');

        script->at = script->next;
        script->next = end == NULL ? strchr(script->at, '\0') : end + 1;
        if (end != NULL)
            *end = '\0';
        script->number++;
        cut_comment(script->at);
        skip_blanks(script);
        if (*script->at != '\0')
            return true;
    }
    return false;
}

const char *script_word(struct script *script)
{
    const char *word;

    skip_blanks(script);
    if (*script->at == '\0')
        return NULL;
    word = script->at;
    while (*script->at != '\0' && !is_blank(*script->at))
        script->at++;
    if (*script->at != '\0')
        *script->at++ = '\0';
    return word;
}

const char *script_rest(struct script *script)
{
    char *end;

    skip_blanks(script);
    end = strchr(script->at, '\0');
    while (end > script->at && is_blank(end[-1]))
        *--end = '\0';
    return script->at;
}

int script_number(struct script *script, uint64_t *out, struct err *err)
{
    const char *word = script_word(script);

    if (word == NULL || parse_uint(word, 0, INT64_MAX, out, NULL) != 0)
        return script_error(script, err, "a number is wanted, not",
                            word != NULL ? word : "");
    return 0;
}

int script_end(struct script *script, struct err *err)
{
    const char *rest = script_rest(script);

    if (*rest != '\0')
        return script_error(script, err, "too much:", rest);
    return 0;
}

int script_error(const struct script *script, struct err *err, const char *what,
                 const char *word)
{
    return err_set(err, ERR_CONFIG, "%s:%u: %s '%.80s'", script->path,
                   script->number, what, word);
}
