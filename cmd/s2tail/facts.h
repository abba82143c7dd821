/*
 * What goes with a window's counts: where the run stands as it is told.
 */
#ifndef S2TAIL_FACTS_H
#define S2TAIL_FACTS_H

#include "tail.h"
#include "view/lines.h"

/* facts_of(tail): of now. */
struct lines_facts facts_of(const struct tail *tail);

#endif
