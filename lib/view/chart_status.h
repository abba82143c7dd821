/*
 * The first line of the chart.
 */
#ifndef VIEW_CHART_STATUS_H
#define VIEW_CHART_STATUS_H

#include "view/chart.h"

/*
 * chart_status_draw(model, margin, ascii, grid): the title, how things are,
 * and the time of day in row 0, ${margin} cells free at both ends.  Where it
 * is too narrow words get shorter, then the least important go.
 */
void chart_status_draw(const struct chart_model *model, int margin, bool ascii,
                       struct grid *grid);

#endif
