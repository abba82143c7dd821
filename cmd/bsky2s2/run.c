#include "run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "bsky/record.h"
#include "common/figures.h"
#include "job.h"
#include "line.h"
#include "reload.h"
#include "report.h"
#include "source.h"

#define DRAIN_MS 10000
#define SLEEP_CAP_MS 1000
#define MAX_CONNECTIONS 16

/* Signals, source, output. */
#define FDS_MAX 3

static int open_basin(struct run *run)
{
    const struct config *config = run->config;

    if (config->place.type == NULL)
        return 0;
    run->basin = place_open(&config->place, run->http, true,
                            config->options->retention, &run->err);
    return run->basin == NULL ? -1 : 0;
}

static void on_acked(void *arg, const char *stream,
                     const struct wire_record *record)
{
    struct run *run = arg;

    run->stats.delivered++;
    if (run->output != NULL)
        line_record(run->output, stream, record, true, &run->err);
}

static int on_identify(void *arg, struct slice body, struct hash128 *id)
{
    const struct run *run = arg;

    return record_body_id(run->key, body, id);
}

/* What the streams hold cannot be compared any more: who asked for it is not
 * served any further. */
static void on_note(void *arg, const struct writer_note *note)
{
    struct run *run = arg;

    report_note(run, note);
    if (run->config->options->on_gap != OPTIONS_FAIL)
        return;
    if (note->event == WRITER_GAP || note->event == WRITER_CLOCK ||
        note->event == WRITER_FORGOTTEN)
        err_set(&run->err, ERR_PROTOCOL,
                "%.400s: stopped; --on-gap warn goes on", note->stream);
}

static int open_writer(struct run *run)
{
    const struct options *o = run->config->options;
    struct writer_config c = {
        .basin = run->basin,
        .create_basin = o->create_basin,
        .linger_ms = o->linger,
        .retry_for = o->general.retry_for,
        .seed = run->key.k1,
        .hooks = {on_identify, on_acked, on_note, run},
    };

    if (run->basin == NULL)
        return 0;
    run->writer = writer_new(&c, &run->err);
    return run->writer == NULL ? -1 : 0;
}

static int open_ingest(struct run *run)
{
    struct ingest_config c = {.config = run->config,
                              .writer = run->writer,
                              .output = run->output,
                              .stats = &run->stats,
                              .position = &run->position,
                              .key = run->key};

    run->ingest = ingest_new(&c, &run->err);
    return run->ingest == NULL ? -1 : 0;
}

static int open_parts(struct run *run)
{
    const struct config *config = run->config;
    struct sigaction hangup;
    struct http_config http = {.user_agent = "bsky2s2/" VERSION,
                               .cacert = config->place.cacert,
                               .max_connections = MAX_CONNECTIONS};

    if (getrandom(&run->key, sizeof(run->key), 0) != sizeof(run->key))
        return err_os(&run->err, ERR_OS, errno, "getrandom");
    run->http = http_new(&http, &run->err);
    if (run->http == NULL)
        return -1;
    if (config->output != NULL) {
        run->output = output_open(config->output, &run->err);
        if (run->output == NULL)
            return -1;
    }
    if (source_open(run) != 0 || open_basin(run) != 0 ||
        open_writer(run) != 0 || open_ingest(run) != 0 || job_open(run) != 0)
        return -1;
    /* Late: until here a signal ends us, even while a fifo is opened. */
    run->signals = loop_signals_open(&run->err);
    if (run->signals < 0)
        return -1;
    /* nohup(1) has said that it is to be ignored. */
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
        loop_signals_catch(SIGHUP);
    return pulse_open(run);
}

static void close_parts(struct run *run)
{
    source_close(run);
    ingest_free(run->ingest);
    job_close(run);
    writer_free(run->writer);
    basin_free(run->basin);
    routes_free(run->routes);
    output_close(run->output, &run->err);
    http_free(run->http);
}

void run_stop(struct run *run, int64_t now, int64_t drain_ms)
{
    int64_t until = drain_ms == LOOP_NEVER ? LOOP_NEVER : now + drain_ms;

    if (until < run->drain_until_ms)
        run->drain_until_ms = until;
    run->stopping = true;
    if (run->writer != NULL)
        writer_flush(run->writer);
}

static void handle_signals(struct run *run, int64_t now)
{
    int signo = loop_signals_next(run->signals);

    for (; signo != 0; signo = loop_signals_next(run->signals)) {
        if (signo == SIGUSR1) {
            report_stats(run, now);
        } else if (signo == SIGHUP) {
            reload_routes(run);
        } else if (run->signo != 0) {
            run->forced = true;
        } else {
            run->signo = signo;
            run_stop(run, now, DRAIN_MS);
        }
    }
}

/* The source cannot go on.  What it gave is still good: append it. */
static void fail_source(struct run *run, int64_t now)
{
    run->source_err = run->err;
    err_clear(&run->err);
    run_stop(run, now, DRAIN_MS);
}

/* Write out what can be; a reader that has gone is a reason to stop. */
static int flush(struct run *run, int64_t now)
{
    if (run->output == NULL)
        return 0;
    if (output_flush(run->output, &run->err) != 0)
        return -1;
    if (output_gone(run->output))
        run_stop(run, now, DRAIN_MS);
    return 0;
}

/* Do what is due; store when something is due next.  0, or -1 with an
 * error. */
static int turn(struct run *run, int64_t now, bool ready, int64_t *next)
{
    const struct options *o = run->config->options;
    int64_t due;

    handle_signals(run, now);
    if (o->duration > 0 && now >= run->start_ms + o->duration && !run->stopping)
        run_stop(run, now, LOOP_NEVER);
    /* Before the source looks for room, and again for what is acked below.
     * Where a callback has found that there is no way on, nothing is begun. */
    if (flush(run, now) != 0 || run->err.code != ERR_NONE)
        return -1;
    if (!run->stopping && source_run(run, now, ready) != 0)
        fail_source(run, now);
    if (run->stopping)
        source_close(run);
    *next = o->duration > 0 && !run->stopping ? run->start_ms + o->duration
                                              : run->drain_until_ms;
    if (run->writer != NULL) {
        /* The job may start the writer. */
        if (job_run(run, now, next) != 0 ||
            writer_run(run->writer, now, &due, &run->err) != 0)
            return -1;
        *next = due < *next ? due : *next;
        due = basin_run(run->basin, now);
        *next = due < *next ? due : *next;
        if (writer_answered(run->writer) || job_answered(run))
            *next = now;
    }
    if (flush(run, now) != 0 || run->err.code != ERR_NONE)
        return -1;
    pulse_beat(run, now, next);
    return 0;
}

/* Sleep until something is due or ready; store whether the source is. */
static int nap(struct run *run, int64_t now, int64_t next, bool *ready)
{
    struct pollfd fds[FDS_MAX] = {{.fd = run->signals, .events = POLLIN}};
    int64_t ms = next <= now                 ? 0
                 : next - now < SLEEP_CAP_MS ? next - now
                                             : SLEEP_CAP_MS;
    size_t used = 0;
    size_t n;

    ms = source_poll(run, now, &fds[1], &used, ms);
    n = 1 + used;
    if (run->output != NULL && output_fd(run->output) >= 0) {
        fds[n].fd = output_fd(run->output);
        fds[n++].events = output_waiting(run->output) > 0 ? POLLOUT : 0;
    }
    if (http_wait(run->http, fds, n, ms, &run->err) != 0)
        return -1;
    *ready = used > 0 && fds[1].revents != 0;
    return 0;
}

static bool is_drained(const struct run *run)
{
    return (run->writer == NULL || writer_records(run->writer) == 0) &&
           (run->output == NULL || output_waiting(run->output) == 0);
}

static void loop(struct run *run)
{
    bool ready = false;

    for (;;) {
        int64_t now = loop_now();
        int64_t next;

        if (turn(run, now, ready, &next) != 0 || run->forced)
            return;
        if (run->stopping && ((is_drained(run) && job_settled(run)) ||
                              now >= run->drain_until_ms))
            return;
        if (nap(run, now, next, &ready) != 0)
            return;
    }
}

/* Whether something is not durable or not written out, for all we know. */
static bool is_unfinished(const struct run *run)
{
    return run->forced || !is_drained(run);
}

static int status_of(const struct run *run)
{
    const struct options *o = run->config->options;

    if (run->err.code != ERR_NONE)
        return (int)run->err.code;
    if (is_unfinished(run))
        return ERR_UNACKED;
    if (run->source_err.code != ERR_NONE)
        return (int)run->source_err.code;
    if (o->input != NULL && run->stats.malformed + run->stats.oversize > 0)
        return ERR_DATA;
    if (o->expect > 0 && run->stats.delivered < o->expect)
        return 1;
    return 0;
}

/* The signal to die of, 0 for none. */
static int signal_of(const struct run *run, int status)
{
    if (status != 0)
        return 0;
    if (run->output != NULL && output_gone(run->output))
        return SIGPIPE;
    return run->signo == SIGINT ? SIGINT : 0;
}

/* Whether the user has had enough of waiting. */
static bool is_hurried(struct run *run)
{
    int signo = loop_signals_next(run->signals);

    for (; signo != 0; signo = loop_signals_next(run->signals)) {
        if (signo == SIGINT || signo == SIGTERM)
            return true;
        if (signo == SIGUSR1)
            report_stats(run, loop_now());
    }
    return false;
}

/* Whatever the end, what is acked is told: write out what waits. */
static void flush_output(struct run *run)
{
    int64_t until = loop_now() + DRAIN_MS;
    struct pollfd fds[2] = {{.fd = run->signals, .events = POLLIN}};

    if (run->output == NULL || run->err.code == ERR_IO)
        return;
    while (output_flush(run->output, NULL) == 0 &&
           output_waiting(run->output) > 0 && loop_now() < until &&
           !is_hurried(run)) {
        fds[1].fd = output_fd(run->output);
        fds[1].events = POLLOUT;
        if (http_wait(run->http, fds, 2, SLEEP_CAP_MS, NULL) != 0)
            return;
    }
}

static void tell_end(struct run *run)
{
    log_status(NULL);
    report_end(run);
    if (run->source_err.code != ERR_NONE)
        log_line(LOG_LEVEL_ERROR, "%s", run->source_err.text);
    if (run->err.code != ERR_NONE)
        log_line(LOG_LEVEL_ERROR, "%s", run->err.text);
    pulse_end(run, loop_now());
}

int run_main(const struct config *config)
{
    struct run run;
    int status;
    int signo;

    memset(&run, 0, sizeof(run));
    run.config = config;
    run.start_ms = loop_now();
    run.drain_until_ms = LOOP_NEVER;
    run.json = config->options->general.log_format == GENERAL_JSON;
    run.tty = isatty(STDOUT_FILENO) && isatty(STDERR_FILENO) && !run.json &&
              (config->output == NULL || strcmp(config->output, "-") != 0);
    stats_init(&run.stats, run.start_ms);
    if (config->options->input != NULL)
        run.stats.connected = FIGURE_UNKNOWN;
    if (config->job == NULL)
        run.stats.checkpoints = FIGURE_UNKNOWN;
    pulse_init(&run);
    if (open_parts(&run) == 0) {
        loop(&run);
        notify_stopping(&run.pulse.notify);
        source_close(&run);
        if (run.err.code != ERR_NONE)
            flush_output(&run);
    }
    tell_end(&run);
    status = status_of(&run);
    signo = signal_of(&run, status);
    close_parts(&run);
    if (status == 0 && run.err.code != ERR_NONE) {
        log_line(LOG_LEVEL_ERROR, "%s", run.err.text);
        status = (int)run.err.code;
    }
    if (signo != 0 && status == 0)
        loop_die_of(signo);
    return status;
}
