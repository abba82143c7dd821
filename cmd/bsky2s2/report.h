/*
 * What a run tells on stderr.
 */
#ifndef BSKY2S2_REPORT_H
#define BSKY2S2_REPORT_H

#include "run.h"

/* report_news(news): of the websocket. */
void report_news(const struct jetstream_news *news);

/* report_note(run, note): of the writer; a hook. */
void report_note(void *run, const struct writer_note *note);

/* report_cursor(host, cursor): what a connection asks for. */
void report_cursor(const char *host, const struct position_cursor *cursor);

/* report_checkpoint(run, note): of the checkpoints; a hook. */
void report_checkpoint(void *run, const struct checkpoint_note *note);

/* report_gap(run, from_us, to_us, cause): what came in between may be missing,
 * or all up to now that is not known better (-1); counts it, too. */
void report_gap(struct run *run, int64_t from_us, int64_t to_us,
                const char *cause);

/* report_take(run, now): bring run->stats up to date. */
void report_take(struct run *run, int64_t now);

/* report_stats(run, now): one line of figures. */
void report_stats(struct run *run, int64_t now);

/* report_status(run, now): the live status line of a terminal. */
void report_status(struct run *run, int64_t now);

/* report_end(run): what a signal left, and how many lines were bad. */
void report_end(const struct run *run);

#endif
