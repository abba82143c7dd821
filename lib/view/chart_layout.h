/*
 * Where on the screen the parts of the chart stand.
 */
#ifndef VIEW_CHART_LAYOUT_H
#define VIEW_CHART_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

/* What wants to be shown; widths and columns are in cells. */
struct chart_need {
    int width;       /* of the grid */
    int height;      /* of what is for panels */
    size_t nrows;    /* a panel */
    unsigned panels; /* CHART_RECENT ... */
    int label;       /* the longest */
    int short_label; /* the same without what all have in common */
    int counts[2];   /* the longest, recent and total */
};

struct chart_panel {
    bool total;  /* else recent */
    int heading; /* column of its heading */
    int column;  /* of what comes first: the sparkline, or the bar */
    int spark;   /* its width, 0: none */
    int bar;
    int count;
    int count_end; /* the column behind it */
    int share;
    int share_end;
};

struct chart_layout {
    int margin; /* cells free at both ends */
    int label;
    bool brief; /* labels without what all have in common */
    int mark;   /* column of ? and x */
    bool stacked;
    size_t npanels; /* 1 or 2; where the second has no room, 1 */
    struct chart_panel panels[2];
};

/* chart_layout_margin(width): cells free at both ends. */
int chart_layout_margin(int width);

/* chart_layout_make(need, layout): the best that fits; all ends are within
 * the width, whatever it is. */
void chart_layout_make(const struct chart_need *need,
                       struct chart_layout *layout);

#endif
