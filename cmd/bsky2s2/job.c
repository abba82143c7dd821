#include "job.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/parse.h"
#include "report.h"
#include "settings.h"

#define DIFFERENCES_MAX 1024

struct job {
    struct settings settings;
    char stream[ROUTE_STREAM_MAX + 1]; /* of the checkpoints */
    /* the server that the numbers of the newest checkpoint belong to: first of
     * the one that was found, then of ours; "" unknown */
    char host[POSITION_HOST_SIZE];
    char url[CHECKPOINT_URL_MAX + 1];
    bool flushed; /* the last one has been asked for */

    /* what the one that was found said, or what was asked for instead */
    struct position_place from;
    struct buf differences; /* between its settings and ours */
    int64_t skipped_us;     /* --since skips what comes after this; -1 */
    int64_t repeated_us;    /* --since goes back from here; -1 */
    bool lost;              /* there were, and none is left */
};

/* One place, as the checkpoints spell it and as the position does. */
static struct position_place from_checkpoint(const struct checkpoint_at *at)
{
    return (struct position_place){.begin_us = at->begin_us,
                                   .begin_seq = at->begin_seq,
                                   .time_us = at->time_us,
                                   .seq = at->seq};
}

static struct checkpoint_at to_checkpoint(const struct position_place *place,
                                          const char *url)
{
    return (struct checkpoint_at){.begin_us = place->begin_us,
                                  .begin_seq = place->begin_seq,
                                  .time_us = place->time_us,
                                  .seq = place->seq,
                                  .url = url};
}

/* A random UUID (RFC 9562, version 4). */
static int make_token(char token[CHECKPOINT_TOKEN_MAX + 1], struct err *err)
{
    unsigned char b[16];

    if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
        return err_os(err, ERR_OS, errno, "getrandom");
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(token, CHECKPOINT_TOKEN_MAX + 1,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
             "%02x%02x%02x%02x%02x%02x",
             b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10],
             b[11], b[12], b[13], b[14], b[15]);
    return 0;
}

/* What a found checkpoint means for this run; -1 when it is of other
 * settings and nobody said that this is meant. */
static int judge(struct run *run, const struct checkpoint_text *text,
                 struct err *err)
{
    const struct config *config = run->config;
    struct job *job = run->job;
    int differ;

    buf_reset(&job->differences);
    differ = checkpoint_settings_differ(&text->settings, &job->settings.c,
                                        &job->differences);
    if (differ < 0 || buf_str(&job->differences) == NULL)
        return err_memory(err);
    if (config->since != OPTIONS_UNSET) {
        if (text->at.time_us >= 0 && config->since > text->at.time_us)
            job->skipped_us = text->at.time_us;
        else if (text->at.time_us >= 0)
            job->repeated_us = text->at.time_us;
        return 0;
    }
    if (differ > 0 && !config->anyway)
        return err_set(err, ERR_CONFIG,
                       "the checkpoint of job '%.64s' is of other settings "
                       "(%.300s): another --job, or --since",
                       config->job, buf_str(&job->differences));
    job->from = from_checkpoint(&text->at);
    /* What comes before was judged by other settings: judged anew, it would
     * stand behind what is later. */
    if (differ > 0 && text->at.time_us >= 0) {
        job->from.begin_us = text->at.time_us;
        job->from.begin_seq = text->at.seq < 0 ? -1 : text->at.seq + 1;
    }
    snprintf(job->url, sizeof(job->url), "%s", text->at.url);
    if (jetstream_name(job->url, job->host, err) != 0) {
        err_clear(err);
        job->host[0] = '\0';
    }
    return 0;
}

static int on_begin(void *arg, const struct checkpoint_found *found,
                    struct checkpoint_at *begin, struct err *err)
{
    struct run *run = arg;
    struct job *job = run->job;

    job->from = (struct position_place){-1, -1, -1, -1};
    job->host[0] = '\0';
    job->url[0] = '\0';
    job->skipped_us = -1;
    job->repeated_us = -1;
    job->lost = found->lost && run->config->since == OPTIONS_UNSET;
    if (job->lost && run->config->options->on_gap == OPTIONS_FAIL)
        return err_set(err, ERR_PROTOCOL,
                       "job '%.64s': gap: its checkpoints were trimmed or have "
                       "expired (--since says where to begin)",
                       run->config->job);
    if (found->newest != NULL && judge(run, found->newest, err) != 0)
        return -1;
    if (run->config->since != OPTIONS_UNSET)
        job->from.begin_us = run->config->since;
    *begin = to_checkpoint(&job->from, job->url);
    return 0;
}

static int open_checkpoint(struct run *run)
{
    const struct options *o = run->config->options;
    char host[CHECKPOINT_HOST_MAX + 1] = "";
    char token[CHECKPOINT_TOKEN_MAX + 1];
    struct checkpoint_config c = {
        .basin = run->basin,
        .create_basin = o->create_basin,
        .stream = run->job->stream,
        .job = run->config->job,
        .settings = &run->job->settings.c,
        .host = host,
        .pid = (int64_t)getpid(),
        .token = token,
        .every_ms = CHECKPOINT_EVERY_MS,
        .still_ms = CHECKPOINT_STILL_MS,
        .retry_for = o->general.retry_for,
        .seed = run->key.k0 ^ run->key.k1,
        .hooks = {on_begin, report_checkpoint, run},
    };

    if (settings_make(&run->job->settings, run->config, run->config->routes,
                      &run->err) != 0 ||
        make_token(token, &run->err) != 0)
        return -1;
    if (gethostname(host, sizeof(host) - 1) != 0)
        return err_os(&run->err, ERR_OS, errno, "gethostname");
    run->checkpoint = checkpoint_new(&c, &run->err);
    return run->checkpoint == NULL ? -1 : 0;
}

/* Where the source begins is known: learn what may be sent again. */
static void begin(struct run *run)
{
    struct job *job = run->job;
    const char *first = "";
    int64_t start;

    if (run->js != NULL)
        first = jetstream_prefer(run->js, job->host);
    snprintf(run->host, sizeof(run->host), "%s", first);
    position_resume(&run->position, &job->from, job->host);
    run->position.sparse = run->config->options->dids.n > 0;
    if (run->input != NULL)
        position_connect(&run->position, "", false);
    run->begun = true;
    start = position_start(&run->position, first);
    if (run->writer != NULL && run->input == NULL)
        writer_start(run->writer, start < 0 ? -1 : start / 1000);
}

int job_open(struct run *run)
{
    struct job *job = calloc(1, sizeof(*job));

    if (job == NULL)
        return err_memory(&run->err);
    run->job = job;
    buf_init(&job->differences, DIFFERENCES_MAX);
    job->from = (struct position_place){-1, -1, -1, -1};
    if (run->config->job != NULL) {
        snprintf(job->stream, sizeof(job->stream), "%s%s", CHECKPOINT_PREFIX,
                 run->config->job);
        return open_checkpoint(run);
    }
    if (run->config->options->input == NULL &&
        run->config->since != OPTIONS_UNSET)
        job->from.begin_us = run->config->since;
    begin(run);
    return 0;
}

void job_close(struct run *run)
{
    checkpoint_free(run->checkpoint);
    if (run->job == NULL)
        return;
    settings_release(&run->job->settings);
    buf_release(&run->job->differences);
    free(run->job);
}

/* Say once how this run begins, and what that leaves out. */
static void tell_begin(struct run *run)
{
    struct job *job = run->job;
    const char *name = run->config->job;
    char time[PARSE_TIME_SIZE];

    if (job->lost)
        report_gap(run, -1, -1, "the checkpoints were trimmed or have expired");
    if (job->skipped_us >= 0)
        report_gap(run, job->skipped_us, run->config->since,
                   "--since skips it");
    if (job->repeated_us >= 0) {
        parse_time_text(job->repeated_us, time);
        log_line(LOG_LEVEL_NOTICE,
                 "job '%.64s': --since goes back from %s: what is missing "
                 "there will stand behind what is later",
                 name, time);
    }
    if (job->differences.n > 0) {
        if (job->from.begin_us >= 0)
            parse_time_text(job->from.begin_us, time);
        log_line(LOG_LEVEL_WARNING,
                 "job '%.64s': its settings are others from here on (%s): "
                 "what the new ones add is missing before %s",
                 name, buf_str(&job->differences),
                 job->from.begin_us < 0 ? "now" : time);
    }
    if (job->from.time_us >= 0) {
        parse_time_text(job->from.time_us, time);
        log_line(LOG_LEVEL_NOTICE, "job '%.64s': going on from %s", name, time);
    } else if (job->from.begin_us < 0) {
        log_line(LOG_LEVEL_NOTICE,
                 "job '%.64s': no checkpoint: beginning at the live tip", name);
    }
}

/* The URL of the host that our position belongs to. */
static const char *url_of(const struct run *run)
{
    struct job *job = run->job;
    const char *host = run->position.host;
    char name[POSITION_HOST_SIZE];
    struct err err = ERR_INIT;

    for (size_t i = 0; strcmp(job->host, host) != 0 && i < run->config->nurls;
         i++) {
        if (jetstream_name(run->config->urls[i], name, &err) == 0 &&
            strcmp(name, host) == 0) {
            snprintf(job->host, sizeof(job->host), "%s", name);
            snprintf(job->url, sizeof(job->url), "%s", run->config->urls[i]);
        }
    }
    return job->url;
}

/* Everything before the oldest record that is not durable is settled. */
static void offer(struct run *run)
{
    struct position_place place = position_place(&run->position);
    struct checkpoint_at at;
    struct writer_mark mark;

    if (writer_oldest(run->writer, &mark)) {
        if (mark.epoch != run->position.epoch)
            return;
        place.time_us = mark.time_us;
        place.seq = mark.seq;
    }
    if (place.time_us < 0 && place.begin_us < 0)
        return;
    if (place.time_us < 0)
        place.seq = -1;
    at = to_checkpoint(&place, url_of(run));
    checkpoint_put(run->checkpoint, &at);
}

int job_run(struct run *run, int64_t now, int64_t *next)
{
    int64_t due;

    if (run->checkpoint == NULL)
        return 0;
    if (run->begun && !run->job->flushed)
        offer(run);
    if (run->stopping && writer_records(run->writer) == 0) {
        run->job->flushed = true;
        checkpoint_flush(run->checkpoint);
    }
    if (checkpoint_run(run->checkpoint, now, loop_wall() / 1000, &due,
                       &run->err) != 0)
        return -1;
    /* A job that is killed before it is known where it began will begin
     * elsewhere: nothing of it may be there then. */
    writer_hold(run->writer, !checkpoint_begun(run->checkpoint));
    if (!run->begun && checkpoint_ready(run->checkpoint)) {
        begin(run);
        tell_begin(run);
    }
    *next = due < *next ? due : *next;
    return 0;
}

int job_routes(struct run *run, const struct routes *routes, struct err *err)
{
    struct settings settings;

    if (run->checkpoint == NULL)
        return 0;
    if (settings_make(&settings, run->config, routes, err) != 0) {
        settings_release(&settings);
        return -1;
    }
    settings_release(&run->job->settings);
    run->job->settings = settings;
    checkpoint_renew(run->checkpoint);
    return 0;
}

bool job_answered(const struct run *run)
{
    return run->checkpoint != NULL && checkpoint_answered(run->checkpoint);
}

bool job_settled(const struct run *run)
{
    return run->checkpoint == NULL ||
           (run->job->flushed && checkpoint_settled(run->checkpoint));
}
