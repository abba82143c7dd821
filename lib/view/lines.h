/*
 * A window's counts as text for programs and for people.
 */
#ifndef VIEW_LINES_H
#define VIEW_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "view/window.h"

/* An unknown number. */
#define LINES_UNKNOWN INT64_MIN

/* What is told besides the window. */
struct lines_facts {
    int64_t lag_ms; /* LINES_UNKNOWN */
    size_t streams; /* followed now */
    size_t stale;
    uint64_t missing; /* numbers that were trimmed before they were read */
};

struct lines_options {
    size_t top;    /* groups before the rest becomes other; 0: all */
    bool by_count; /* else by name, bytewise */
    bool rate;     /* recent per second, with up to three decimals */
    bool millis;   /* times with milliseconds: windows are not whole seconds */
    bool ascii;    /* a table's labels in ASCII */
    const char *heading; /* of a table's labels; NULL: "stream" */
};

/*
 * What a format does: append the window to ${out}, with what it tells of the
 * facts.  0, or -1 when ${out} is full or memory is out, and ${out} is then as
 * it was.
 * Labels: control characters and what else text_scrub replaces is replaced,
 * but in TSV tab, newline and backslash are written \t, \n and \\.  Labels
 * that are then the same are one, their counts added up.  With top, what is
 * not among the largest by recent, then total, then name is the group
 * WINDOW_OTHER, together with a label of that name.
 */
typedef int lines_formatter(const struct window_snapshot *snapshot,
                            const struct lines_facts *facts,
                            const struct lines_options *options,
                            struct buf *out);

/* A format, and what it wants of who shows it. */
struct lines_format {
    lines_formatter *lines; /* of the rows below never NULL */
    bool bare; /* it tells no facts, which need not be gathered then */
    bool last; /* for who reads only the end, only the last window counts */
    const char *replaced; /* a file holds the last window only, and begins so;
                             NULL: windows are appended */
};

/*
 * All formats, each done by lines_NAME: FORMAT(name, what else its lines_format
 * says, at least one member: C11 knows no empty rest).
 *
 * table: for a person, aligned by display width (grid_width); what is wrong
 * with the counts (late, stale, missing) is told below.
 * tsv: window_end, group, recent, total, final|open; a line a group.
 * json: one line, the object of s2tail(1), with late_graced, stale and missing
 * where they are not zero.
 * prom: Prometheus text format 0.0.4, with HELP and TYPE; counts, also with
 * rate.
 */
#define LINES_FORMATS(FORMAT)                                                  \
    FORMAT(table, .last = true)                                                \
    FORMAT(tsv, .bare = true)                                                  \
    FORMAT(json, .last = false)                                                \
    FORMAT(prom, .last = true, .replaced = "# HELP s2tail_")

#define LINES_DECLARE(name, ...) lines_formatter lines_##name;
LINES_FORMATS(LINES_DECLARE)
#undef LINES_DECLARE

#endif
