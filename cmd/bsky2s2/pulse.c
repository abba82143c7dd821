#include "pulse.h"

#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "common/replace.h"
#include "report.h"
#include "run.h"
#include "source.h"

#define STATS_MS 60000
#define STATUS_MS 500
#define METRICS_MS 15000
#define SILENT_MS 60000

#define METRICS_MAX ((size_t)64 << 10)

static bool is_later(int64_t *due_ms, int64_t now, int64_t every, int64_t *next)
{
    bool due = now >= *due_ms;

    if (due)
        *due_ms = now + every;
    if (*due_ms < *next)
        *next = *due_ms;
    return !due;
}

/* A label's value; the name of a job holds no newline. */
static int add_job(const char *job, struct buf *out)
{
    if (job == NULL)
        return 0;
    if (buf_addstr(out, "job_name=\"") != 0)
        return -1;
    for (; *job != '\0'; job++) {
        if ((*job == '"' || *job == '\\') && buf_addstr(out, "\\") != 0)
            return -1;
        if (buf_add(out, job, 1) != 0)
            return -1;
    }
    return buf_addstr(out, "\"");
}

static int write_metrics(struct run *run, int64_t now, struct err *err)
{
    const char *path = run->config->options->metrics_file;
    struct buf label = BUF_INIT(2048);
    struct buf text = BUF_INIT(METRICS_MAX);
    int rc = -1;

    report_take(run, now);
    if (add_job(run->config->job, &label) != 0 || buf_str(&label) == NULL ||
        stats_prom(&run->stats, buf_str(&label), &text) != 0)
        err_memory(err);
    else
        rc = replace_file(path, buf_slice(&text), err);
    buf_release(&label);
    buf_release(&text);
    return rc;
}

/* Nothing else is in its place, and nothing else is put there. */
static int check_metrics(const struct run *run, struct err *err)
{
    const char *path = run->config->options->metrics_file;
    const char *output = run->config->output;
    struct stat ours;
    struct stat other;

    if (output != NULL && stat(path, &ours) == 0 && S_ISREG(ours.st_mode) &&
        stat(output, &other) == 0 && ours.st_dev == other.st_dev &&
        ours.st_ino == other.st_ino)
        return err_set(err, ERR_CANTCREATE, "%.300s is the file of --output",
                       path);
    return replace_check(path, "# HELP bsky2s2_", err);
}

/* Who reads the file sees by its age that it is not written any more: the
 * records are more important, and a full disk will have room again.  But what
 * can never be written is a mistake, and told at the start. */
static int keep_metrics(struct run *run, int64_t now, bool first)
{
    struct err err = ERR_INIT;
    bool failed;

    failed = (first && check_metrics(run, &err) != 0) ||
             write_metrics(run, now, &err) != 0;
    err_prefix(&err, "--metrics-file");
    if (first && failed && err.code == ERR_CANTCREATE) {
        run->err = err;
        return -1;
    }
    if (failed && !run->pulse.metrics_failed)
        log_line(LOG_LEVEL_WARNING, "%s", err.text);
    if (!failed && run->pulse.metrics_failed)
        log_line(LOG_LEVEL_NOTICE, "--metrics-file: written again");
    run->pulse.metrics_failed = failed;
    return 0;
}

/* 0: never. */
static int64_t stats_every(const struct run *run)
{
    int64_t asked = run->config->options->stats;

    if (asked != OPTIONS_UNSET)
        return asked;
    if (run->tty)
        return STATUS_MS;
    return isatty(STDERR_FILENO) && !run->json ? 0 : STATS_MS;
}

static int64_t metrics_every(const struct run *run)
{
    int64_t asked = run->config->options->stats;

    return asked > 0 ? asked : METRICS_MS;
}

void pulse_init(struct run *run)
{
    notify_open(&run->pulse.notify);
}

int pulse_open(struct run *run)
{
    struct pulse *pulse = &run->pulse;
    int64_t now = loop_now();

    pulse->stats_due_ms = now + stats_every(run);
    pulse->status_due_ms = now;
    pulse->status_ms = now;
    pulse->acked_ms = now;
    if (run->config->options->metrics_file != NULL) {
        if (keep_metrics(run, now, true) != 0)
            return -1;
        pulse->metrics_due_ms = now + metrics_every(run);
    }
    return 0;
}

static void tell_stats(struct run *run, int64_t now, int64_t *next)
{
    int64_t every = stats_every(run);

    if (every == 0 || is_later(&run->pulse.stats_due_ms, now, every, next))
        return;
    if (run->tty && run->config->options->stats == OPTIONS_UNSET)
        report_status(run, now);
    else
        report_stats(run, now);
}

static void tell_metrics(struct run *run, int64_t now, int64_t *next)
{
    if (run->pulse.metrics_due_ms > 0 &&
        !is_later(&run->pulse.metrics_due_ms, now, metrics_every(run), next))
        keep_metrics(run, now, false);
}

static double per_second(uint64_t n, int64_t ms)
{
    return ms > 0 ? (double)n * 1e3 / (double)ms : 0;
}

/* Where we are, what came in the ${ms} since the last status, and how far
 * behind it is. */
static int status_text(const struct run *run, int64_t ms, struct buf *out)
{
    const struct stats *s = &run->stats;
    const char *input = run->config->options->input;
    int rc = buf_addf(out, "%.100s: ",
                      input != NULL      ? input
                      : s->connected > 0 ? run->host
                                         : "not connected");

    if (source_waits(run))
        rc |= buf_addstr(out, "waiting for the basin, ");
    else if (run->paused)
        rc |= buf_addstr(out, "waiting for room, ");
    if (s->since_event_ms >= SILENT_MS)
        rc |= buf_addf(out, "no new event for %" PRId64 " s",
                       s->since_event_ms / 1000);
    else
        rc |= buf_addf(out, "%.1f events/s, %.1f records/s",
                       per_second(s->events - run->pulse.events, ms),
                       per_second(s->delivered - run->pulse.delivered, ms));
    if (s->event_us >= 0)
        rc |= buf_addf(out, ", lag %.1f s", (double)s->lag_ms / 1e3);
    if (run->writer != NULL)
        rc |= buf_addf(out, ", %" PRIu64 " unacked", s->unacked);
    return rc;
}

/* A file's checkpoint tells at once whether our settings are good; S2 may be
 * away. */
static bool is_ready(const struct run *run)
{
    const struct place_type *type = run->config->place.type;

    return run->begun || (type != NULL && type->remote);
}

static void tell_status(struct run *run, int64_t now, int64_t *next)
{
    struct pulse *pulse = &run->pulse;
    struct buf text = BUF_INIT(1024);

    if (pulse->notify.fd < 0 ||
        is_later(&pulse->status_due_ms, now, NOTIFY_STATUS_MS, next))
        return;
    report_take(run, now);
    if (status_text(run, now - pulse->status_ms, &text) == 0 &&
        buf_str(&text) != NULL)
        notify_status(&pulse->notify, buf_str(&text));
    buf_release(&text);
    pulse->status_ms = now;
    pulse->events = run->stats.events;
    pulse->delivered = run->stats.delivered;
}

static void tell_manager(struct run *run, int64_t now, int64_t *next)
{
    struct notify *notify = &run->pulse.notify;

    if (is_ready(run)) {
        notify_alive(notify, now, next);
        tell_status(run, now, next);
    }
    if (run->stopping)
        notify_stopping(notify);
}

/* Whether a silence is to be told: when it has lasted ${from_ms}, and each
 * time it has doubled. */
static bool is_news(int64_t *told_ms, int64_t silent_ms, int64_t from_ms)
{
    if (silent_ms < from_ms || (*told_ms > 0 && silent_ms / 2 < *told_ms))
        return false;
    *told_ms = silent_ms;
    return true;
}

/* What is appended, or what is to be learnt first, waits for the basin. */
static void tell_stuck(struct run *run, int64_t now)
{
    struct pulse *pulse = &run->pulse;
    size_t unacked = run->writer == NULL ? 0 : writer_records(run->writer);
    bool waits = unacked > 0 || source_waits(run);
    int64_t stuck_ms = now - pulse->acked_ms;

    if (!waits || run->stats.delivered != pulse->acked) {
        if (pulse->stuck_told_ms > 0)
            log_line(LOG_LEVEL_NOTICE,
                     "the basin answers again after %" PRId64 " s",
                     stuck_ms / 1000);
        pulse->stuck_told_ms = 0;
        pulse->acked = run->stats.delivered;
        pulse->acked_ms = now;
        return;
    }
    if (is_news(&pulse->stuck_told_ms, stuck_ms, SILENT_MS))
        log_line(LOG_LEVEL_WARNING,
                 "the basin has not answered for %" PRId64
                 " s: %zu records wait",
                 stuck_ms / 1000, unacked);
}

/* A run can be alive and get nothing; not while it does not want anything. */
static void tell_quiet(struct run *run, int64_t now)
{
    struct pulse *pulse = &run->pulse;
    int64_t quiet_ms;

    if (run->js == NULL || run->config->idle_ms == 0)
        return;
    if (run->paused || source_waits(run))
        pulse->read_ms = now;
    quiet_ms = now - (run->stats.event_ms > pulse->read_ms ? run->stats.event_ms
                                                           : pulse->read_ms);
    if (pulse->quiet_told_ms > 0 && quiet_ms < pulse->quiet_told_ms) {
        if (run->stats.event_ms > pulse->read_ms)
            log_line(LOG_LEVEL_NOTICE, "events come again");
        pulse->quiet_told_ms = 0;
    }
    if (is_news(&pulse->quiet_told_ms, quiet_ms, run->config->idle_ms))
        log_line(LOG_LEVEL_WARNING, "no new event has come for %" PRId64 " s",
                 quiet_ms / 1000);
}

void pulse_beat(struct run *run, int64_t now, int64_t *next)
{
    tell_stats(run, now, next);
    tell_metrics(run, now, next);
    tell_manager(run, now, next);
    tell_stuck(run, now);
    tell_quiet(run, now);
}

void pulse_end(struct run *run, int64_t now)
{
    notify_stopping(&run->pulse.notify);
    if (run->config->options->stats > 0)
        report_stats(run, now);
    if (run->pulse.metrics_due_ms > 0)
        keep_metrics(run, now, false);
    notify_close(&run->pulse.notify);
}
