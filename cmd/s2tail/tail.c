#include "tail.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/loop.h"
#include "emit.h"
#include "keep.h"
#include "report.h"
#include "screen.h"
#include "streams.h"
#include "view/lines.h"

#define DRAIN_MS 10000
#define SLEEP_CAP_MS 1000
#define MAX_CONNECTIONS 4

/* Signals, input, output, terminal. */
#define FDS_MAX 8

static void on_emptied(void *arg, size_t stream)
{
    struct tail *tail = arg;

    follow_more(tail->follow, stream);
}

static bool on_full(void *arg)
{
    const struct tail *tail = arg;

    return emit_is_full(tail->emit);
}

static int open_count(struct tail *tail)
{
    const struct config *config = tail->config;
    struct count_hooks hooks = {emit_closed, on_full, on_emptied, tail};

    tail->count = count_new(config, &hooks, &tail->err);
    if (tail->count == NULL)
        return -1;
    tail->since_ms = LINES_UNKNOWN;
    if (!config->by_time)
        return 0;
    tail->since_ms = config->since_ms;
    count_begin(tail->count, config->since_ms);
    return 0;
}

static int open_source(struct tail *tail)
{
    const struct options *o = tail->config->options;

    if (o->state != NULL) {
        tail->keep = keep_open(tail, o->state, &tail->err);
        if (tail->keep == NULL)
            return -1;
    }
    if (o->input == NULL)
        return 0;
    tail->feed = feed_open(tail, o->input, &tail->err);
    return tail->feed == NULL ? -1 : 0;
}

static int open_parts(struct tail *tail)
{
    const struct config *config = tail->config;
    struct http_config http = {.user_agent = "s2tail/" VERSION,
                               .cacert = config->place.cacert,
                               .max_connections = MAX_CONNECTIONS};

    tail->http = http_new(&http, &tail->err);
    if (tail->http == NULL)
        return -1;
    tail->emit = emit_open(tail, &tail->err);
    if (tail->emit == NULL || open_count(tail) != 0 || open_source(tail) != 0)
        return -1;
    /* Late: until here a signal ends us, even while a fifo is opened. */
    tail->signals = loop_signals_open(&tail->err);
    if (tail->signals < 0)
        return -1;
    if (!config->screen)
        return 0;
    tail->screen = screen_open(tail, &tail->err);
    return tail->screen == NULL ? -1 : 0;
}

static void close_parts(struct tail *tail)
{
    struct screen *screen = tail->screen;

    tail->screen = NULL;
    screen_close(screen);
    feed_close(tail->feed);
    follow_free(tail->follow);
    basin_free(tail->basin);
    keep_close(tail->keep);
    emit_close(tail->emit, &tail->err);
    count_free(tail->count);
    http_free(tail->http);
    notify_close(&tail->notify);
}

static void zero(struct tail *tail)
{
    window_zero(count_window(tail->count));
    tail->since_ms = loop_wall() / 1000;
}

static void handle_signals(struct tail *tail)
{
    int signo = loop_signals_next(tail->signals);

    for (; signo != 0; signo = loop_signals_next(tail->signals)) {
        if (signo == SIGUSR1) {
            report_stats(tail);
        } else if (signo == SIGINT || signo == SIGTERM) {
            tail->forced = tail->stopping && tail->signo != 0;
            tail->signo = signo;
            tail->stopping = true;
        } else if (tail->screen != NULL) {
            screen_signal(tail->screen, signo);
        }
    }
}

static void handle_keys(struct tail *tail)
{
    switch (screen_keys(tail->screen)) {
    case SCREEN_QUIT:
        tail->stopping = true;
        break;
    case SCREEN_ZERO:
        zero(tail);
        break;
    case SCREEN_NOTHING:
        break;
    }
}

/* Whether the input has come past what --until asks for. */
static bool is_past(const struct tail *tail)
{
    int64_t until = tail->config->until_ms;

    return until != LOOP_NEVER &&
           count_clock(tail->count) - tail->config->options->grace >= until;
}

static int run_feed(struct tail *tail, bool ready, int64_t *next, int64_t now)
{
    int rc = tail->over ? 0 : feed_run(tail->feed, ready);

    if (rc < 0)
        return -1;
    tail->over = rc == 0 || is_past(tail);
    if (tail->over)
        tail->ended = count_end(tail->count);
    *next = tail->over || feed_fd(tail->feed) < 0 ? now : LOOP_NEVER;
    return 0;
}

/* When the next window ends for a source that is at its tail. */
static int64_t next_close(const struct tail *tail, int64_t now)
{
    int64_t every = tail->config->every_ms;
    int64_t past = count_now(tail->count) - tail->config->options->grace;

    return now + every - past % every;
}

static int run_source(struct tail *tail, int64_t now, bool ready, int64_t *next)
{
    int64_t due;

    streams_pause(tail, emit_is_full(tail->emit));
    if (emit_is_full(tail->emit)) {
        *next = LOOP_NEVER;
        return 0;
    }
    if (tail->feed != NULL)
        return run_feed(tail, ready, next, now);
    if (streams_run(tail, now, next) != 0)
        return -1;
    due = next_close(tail, now);
    *next = due < *next ? due : *next;
    if (!count_stopped(tail->count) && streams_done(tail)) {
        tail->ended = true;
        *next = now;
    }
    return 0;
}

static void earlier(int64_t *next, int64_t due)
{
    if (due < *next)
        *next = due;
}

/* Do what is due; store when something is due next.  0, or -1 with an
 * error. */
static int turn(struct tail *tail, int64_t now, bool ready, int64_t *next)
{
    int64_t duration = tail->config->options->duration;
    int64_t due = LOOP_NEVER;

    handle_signals(tail);
    if (tail->screen != NULL)
        handle_keys(tail);
    if (duration > 0 && now >= tail->start_ms + duration)
        tail->stopping = true;
    *next = duration > 0 ? tail->start_ms + duration : LOOP_NEVER;
    if (!tail->stopping && run_source(tail, now, ready, &due) != 0)
        return -1;
    notify_alive(&tail->notify, now, next);
    report_status(tail, now, next);
    earlier(next, due);
    if (tail->since_ms == LINES_UNKNOWN &&
        count_oldest(tail->count) != INT64_MIN)
        tail->since_ms = count_oldest(tail->count);
    if (emit_flush(tail->emit, &tail->err) != 0)
        return -1;
    if (count_stopped(tail->count) && !emit_is_full(tail->emit))
        *next = now;
    if (tail->keep != NULL) {
        if (keep_run(tail->keep, tail, now, &due, &tail->err) != 0)
            return -1;
        earlier(next, due);
    }
    if (tail->screen != NULL) {
        if (screen_run(tail->screen, now, &due, &tail->err) != 0)
            return -1;
        earlier(next, due);
    }
    return tail->err.code == ERR_NONE ? 0 : -1;
}

static bool is_gone(const struct tail *tail)
{
    struct output *output = emit_output(tail->emit);

    return output != NULL && output_gone(output);
}

/* Sleep until something is due or ready; store whether the input is. */
static int nap(struct tail *tail, int64_t now, int64_t next, bool *ready)
{
    struct output *output = emit_output(tail->emit);
    struct pollfd fds[FDS_MAX] = {{.fd = tail->signals, .events = POLLIN}};
    int64_t ms = next <= now                 ? 0
                 : next - now < SLEEP_CAP_MS ? next - now
                                             : SLEEP_CAP_MS;
    size_t n = 1;
    size_t feed = 0;

    if (tail->feed != NULL && !tail->ended && !emit_is_full(tail->emit) &&
        feed_fd(tail->feed) >= 0) {
        feed = n;
        fds[n].fd = feed_fd(tail->feed);
        fds[n++].events = POLLIN;
    }
    if (output != NULL && output_fd(output) >= 0) {
        fds[n].fd = output_fd(output);
        fds[n++].events = output_waiting(output) > 0 ? POLLOUT : 0;
    }
    if (tail->screen != NULL)
        n += screen_poll(tail->screen, fds + n);
    if (http_wait(tail->http, fds, n, ms, &tail->err) != 0)
        return -1;
    *ready = feed > 0 && fds[feed].revents != 0;
    return 0;
}

static void loop(struct tail *tail)
{
    bool ready = false;

    for (;;) {
        int64_t now = loop_now();
        int64_t next;

        if (turn(tail, now, ready, &next) != 0 || tail->stopping ||
            tail->ended || is_gone(tail))
            return;
        if (nap(tail, now, next, &ready) != 0)
            return;
    }
}

/* Write out what waits, for a while. */
static void drain(struct tail *tail)
{
    struct output *output = emit_output(tail->emit);
    int64_t until = loop_now() + DRAIN_MS;
    struct pollfd fds[2] = {{.fd = tail->signals, .events = POLLIN}};

    while (emit_flush(tail->emit, &tail->err) == 0 && output != NULL &&
           !output_gone(output) && output_waiting(output) > 0 &&
           loop_now() < until && !tail->forced) {
        fds[1].fd = output_fd(output);
        fds[1].events = POLLOUT;
        if (http_wait(tail->http, fds, 2, SLEEP_CAP_MS, &tail->err) != 0)
            return;
        handle_signals(tail);
    }
}

/* The last words of a run, whatever ended it. */
static void finish(struct tail *tail)
{
    struct output *output = emit_output(tail->emit);
    struct err err = ERR_INIT;

    if (tail->ended && tail->err.code == ERR_NONE)
        emit_end(tail->emit);
    if (tail->err.code != ERR_IO)
        drain(tail);
    if (tail->keep != NULL && tail->err.code != ERR_IO &&
        keep_save(tail->keep, tail, &err) != 0 && tail->err.code == ERR_NONE)
        tail->err = err;
    if (tail->screen != NULL && tail->err.code == ERR_NONE)
        screen_last(tail->screen, &tail->err);
    if (output != NULL && !output_gone(output) && output_waiting(output) > 0 &&
        tail->err.code == ERR_NONE)
        err_set(&tail->err, ERR_UNACKED, "%zu bytes of output were not written",
                output_waiting(output));
    if (tail->feed != NULL && feed_bad(tail->feed) > 0 &&
        tail->err.code == ERR_NONE)
        err_set(&tail->err, ERR_DATA, "%.300s: %llu lines were no records",
                feed_name(tail->feed),
                (unsigned long long)feed_bad(tail->feed));
}

/* The signal to die of, 0 for none. */
static int signal_of(const struct tail *tail)
{
    if (tail->emit != NULL && is_gone(tail))
        return SIGPIPE;
    return tail->signo == SIGINT ? SIGINT : 0;
}

int tail_main(const struct config *config)
{
    struct tail tail;
    int status = 0;
    int signo;

    memset(&tail, 0, sizeof(tail));
    tail.config = config;
    tail.start_ms = loop_now();
    notify_open(&tail.notify);
    if (open_parts(&tail) == 0) {
        loop(&tail);
        notify_stopping(&tail.notify);
        finish(&tail);
    }
    signo = signal_of(&tail);
    if (config->options->check && tail.err.code == ERR_NONE)
        status = emit_status(tail.emit);
    close_parts(&tail);
    if (tail.err.code != ERR_NONE && signo != SIGPIPE)
        status = emit_fail(config->options, &tail.err);
    if (signo != 0 && status == 0)
        loop_die_of(signo);
    return status;
}
