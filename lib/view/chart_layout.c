#include "view/chart_layout.h"

#include <string.h>

#include "view/chart.h"

#define SIDE_GAP 3  /* between labels and bars, side by side */
#define GAP 2       /* between labels and bars; bars, counts and shares */
#define PANEL_GAP 4 /* between panels, side by side */
#define SHARE 4     /* "100%" */
#define BAR_LEAST 3 /* shorter bars say nothing */
#define BAR_TIGHT 8 /* side by side before the second panel is given up */
#define BAR_GOOD 16 /* side by side before panels are stacked */
#define SPARK_LEAST 4

int chart_layout_margin(int width)
{
    return width >= 20 ? 1 : 0;
}

static int most(int a, int b)
{
    return a > b ? a : b;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static bool has_both(const struct chart_need *need)
{
    return (need->panels & CHART_RECENT) && (need->panels & CHART_TOTAL);
}

/* Labels are whole where they leave two thirds to the rest. */
static void lay_label(const struct chart_need *need,
                      struct chart_layout *layout)
{
    layout->brief = need->label > need->width / 3;
    layout->label = least(layout->brief ? need->short_label : need->label,
                          most(need->width * 2 / 5, 1));
}

/* What is right of the bars of a panel. */
static int behind_bar(int count, bool shares)
{
    return GAP + count + (shares ? GAP + SHARE : 0);
}

/* Gives a part of the bar to the sparkline. */
static void lay_spark(const struct chart_need *need, struct chart_panel *panel)
{
    if ((need->panels & CHART_SPARK) == 0 || panel->bar / 4 < SPARK_LEAST)
        return;
    panel->spark = least(panel->bar / 4, CHART_HISTORY);
    panel->bar -= panel->spark + 1;
}

/* A panel that ends before column ${end}. */
static void lay_panel(int end, int bar, int count, bool shares,
                      struct chart_panel *panel)
{
    panel->share_end = end;
    panel->share = shares ? SHARE : 0;
    panel->count_end = shares ? end - SHARE - GAP : end;
    panel->count = count;
    panel->bar = bar;
    panel->column = panel->count_end - count - GAP - bar;
}

/* The cells of a bar, side by side. */
static int side_bar(const struct chart_need *need,
                    const struct chart_layout *layout, bool shares)
{
    return (need->width - 2 * layout->margin - layout->label - SIDE_GAP -
            PANEL_GAP - behind_bar(need->counts[0], shares) -
            behind_bar(need->counts[1], shares)) /
           2;
}

static void lay_side(const struct chart_need *need, bool shares,
                     struct chart_layout *layout)
{
    struct chart_panel *recent = &layout->panels[0];
    struct chart_panel *total = &layout->panels[1];
    int bar = side_bar(need, layout, shares);
    int column = layout->margin + layout->label + SIDE_GAP;

    layout->npanels = 2;
    lay_panel(column + bar + behind_bar(need->counts[0], shares), bar,
              need->counts[0], shares, recent);
    lay_panel(need->width - layout->margin, bar, need->counts[1], shares,
              total);
    recent->heading = recent->column;
    total->heading = total->column;
    total->total = true;
}

/* No room for bars: labels and counts, or labels only. */
static void lay_numbers(int width, struct chart_layout *layout,
                        struct chart_panel *panel)
{
    int room = width - 2 * layout->margin;

    panel->bar = 0;
    panel->share = 0;
    panel->count_end = width - layout->margin;
    layout->label = room - 1 - panel->count;
    if (layout->label < 3) {
        panel->count = 0;
        layout->label = room;
    }
    layout->mark = layout->margin + layout->label;
}

/* One panel in the whole width. */
static void lay_single(const struct chart_need *need, bool total, int count,
                       struct chart_layout *layout, struct chart_panel *panel)
{
    int bar = need->width - 2 * layout->margin - layout->label - GAP -
              behind_bar(count, false);
    bool shares = bar - GAP - SHARE >= need->width / 2;

    if (shares)
        bar -= GAP + SHARE;
    lay_panel(need->width - layout->margin, bar, count, shares, panel);
    panel->total = total;
    panel->heading = layout->margin;
    if (bar < BAR_LEAST)
        lay_numbers(need->width, layout, panel);
}

/* Two panels, one below the other: all columns are the same. */
static void lay_stacked(const struct chart_need *need,
                        struct chart_layout *layout)
{
    int count = most(need->counts[0], need->counts[1]);

    layout->stacked = true;
    layout->npanels = 2;
    lay_single(need, false, count, layout, &layout->panels[0]);
    lay_single(need, true, count, layout, &layout->panels[1]);
}

void chart_layout_make(const struct chart_need *need,
                       struct chart_layout *layout)
{
    bool both = has_both(need);
    bool total = !both && (need->panels & CHART_TOTAL);

    memset(layout, 0, sizeof(*layout));
    layout->margin = chart_layout_margin(need->width);
    lay_label(need, layout);
    layout->mark = layout->margin + layout->label + 1;
    layout->npanels = 1;
    if (both && side_bar(need, layout, true) >= BAR_GOOD)
        lay_side(need, true, layout);
    else if (both && (size_t)need->height >= 2 * (need->nrows + 1))
        lay_stacked(need, layout);
    else if (both && side_bar(need, layout, false) >= BAR_TIGHT)
        lay_side(need, false, layout);
    else
        lay_single(need, total, need->counts[total ? 1 : 0], layout,
                   &layout->panels[0]);
    lay_spark(need, &layout->panels[0]);
}
