#include "source.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "report.h"
#include "common/slurp.h"

/* Queued bytes at which reading stops, and goes on.  One message's records
 * come on top: of the nine default sites less than 1 MiB, of ten thousand
 * routes more. */
#define HIGH_WATER ((size_t)3 << 20)
#define LOW_WATER ((size_t)1 << 20)

/* The user's own dictionary. */
#define DICTIONARY_MAX ((size_t)16 << 20)

#define FETCH_TIMEOUT_MS 10000

/* Malformed lines of an input that are named one by one. */
#define NAMED_LINES 10

bool source_waits(const struct run *run)
{
    return !run->begun || (run->writer != NULL && !writer_ready(run->writer));
}

/* No room for more records. */
static bool is_full(const struct run *run)
{
    size_t limit = run->paused ? LOW_WATER : HIGH_WATER;
    size_t waiting = run->output == NULL ? 0 : output_waiting(run->output);

    return source_waits(run) ||
           waiting > (run->paused ? OUTPUT_HIGH / 4 : OUTPUT_HIGH) ||
           (run->writer != NULL && writer_bytes(run->writer) > limit);
}

static void pause_source(struct run *run)
{
    run->paused = true;
    if (run->js != NULL)
        jetstream_pause(run->js, run->now_ms);
}

/* What the server said last explains a gap, if it said something. */
static void tell_gap(struct run *run, int64_t now)
{
    const char *cause =
        run->cause[0] != '\0' ? run->cause
        : run->position.switched
            ? "another host than before: continuity across hosts is not proven"
            : "the first event comes after what was asked for";
    int64_t from_us;
    int64_t to_us;

    if (!ingest_gap(run->ingest, &from_us, &to_us))
        return;
    report_gap(run, from_us, to_us, cause);
    if (run->config->options->on_gap != OPTIONS_FAIL)
        return;
    err_set(&run->source_err, ERR_PROTOCOL,
            "stopped at the gap; --since or --on-gap warn goes on");
    run_stop(run, now, LOOP_NEVER);
}

/* Take one message, and say whether more are to be handed out. */
static enum input_taken take(struct run *run, struct slice json, uint64_t line)
{
    bool cut = run->input != NULL && input_is_cut(run->input);
    int64_t now = run->now_ms;
    enum ingest_result result;
    struct err why;

    err_clear(&why);
    result = ingest_event(run->ingest, json, cut, now, &why);
    tell_gap(run, now);
    switch (result) {
    case INGEST_DONE:
        break;
    case INGEST_MALFORMED:
        if (line > 0 && run->stats.malformed <= NAMED_LINES)
            log_line(LOG_LEVEL_WARNING, "%.300s:%" PRIu64 ": %s",
                     run->config->options->input, line, why.text);
        else
            log_line(LOG_LEVEL_INFO, "skipped a malformed message: %s",
                     why.text);
        break;
    case INGEST_BOUND:
        run_stop(run, now, LOOP_NEVER);
        break;
    case INGEST_HOLD:
        pause_source(run);
        return INPUT_HOLD;
    case INGEST_NOTICE:
        /* Before the first event it only says what a refusal has said. */
        if (!run->position.first || run->cause[0] == '\0')
            snprintf(run->cause, sizeof(run->cause), "%.255s", why.text);
        log_line(LOG_LEVEL_WARNING, "%s says: %s", run->host, why.text);
        break;
    case INGEST_FATAL:
        run->err = why;
        break;
    }
    if (!run->paused && is_full(run))
        pause_source(run);
    return run->paused || run->stopping || run->err.code != ERR_NONE
               ? INPUT_STOP
               : INPUT_GO_ON;
}

static enum input_taken on_line(void *arg, struct slice line, uint64_t number)
{
    return take(arg, line, number);
}

static void on_message(void *arg, struct slice json)
{
    struct run *run = arg;

    int64_t time_us = run->position.time_us;
    int64_t seq = run->position.seq;

    if (run->stopping || run->err.code != ERR_NONE)
        return;
    if (take(run, json, 0) != INPUT_GO_ON && !run->paused)
        pause_source(run);
    /* Continuity has been judged: what the server said is no news any more. */
    if (!run->position.first && !run->position.unproven)
        run->cause[0] = '\0';
    if (run->position.time_us != time_us || run->position.seq != seq)
        jetstream_progress(run->js);
}

static struct position_cursor on_cursor(void *arg, const char *host,
                                        bool by_time)
{
    struct run *run = arg;
    struct position_cursor cursor =
        position_connect(&run->position, host, by_time);

    report_cursor(host, &cursor);
    return cursor;
}

/* What changes with the connection; a server's words explain a gap only on
 * that server. */
static void on_news(void *arg, const struct jetstream_news *news)
{
    struct run *run = arg;

    switch (news->change) {
    case JETSTREAM_CONNECTING:
        if (strcmp(run->host, news->host) != 0)
            run->cause[0] = '\0';
        break;
    case JETSTREAM_UP:
        snprintf(run->host, sizeof(run->host), "%s", news->host);
        run->stats.connected = 1;
        break;
    case JETSTREAM_DOWN:
    case JETSTREAM_PAUSED:
        run->stats.reconnects++;
        run->stats.connected = 0;
        break;
    case JETSTREAM_OVERSIZE:
        run->stats.oversize++;
        break;
    case JETSTREAM_GARBAGE:
        run->stats.garbage++;
        break;
    case JETSTREAM_PLAIN:
        break;
    case JETSTREAM_TOO_OLD:
        snprintf(run->host, sizeof(run->host), "%s", news->host);
        snprintf(run->cause, sizeof(run->cause), "CursorTooOld: %.241s",
                 news->text);
        break;
    }
    report_news(news);
}

/* A plain request on behalf of the websocket. */
struct fetch {
    struct http_request *request;
    jetstream_fetched *done;
    void *arg;
};

static void on_fetched(void *arg, const struct http_reply *reply)
{
    struct fetch fetch = *(struct fetch *)arg;

    free(arg);
    fetch.done(fetch.arg, reply->failure == HTTP_NONE ? reply->status : 0,
               reply->body);
}

static void *on_fetch(void *arg, const char *url, jetstream_fetched *done,
                      void *done_arg)
{
    struct run *run = arg;
    struct http_spec spec = {.method = "GET",
                             .url = url,
                             .timeout_ms = FETCH_TIMEOUT_MS,
                             .max_reply = JETSTREAM_FETCH_MAX};
    struct fetch *fetch = malloc(sizeof(*fetch));

    if (fetch == NULL)
        return NULL;
    fetch->done = done;
    fetch->arg = done_arg;
    fetch->request = http_start(run->http, &spec, on_fetched, fetch, NULL);
    if (fetch->request != NULL)
        return fetch;
    free(fetch);
    return NULL;
}

static void on_unfetch(void *arg, void *handle)
{
    struct fetch *fetch = handle;

    (void)arg;
    http_cancel(fetch->request);
    free(fetch);
}

/* The user's dictionary, if there is one, goes through ${dictionary}. */
static int make_jetstream(struct run *run, struct buf *dictionary)
{
    const struct config *config = run->config;
    const struct options *o = config->options;
    struct jetstream_config c = {
        .urls = config->urls,
        .nurls = config->nurls,
        .dids = o->dids.v,
        .ndids = o->dids.n,
        .compress = !o->no_compress,
        .cacert = config->place.cacert,
        .user_agent = "bsky2s2/" VERSION,
        .timing = jetstream_timing_default,
        .retry_for = o->general.retry_for,
        .seed = run->key.k0,
        .hooks = {on_message, on_cursor, on_news, on_fetch, on_unfetch, run},
    };

    c.timing.event = config->idle_ms;
    if (o->zstd_dictionary != NULL && !o->no_compress) {
        if (slurp(o->zstd_dictionary, dictionary, &run->err) != 0)
            return -1;
        c.dictionary = buf_slice(dictionary);
    }
    run->js = jetstream_new(&c, &run->err);
    return run->js == NULL ? -1 : 0;
}

static int open_jetstream(struct run *run)
{
    struct buf dictionary = BUF_INIT(DICTIONARY_MAX);
    int rc = make_jetstream(run, &dictionary);

    buf_release(&dictionary);
    return rc;
}

int source_open(struct run *run)
{
    const struct options *o = run->config->options;

    if (o->input == NULL)
        return open_jetstream(run);
    run->input = input_open(o->input, on_line, run, &run->err);
    return run->input == NULL ? -1 : 0;
}

void source_close(struct run *run)
{
    if (run->input != NULL)
        run->stats.oversize = input_oversize(run->input);
    if (run->js != NULL)
        run->stats.connected = 0;
    jetstream_free(run->js);
    run->js = NULL;
    input_close(run->input);
    run->input = NULL;
}

int64_t source_poll(struct run *run, int64_t now, struct pollfd *fd,
                    size_t *used, int64_t cap)
{
    *used = 0;
    if (!run->learnt && source_waits(run))
        return cap;
    if (run->js != NULL)
        return jetstream_poll(run->js, now, fd, used, cap);
    if (run->input == NULL || run->paused)
        return cap;
    if (input_fd(run->input) < 0)
        return 0;
    fd->fd = input_fd(run->input);
    fd->events = POLLIN;
    *used = 1;
    return cap;
}

static int run_input(struct run *run, int64_t now, bool ready)
{
    int rc;

    if (run->paused || (!ready && input_fd(run->input) >= 0))
        return 0;
    rc = input_run(run->input, &run->err);
    if (rc == 0)
        run_stop(run, now, LOOP_NEVER);
    return rc < 0 || run->err.code != ERR_NONE ? -1 : 0;
}

int source_run(struct run *run, int64_t now, bool ready)
{
    run->now_ms = now;
    if (run->paused && !run->stopping && !is_full(run)) {
        run->paused = false;
        if (run->js != NULL)
            jetstream_resume(run->js, now);
    }
    if (run->input != NULL)
        return run_input(run, now, ready);
    if (run->js == NULL || (!run->learnt && source_waits(run)))
        return 0;
    run->learnt = true;
    if (!run->paused && is_full(run))
        pause_source(run);
    if (jetstream_run(run->js, now, &run->err) != 0)
        return -1;
    return run->err.code == ERR_NONE ? 0 : -1;
}
