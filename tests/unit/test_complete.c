#include "check.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/complete.h"

static const struct opt table[] = {
    {0, 0, OPT_HEADING, 0, 0, "Group: --heading"},
    {"flag", 'f', OPT_FLAG, 0, 0, "a flag, yes; more [no]"},
    {"flagship", 0, OPT_FLAG, 0, 0, "it's `another` $one"},
    {"loud", 'l', OPT_COUNT, 0, 0, "say \"more\""},
    {"text", 't', OPT_STRING, "TEXT[:TEXT]", 0, "a: string [x]"},
    {"item", 'i', OPT_LIST, "ITEM", 0, "100% [of]\\them"},
    {"files", 0, OPT_LIST, "FILE[,FILE...]", 0, "lists of files"},
    {"out", 'o', OPT_STRING, "FILE", 0, "a file"},
    {"filename", 0, OPT_STRING, "FILENAME", 0, "no file"},
    {"length", 0, OPT_DURATION, "DUR", 0, "so long, 0: never [2s]"},
    {"choice", 'c', OPT_CHOICE, "one|two-2", 0, "one of\ntwo"},
};

#define N (sizeof(table) / sizeof(table[0]))

static const char *const names[] = {"bash", "zsh", "fish"};

/* A script, to be freed by buf_release. */
static struct buf script(const struct opt *opts, size_t n,
                         enum complete_shell shell)
{
    struct buf out = BUF_INIT((size_t)1 << 20);

    CHECK_INT(complete_script(opts, n, "tool", shell, &out), 0);
    return out;
}

static bool holds(struct buf *out, const char *text)
{
    const char *all = NEEDED(buf_str(out));

    return all != NULL && strstr(all, text) != NULL;
}

static void test_bash(void)
{
    struct buf out = script(table, N, COMPLETE_BASH);

    CHECK(holds(&out, "    local table='\n"
                      "--flag=\n"
                      "-f=\n"
                      "--flagship=\n"
                      "--loud=\n"
                      "-l=\n"
                      "--text=+\n"
                      "-t=+\n"
                      "--item=+\n"
                      "-i=+\n"
                      "--files=@\n"
                      "--out=@\n"
                      "-o=@\n"
                      "--filename=+\n"
                      "--length=+\n"
                      "--choice=one|two-2\n"
                      "-c=one|two-2\n"
                      "'\n"));
    CHECK(holds(&out, "\n_tool()\n"));
    CHECK(holds(&out, "\ncomplete -F _tool tool\n"));
    buf_release(&out);
}

static void test_zsh(void)
{
    struct buf out = script(table, N, COMPLETE_ZSH);

    CHECK_STR(
        buf_str(&out),
        "#compdef tool\n"
        "# Completion of tool for zsh, made by: tool --completion zsh\n"
        "_tool()\n"
        "{\n"
        "    local -a options=(\n"
        "        '(-f --flag)'{-f,--flag}'[a flag, yes]'\n"
        "        --flagship'[it'\\''s `another` $one]'\n"
        "        \\*{-l,--loud}'[say \"more\"]'\n"
        "        '(-t --text)'{-t+,--text=}'[a\\: string]:TEXT[\\:TEXT]: '\n"
        "        \\*{-i+,--item=}'[100%]:ITEM: '\n"
        "        \\*--files='[lists of files]:FILE[,FILE...]:_files'\n"
        "        '(-o --out)'{-o+,--out=}'[a file]:FILE:_files'\n"
        "        --filename='[no file]:FILENAME: '\n"
        "        --length='[so long]:DUR: '\n"
        "        '(-c --choice)'{-c+,--choice=}'[one of two]:choice:(one "
        "two-2)'\n"
        "    )\n"
        "    _arguments -s -S : $options '*: : '\n"
        "}\n"
        "if [[ ${funcstack[1]} == _tool ]]; then\n"
        "    _tool \"$@\"\n"
        "else\n"
        "    compdef _tool tool\n"
        "fi\n");
    buf_release(&out);
}

static void test_fish(void)
{
    struct buf out = script(table, N, COMPLETE_FISH);

    CHECK_STR(
        buf_str(&out),
        "# Completion of tool for fish, made by: tool --completion fish\n"
        "complete -c tool -f\n"
        "complete -c tool -s f -l flag -d 'a flag, yes'\n"
        "complete -c tool -l flagship -d 'it\\'s `another` $one'\n"
        "complete -c tool -s l -l loud -d 'say \"more\"'\n"
        "complete -c tool -s t -l text -x -d 'a: string'\n"
        "complete -c tool -s i -l item -x -d '100%'\n"
        "complete -c tool -l files -r -F -d 'lists of files'\n"
        "complete -c tool -s o -l out -r -F -d 'a file'\n"
        "complete -c tool -l filename -x -d 'no file'\n"
        "complete -c tool -l length -x -d 'so long'\n"
        "complete -c tool -s c -l choice -x -a 'one two-2' -d 'one of two'\n");
    buf_release(&out);
}

/* How many lines of ${text} have ${option}, and not as part of a longer. */
static int lines_with(const char *text, const char *option)
{
    size_t n = strlen(option);
    int lines = 0;

    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        bool found = false;

        for (size_t i = 0; i + n <= len; i++) {
            char before = i == 0 ? '\n' : text[i - 1];
            char after = text[i + n];

            found |= strncmp(text + i, option, n) == 0 &&
                     !isalnum((unsigned char)before) && before != '-' &&
                     !isalnum((unsigned char)after) && after != '-';
        }
        lines += found;
        text += len + (text[len] == '\n');
    }
    return lines;
}

static void test_each_name_once(void)
{
    for (int shell = 0; shell < 3; shell++) {
        struct buf out = script(table, N, (enum complete_shell)shell);
        const char *text = NEEDED(buf_str(&out));

        for (size_t i = 1; i < N; i++) {
            char option[64];

            snprintf(option, sizeof(option), "%s%s",
                     shell == COMPLETE_FISH ? "-l " : "--", table[i].name);
            CHECK_INT(lines_with(text, option), 1);
        }
        CHECK_INT(lines_with(text, "--heading"), 0);
        buf_release(&out);
    }
}

/* The text in single quotes that begins at ${p}, as the shell takes it, in
 * ${out}; where it ends, or NULL. */
static const char *unquote(const char *p, bool fish, char *out)
{
    for (; *p != '\0'; p++) {
        if (fish && *p == '\\' && (p[1] == '\\' || p[1] == '\'')) {
            *out++ = *++p;
        } else if (!fish && strncmp(p, "'\\''", 4) == 0) {
            *out++ = '\'';
            p += 3;
        } else if (*p == '\'') {
            *out = '\0';
            return p + 1;
        } else {
            *out++ = *p;
        }
    }
    return NULL;
}

/* What zsh takes for the description: up to the first ] that is no \]. */
static void describe(const char *spec, char *out)
{
    CHECK(*spec == '[');
    for (spec++; *spec != ']' && *spec != '\0'; spec++) {
        if (*spec == '\\')
            spec++;
        *out++ = *spec;
    }
    CHECK_STR(spec, "]");
    *out = '\0';
}

static void hostile_text(char *text, size_t n, uint32_t *seed)
{
    static const char bytes[] =
        "''\\\\[]::$$``\"(){}*?~!#&|;<>%=,  abc\n\t\x7f";

    for (size_t i = 0; i + 1 < n; i++) {
        *seed = *seed * 1664525u + 1013904223u;
        text[i] = bytes[(*seed >> 16) % (sizeof(bytes) - 1)];
    }
    text[n - 1] = '\0';
}

/* The same without what the scripts leave out. */
static void plain(char *text)
{
    static const char *const ends[] = {"; ", " [", ", 0: "};

    for (int i = 0; i < 3; i++) {
        char *end = strstr(text, ends[i]);

        if (end != NULL)
            *end = '\0';
    }
    for (; *text != '\0'; text++) {
        if (iscntrl((unsigned char)*text))
            *text = ' ';
    }
}

static void test_hostile_texts(void)
{
    uint32_t seed = 7;

    for (int i = 0; i < 2000; i++) {
        char help[24];
        char got[256];
        char described[256];
        struct opt one = {"name", 0, OPT_FLAG, 0, 0, help};
        struct buf zsh, fish;
        const char *end;

        hostile_text(help, sizeof(help), &seed);
        zsh = script(&one, 1, COMPLETE_ZSH);
        fish = script(&one, 1, COMPLETE_FISH);
        plain(help);
        end = unquote(strstr(NEEDED(buf_str(&fish)), " -d '") + 5, true, got);
        CHECK_STR(end, "\n");
        CHECK_STR(got, help);
        end = unquote(strstr(NEEDED(buf_str(&zsh)), "--name'") + 7, false, got);
        CHECK(end != NULL && strncmp(end, "\n    )\n", 7) == 0);
        describe(got, described);
        CHECK_STR(described, help);
        buf_release(&zsh);
        buf_release(&fish);
    }
}

static bool there(const char *shell)
{
    char command[64];

    snprintf(command, sizeof(command), "command -v %s >/dev/null", shell);
    return system(command) == 0;
}

/* The shells themselves find such scripts well-formed. */
static void test_shells_take_hostile_texts(void)
{
    static const char help[] = "'\"$(touch /nonexistent/x)`false`\\]:(a)'{b}~*";
    const struct opt one = {"name", 'n', OPT_STRING, help, 0, help};
    int tried = 0;

    for (int shell = 0; shell < 3; shell++) {
        struct buf out = script(&one, 1, (enum complete_shell)shell);
        char path[] = "/tmp/complete.XXXXXX";
        char command[64];
        int fd;

        if (there(names[shell])) {
            fd = mkstemp(path);
            CHECK(fd >= 0 && write(fd, out.p, out.n) == (ssize_t)out.n);
            close(fd);
            snprintf(command, sizeof(command), "%s -n %s", names[shell], path);
            CHECK_INT(system(command), 0);
            unlink(path);
            tried++;
        }
        buf_release(&out);
    }
    if (tried < 3)
        SKIP("bash, zsh and fish are not all installed");
}

static void test_full(void)
{
    for (int shell = 0; shell < 3; shell++) {
        struct buf all = script(table, N, (enum complete_shell)shell);

        for (size_t max = 0; max <= all.n; max++) {
            struct buf out = BUF_INIT(max);

            CHECK_INT(complete_script(table, N, "tool",
                                      (enum complete_shell)shell, &out),
                      max < all.n ? -1 : 0);
            CHECK(out.n <= max);
            buf_release(&out);
        }
        buf_release(&all);
    }
}

int main(void)
{
    RUN(test_bash);
    RUN(test_zsh);
    RUN(test_fish);
    RUN(test_each_name_once);
    RUN(test_hostile_texts);
    RUN(test_shells_take_hostile_texts);
    RUN(test_full);
    return check_done();
}
