/*
 * The words of --format: the chart and the formats of lines.h.
 */
#ifndef S2TAIL_FORMAT_H
#define S2TAIL_FORMAT_H

#include <stdbool.h>

#include "view/lines.h"

/* The words as an option takes them. */
extern const char format_words[];

/* The number of the first of them, auto: the chart on a terminal, else tsv. */
#define FORMAT_AUTO 0

/* format_chosen(word, tty): what the word of that number stands for. */
const struct lines_format *format_chosen(int word, bool tty);

/* What is shown without lines: the chart, and with --check a verdict. */
extern const struct lines_format format_chart;
extern const struct lines_format format_check;

#endif
