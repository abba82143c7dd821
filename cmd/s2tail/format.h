/*
 * The words of --format, and what each one wants: a row for a format.
 */
#ifndef S2TAIL_FORMAT_H
#define S2TAIL_FORMAT_H

#include <stdbool.h>

#include "view/lines.h"

struct format {
    lines_format *lines;
    bool drawn;           /* the chart instead */
    bool facts;           /* facts are told, too, which take a look at every
                             stream */
    bool each;            /* every window counts, even for who reads only the
                             end */
    const char *replaced; /* a file holds the last window only, and begins so;
                             NULL: lines are appended */
};

/* What --check prints, in the place of lines: the verdict. */
extern const struct format format_check;

/* The words as an option takes them. */
extern const char format_words[];

/* The number of the first of them, auto: the chart on a terminal, else tsv. */
#define FORMAT_AUTO 0

/* format_chosen(word, tty): the format of the word of that number. */
const struct format *format_chosen(int word, bool tty);

#endif
