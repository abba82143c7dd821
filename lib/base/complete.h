/*
 * Completion scripts for shells, from the option table.
 */
#ifndef BASE_COMPLETE_H
#define BASE_COMPLETE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/opt.h"

enum complete_shell { COMPLETE_BASH, COMPLETE_ZSH, COMPLETE_FISH };

/*
 * complete_script(table, n, prog, shell, out): append to ${out} a script that
 * teaches ${shell} the options of ${prog}: long and short names, the words of
 * an OPT_CHOICE, files where the argument is called FILE, and nothing for
 * other arguments.  zsh and fish show the first clause of the help text,
 * without the default.  ${prog}, the names and the words are of letters,
 * digits, '-', '_' and '.' only; a help text may hold anything.  0, or -1 when
 * ${out} is full.
 */
int complete_script(const struct opt *table, size_t n, const char *prog,
                    enum complete_shell shell, struct buf *out);

#endif
