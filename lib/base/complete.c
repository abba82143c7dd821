#include "base/complete.h"

#include <stdbool.h>
#include <string.h>

/* In the texts below, ~ stands for the tool's name. */
static int add_text(struct buf *out, const char *text, const char *prog)
{
    int rc = 0;

    while (rc == 0 && *text != '\0') {
        size_t n = strcspn(text, "~");

        rc = buf_add(out, text, n);
        text += n;
        if (rc == 0 && *text == '~') {
            rc = buf_addstr(out, prog);
            text++;
        }
    }
    return rc;
}

static bool may_repeat(const struct opt *opt)
{
    return opt->kind == OPT_COUNT || opt->kind == OPT_LIST;
}

/* FILE, or a list that begins with one: FILE[,FILE...]. */
static bool is_file(const struct opt *opt)
{
    return opt_takes_argument(opt) && opt->kind != OPT_CHOICE &&
           strncmp(opt->arg, "FILE", 4) == 0 &&
           (opt->arg[4] == '\0' || strchr("[,|", opt->arg[4]) != NULL);
}

/* The first clause of a help text, without "[default]" and ", 0: never". */
static struct slice clause(const char *help)
{
    static const char *const ends[] = {"; ", " [", ", 0: "};
    struct slice s = slice_str(help);

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        const char *end = strstr(help, ends[i]);

        if (end != NULL && (size_t)(end - help) < s.n)
            s.n = (size_t)(end - help);
    }
    return s;
}

/* The words of an OPT_CHOICE, a space between them. */
static int add_words(struct buf *out, const char *words)
{
    int rc = 0;

    for (; rc == 0 && *words != '\0'; words++)
        rc = buf_add(out, *words == '|' ? " " : words, 1);
    return rc;
}

/*
 * ${s} for the inside of single quotes, whose own end is written ${quote}; a
 * backslash goes before every byte of ${special}.  Control bytes turn into
 * spaces.
 */
static int add_quoted(struct buf *out, struct slice s, const char *special,
                      const char *quote)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c == '\'')
            rc = buf_addstr(out, quote);
        else if (c < ' ' || c == 0x7f)
            rc = buf_add(out, " ", 1);
        else if (strchr(special, c) != NULL)
            rc = buf_addf(out, "\\%c", c);
        else
            rc = buf_add(out, &s.p[i], 1);
    }
    return rc;
}

/*
 * bash.  The table has a line NAME=KIND for every name: nothing for a flag, @
 * for a file, + for another argument, or the words.  bash has broken the
 * words at = and :, and so they are put together again first.
 */
static const char bash_head[] =
    "# Completion of ~ for bash, made by: ~ --completion bash\n"
    "_~_find() # OPTION: its kind, or nothing, in $kind\n"
    "{\n"
    "    kind=\n"
    "    [[ $table == *$'\\n'\"$1=\"* ]] || return 0\n"
    "    kind=${table#*$'\\n'\"$1=\"}\n"
    "    kind=${kind%%$'\\n'*}\n"
    "}\n"
    "\n"
    "_~()\n"
    "{\n"
    "    local IFS=$' \\t\\n' kind='' last='' part='' joined='' option=''\n"
    "    local cur value gone word i j n=0\n"
    "    local -a words=('')\n"
    "    local table='\n";

static const char bash_body[] =
    "'\n"
    "    COMPREPLY=()\n"
    "    for ((i = 1; i <= COMP_CWORD; i++)); do\n"
    "        part=${COMP_WORDS[i]}\n"
    "        if [[ -n $part && -z ${part//[=:]/} ]]; then\n"
    "            words[n]+=$part joined=1 part=''\n"
    "        elif [[ -n $joined ]]; then\n"
    "            words[n]+=$part joined=''\n"
    "        else\n"
    "            words[++n]=$part\n"
    "        fi\n"
    "    done\n"
    "    for ((i = 1; i < n; i++)); do\n"
    "        word=${words[i]} last=$word\n"
    "        if [[ -n $kind ]]; then\n"
    "            kind=''\n"
    "        elif [[ $word == -- ]]; then\n"
    "            return 0\n"
    "        elif [[ $word == --* ]]; then\n"
    "            _~_find \"$word\"\n"
    "        elif [[ $word == -* ]]; then\n"
    "            for ((j = 1; j < ${#word}; j++)); do\n"
    "                _~_find \"-${word:j:1}\"\n"
    "                [[ -n $kind ]] || continue\n"
    "                ((j == ${#word} - 1)) || kind=''\n"
    "                break\n"
    "            done\n"
    "        fi\n"
    "    done\n"
    "    cur=${words[n]} value=$cur\n"
    "    if [[ $last == *[\\<\\>] ]]; then\n"
    "        kind=@\n"
    "    elif [[ -z $kind && $cur == --*=* ]]; then\n"
    "        option=${cur%%=*} value=${cur#*=}\n"
    "        _~_find \"$option\"\n"
    "        option=$option=\n"
    "    elif [[ -z $kind && $cur == -* ]]; then\n"
    "        for word in $table; do\n"
    "            word=${word%%=*}\n"
    "            [[ $word == --* && $word == \"$cur\"* ]] &&\n"
    "                COMPREPLY+=(\"$word\")\n"
    "        done\n"
    "        return 0\n"
    "    fi\n"
    "    gone=${cur%\"$part\"} # what bash has broken off: not given again\n"
    "    case $kind in\n"
    "    '' | +) ;;\n"
    "    @)\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        value=${value#[\\'\\\"]} value=${value//\\\\/}\n"
    "        gone=${gone//\\\\/}\n"
    "        while IFS= read -r word; do\n"
    "            word=$option$word\n"
    "            COMPREPLY+=(\"${word#\"$gone\"}\")\n"
    "        done < <(compgen -f -- \"$value\")\n"
    "        ;;\n"
    "    *)\n"
    "        for word in ${kind//|/ }; do\n"
    "            [[ $word == \"$value\"* ]] || continue\n"
    "            word=$option$word\n"
    "            COMPREPLY+=(\"${word#\"$gone\"}\")\n"
    "        done\n"
    "        ;;\n"
    "    esac\n"
    "    return 0\n"
    "}\n"
    "complete -F _~ ~\n";

static int add_bash(const struct opt *table, size_t n, const char *prog,
                    struct buf *out)
{
    int rc = add_text(out, bash_head, prog);

    for (size_t i = 0; rc == 0 && i < n; i++) {
        const struct opt *opt = &table[i];
        const char *kind = "";

        if (opt->kind == OPT_HEADING)
            continue;
        if (opt->kind == OPT_CHOICE)
            kind = opt->arg;
        else if (opt_takes_argument(opt))
            kind = is_file(opt) ? "@" : "+";
        rc = buf_addf(out, "--%s=%s\n", opt->name, kind);
        if (rc == 0 && opt->letter != 0)
            rc = buf_addf(out, "-%c=%s\n", opt->letter, kind);
    }
    return rc == 0 ? add_text(out, bash_body, prog) : rc;
}

/*
 * zsh.  A line is '(-i --input)'{-i+,--input=}'[DESCRIPTION]:FILE:_files'; in
 * place of the names in brackets a * where the option may be repeated.
 */
static const char zsh_head[] =
    "#compdef ~\n"
    "# Completion of ~ for zsh, made by: ~ --completion zsh\n"
    "_~()\n"
    "{\n"
    "    local -a options=(\n";

static const char zsh_body[] = "    )\n"
                               "    _arguments -s -S : $options '*: : '\n"
                               "}\n"
                               "if [[ ${funcstack[1]} == _~ ]]; then\n"
                               "    _~ \"$@\"\n"
                               "else\n"
                               "    compdef _~ ~\n"
                               "fi\n";

/* The names, and in front what they exclude. */
static int add_zsh_names(struct buf *out, const struct opt *opt)
{
    const char *plus = opt_takes_argument(opt) ? "+" : "";
    const char *equals = opt_takes_argument(opt) ? "=" : "";

    if (opt->letter == 0)
        return buf_addf(out, "        %s--%s%s", may_repeat(opt) ? "\\*" : "",
                        opt->name, equals);
    if (may_repeat(opt))
        return buf_addf(out, "        \\*{-%c%s,--%s%s}", opt->letter, plus,
                        opt->name, equals);
    return buf_addf(out, "        '(-%c --%s)'{-%c%s,--%s%s}", opt->letter,
                    opt->name, opt->letter, plus, opt->name, equals);
}

static int add_zsh_argument(struct buf *out, const struct opt *opt)
{
    if (!opt_takes_argument(opt))
        return 0;
    if (opt->kind == OPT_CHOICE) {
        if (buf_addf(out, ":%s:(", opt->name) != 0 ||
            add_words(out, opt->arg) != 0)
            return -1;
        return buf_addstr(out, ")");
    }
    if (buf_addstr(out, ":") != 0 ||
        add_quoted(out, slice_str(opt->arg), "\\:", "'\\''") != 0)
        return -1;
    return buf_addstr(out, is_file(opt) ? ":_files" : ": ");
}

static int add_zsh(const struct opt *table, size_t n, const char *prog,
                   struct buf *out)
{
    int rc = add_text(out, zsh_head, prog);

    for (size_t i = 0; rc == 0 && i < n; i++) {
        const struct opt *opt = &table[i];

        if (opt->kind == OPT_HEADING)
            continue;
        if (add_zsh_names(out, opt) != 0 || buf_addstr(out, "'[") != 0 ||
            add_quoted(out, clause(opt->help), "\\[]:", "'\\''") != 0 ||
            buf_addstr(out, "]") != 0 || add_zsh_argument(out, opt) != 0)
            return -1;
        rc = buf_addstr(out, "'\n");
    }
    return rc == 0 ? add_text(out, zsh_body, prog) : rc;
}

/* fish.  -x: an argument and no file; -r -F: a file. */
static int add_fish_option(struct buf *out, const struct opt *opt,
                           const char *prog)
{
    if (buf_addf(out, "complete -c %s", prog) != 0)
        return -1;
    if (opt->letter != 0 && buf_addf(out, " -s %c", opt->letter) != 0)
        return -1;
    if (buf_addf(out, " -l %s", opt->name) != 0)
        return -1;
    if (opt->kind == OPT_CHOICE) {
        if (buf_addstr(out, " -x -a '") != 0 || add_words(out, opt->arg) != 0 ||
            buf_addstr(out, "'") != 0)
            return -1;
    } else if (opt_takes_argument(opt) &&
               buf_addstr(out, is_file(opt) ? " -r -F" : " -x") != 0) {
        return -1;
    }
    if (buf_addstr(out, " -d '") != 0 ||
        add_quoted(out, clause(opt->help), "\\", "\\'") != 0)
        return -1;
    return buf_addstr(out, "'\n");
}

static int add_fish(const struct opt *table, size_t n, const char *prog,
                    struct buf *out)
{
    int rc = add_text(out,
                      "# Completion of ~ for fish, made by: ~ --completion "
                      "fish\ncomplete -c ~ -f\n",
                      prog);

    for (size_t i = 0; rc == 0 && i < n; i++) {
        if (table[i].kind != OPT_HEADING)
            rc = add_fish_option(out, &table[i], prog);
    }
    return rc;
}

int complete_script(const struct opt *table, size_t n, const char *prog,
                    enum complete_shell shell, struct buf *out)
{
    switch (shell) {
    case COMPLETE_BASH:
        return add_bash(table, n, prog, out);
    case COMPLETE_ZSH:
        return add_zsh(table, n, prog, out);
    case COMPLETE_FISH:
        return add_fish(table, n, prog, out);
    }
    return -1;
}
