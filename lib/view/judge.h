/*
 * Thresholds, judged as monitoring plugins do: GROUP<N, GROUP>N, total<N,
 * total>N, lag>DUR, lag<DUR.
 */
#ifndef VIEW_JUDGE_H
#define VIEW_JUDGE_H

#include "view/lines.h"

enum judge_state { JUDGE_OK, JUDGE_WARNING, JUDGE_CRITICAL, JUDGE_UNKNOWN };

/* judge_check(expr, err): whether ${expr} can be read: 0, or -1 with
 * ERR_USAGE.  The last < or > divides, so that groups may hold others. */
int judge_check(const char *expr, struct err *err);

struct judge_exprs {
    const char *const *warn;
    size_t nwarn;
    const char *const *crit;
    size_t ncrit;
};

/*
 * judge(exprs, snapshot, facts, out): judge the window, and append the one
 * line "S2TAIL OK - text | perfdata" with a newline.  A group that is not
 * there counts as 0; an unknown lag is longer than any.  A NULL ${snapshot}
 * (no window has closed) is JUDGE_UNKNOWN; ${facts} may be NULL then.
 */
enum judge_state judge(const struct judge_exprs *exprs,
                       const struct window_snapshot *snapshot,
                       const struct lines_facts *facts, struct buf *out);

#endif
