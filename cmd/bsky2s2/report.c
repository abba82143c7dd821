#include "report.h"

#include <inttypes.h>
#include <signal.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/parse.h"
#include "job.h"

void report_news(const struct jetstream_news *news)
{
    const char *host = news->host;
    const char *text = news->text;

    switch (news->change) {
    case JETSTREAM_CONNECTING:
        log_line(LOG_LEVEL_DEBUG, "connecting to %s", host);
        break;
    case JETSTREAM_UP:
        log_line(LOG_LEVEL_INFO, "connected to %s", host);
        break;
    case JETSTREAM_DOWN:
        log_line(LOG_LEVEL_WARNING,
                 "%s: %s; trying again in %" PRId64 ".%" PRId64 " s", host,
                 text, news->retry_ms / 1000, news->retry_ms % 1000 / 100);
        break;
    case JETSTREAM_PAUSED:
        log_line(LOG_LEVEL_NOTICE,
                 "%s: closed until there is room: the basin or the output is "
                 "slow",
                 host);
        break;
    case JETSTREAM_OVERSIZE:
        log_line(LOG_LEVEL_WARNING, "%s: skipped a message above 4 MiB", host);
        break;
    case JETSTREAM_GARBAGE:
        log_line(LOG_LEVEL_INFO, "%s: skipped a frame: %s", host, text);
        break;
    case JETSTREAM_PLAIN:
        log_line(LOG_LEVEL_WARNING, "%s: going on without compression: %s",
                 host, text);
        break;
    case JETSTREAM_TOO_OLD:
        log_line(LOG_LEVEL_WARNING, "%s: our position is too old: %s", host,
                 text);
        break;
    }
}

/* The first of ${n} failures in a row is news. */
static void tell_retry(const char *stream, const struct err *err, uint64_t n,
                       int64_t delay_ms)
{
    log_line(n == 1 ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
             "%s: %s; trying again in %" PRId64 ".%03" PRId64 " s", stream,
             err->text, delay_ms / 1000, delay_ms % 1000);
}

static void tell_recovered(const char *stream, uint64_t n)
{
    log_line(LOG_LEVEL_NOTICE, "%s: going on after %" PRIu64 " failures",
             stream, n);
}

void report_note(void *arg, const struct writer_note *note)
{
    (void)arg;
    switch (note->event) {
    case WRITER_RETRY:
        tell_retry(note->stream, note->err, note->n, note->delay_ms);
        break;
    case WRITER_RECOVERED:
        tell_recovered(note->stream, note->n);
        break;
    case WRITER_CREATED:
        log_line(LOG_LEVEL_NOTICE, "created the basin");
        break;
    case WRITER_RESOLVED:
        log_line(LOG_LEVEL_NOTICE,
                 "%s: read back up to %" PRIu64 ": %" PRIu64
                 " of ours were there",
                 note->stream, note->seq_num, note->n);
        break;
    case WRITER_GAP:
        log_line(LOG_LEVEL_WARNING,
                 "%s: gap: the stream was deleted or trimmed below %" PRIu64
                 ", or its store lost data",
                 note->stream, note->seq_num);
        break;
    case WRITER_FORGOTTEN:
        log_line(LOG_LEVEL_WARNING,
                 "%s: more records than can be remembered: duplicates are "
                 "possible",
                 note->stream);
        break;
    case WRITER_CLOCK:
        log_line(LOG_LEVEL_WARNING,
                 "%s: the basin's clock is %" PRIu64
                 " s behind: after a restart, duplicates are possible",
                 note->stream, note->n / 1000);
        break;
    }
}

void report_checkpoint(void *arg, const struct checkpoint_note *note)
{
    struct run *run = arg;

    switch (note->event) {
    case CHECKPOINT_RETRY:
        tell_retry(note->stream, note->err, note->n, note->delay_ms);
        break;
    case CHECKPOINT_RECOVERED:
        tell_recovered(note->stream, note->n);
        break;
    case CHECKPOINT_CREATED:
        log_line(LOG_LEVEL_NOTICE, "created the basin");
        break;
    case CHECKPOINT_WRITTEN:
        run->stats.checkpoints++;
        log_line(LOG_LEVEL_DEBUG, "%s: checkpoint %" PRIu64, note->stream,
                 note->seq_num);
        break;
    case CHECKPOINT_FOREIGN:
        log_line(LOG_LEVEL_WARNING,
                 "%s: record %" PRIu64 " is no checkpoint: skipped",
                 note->stream, note->seq_num);
        break;
    case CHECKPOINT_LOST:
        log_line(LOG_LEVEL_WARNING,
                 "%s: the stream was deleted or its store lost data: made anew",
                 note->stream);
        break;
    }
}

void report_cursor(const char *host, const struct position_cursor *cursor)
{
    char time[PARSE_TIME_SIZE];

    if (!cursor->any) {
        log_line(LOG_LEVEL_INFO, "%s: from the live tip", host);
    } else if (cursor->is_seq) {
        log_line(LOG_LEVEL_INFO, "%s: from number %" PRId64, host,
                 cursor->value);
    } else {
        parse_time_text(cursor->value, time);
        log_line(LOG_LEVEL_INFO, "%s: from %s", host, time);
    }
}

void report_gap(struct run *run, int64_t from_us, int64_t to_us,
                const char *cause)
{
    char from[PARSE_TIME_SIZE] = "unknown";
    char to[PARSE_TIME_SIZE] = "unknown";
    int64_t seconds = to_us > from_us ? (to_us - from_us) / 1000000 : 0;

    run->stats.gaps++;
    if (from_us >= 0)
        parse_time_text(from_us, from);
    if (to_us >= 0)
        parse_time_text(to_us, to);
    if (from_us >= 0 && to_us >= 0)
        log_line(LOG_LEVEL_WARNING, "%s: gap from %s to %s (%" PRId64 " s): %s",
                 run->host, from, to, seconds, cause);
    else
        log_line(LOG_LEVEL_WARNING, "%s: gap from %s to %s: %s", run->host,
                 from, to, cause);
}

void report_take(struct run *run, int64_t now)
{
    if (run->input != NULL)
        run->stats.oversize = input_oversize(run->input);
    stats_take(&run->stats, run->writer, loop_wall(), now);
}

void report_stats(struct run *run, int64_t now)
{
    struct buf text = BUF_INIT(4096);
    struct buf members = BUF_INIT(4096);

    report_take(run, now);
    if (stats_text(&run->stats, &text) == 0 &&
        stats_json(&run->stats, &members) == 0 && buf_str(&text) != NULL &&
        buf_str(&members) != NULL)
        log_figures(LOG_LEVEL_NOTICE, buf_str(&text), buf_str(&members));
    buf_release(&text);
    buf_release(&members);
}

void report_status(struct run *run, int64_t now)
{
    struct buf line = BUF_INIT(512);

    report_take(run, now);
    if (stats_status(&run->stats, run->host, &line) == 0)
        log_status(buf_str(&line));
    buf_release(&line);
}

void report_end(const struct run *run)
{
    size_t unacked = run->writer == NULL ? 0 : writer_records(run->writer);

    if (run->signo != 0)
        log_line(LOG_LEVEL_NOTICE,
                 "stopped by SIG%s: %" PRIu64 " records delivered, %zu unacked",
                 run->signo == SIGINT ? "INT" : "TERM", run->stats.delivered,
                 unacked);
    if (run->config->options->input != NULL &&
        run->stats.malformed + run->stats.oversize > 0)
        log_line(LOG_LEVEL_ERROR,
                 "%.300s: %" PRIu64 " malformed lines, %" PRIu64 " too long",
                 run->config->options->input, run->stats.malformed,
                 run->stats.oversize);
    if (run->output != NULL && output_waiting(run->output) > 0 &&
        run->err.code != ERR_IO)
        log_line(LOG_LEVEL_ERROR, "%zu bytes of output were not written",
                 output_waiting(run->output));
    if (unacked == 0 && run->begun && run->err.code == ERR_NONE &&
        !job_settled(run))
        log_line(LOG_LEVEL_WARNING, "the last checkpoint was not written: a "
                                    "restart goes on from the one before");
    if (unacked > 0)
        log_line(LOG_LEVEL_ERROR, "%zu records are unacked; run again",
                 unacked);
}
