#include "bsky/jetstream.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "bsky/jetstream_state.h"

const struct jetstream_timing jetstream_timing_default = {
    .connect = 10000,
    .frame = 75000,
    .first_event = 15000,
    .event = 60000,
    .pause = 4000,
    .host = 60000,
    .settle = 60000,
    .retry_base = 250,
    .retry_cap = 30000,
};

const char *jetstream_library(void)
{
    return ws_library();
}

int jetstream_name(const char *url, char name[POSITION_HOST_SIZE],
                   struct err *err)
{
    struct jetstream_host host;

    if (jetstream_host_init(&host, url, err) != 0)
        return -1;
    snprintf(name, POSITION_HOST_SIZE, "%s", host.name);
    jetstream_host_release(&host);
    return 0;
}

static void deliver(struct jetstream *js, struct slice json)
{
    if (!js->delivered)
        js->first_at = js->now;
    js->delivered = true;
    js->last_at = js->now;
    js->event_at = js->now;
    js->hooks.message(js->hooks.arg, json);
}

static void on_compressed(struct jetstream *js, struct slice frame)
{
    struct err err = ERR_INIT;
    int rc = zst_message(js->zst, frame, &js->plain, &err);

    if (rc == 0) {
        jetstream_state_host(js)->refetched = false;
        deliver(js, buf_slice(&js->plain));
    } else if (err_is_memory(&err)) {
        js->err = err;
    } else {
        jetstream_state_tell(
            js, rc > 0 ? JETSTREAM_OVERSIZE : JETSTREAM_GARBAGE, err.text, 0);
    }
}

static void on_message(void *arg, struct slice data, bool binary)
{
    struct jetstream *js = arg;

    /* Nothing comes behind one that was lost. */
    if (js->err.code != ERR_NONE)
        return;
    if (!binary)
        deliver(js, data);
    else if (js->zst != NULL)
        on_compressed(js, data);
    else
        jetstream_state_tell(js, JETSTREAM_GARBAGE,
                             "a binary frame that nobody asked for", 0);
}

static void on_oversize(void *arg)
{
    jetstream_state_tell(arg, JETSTREAM_OVERSIZE, "a message above the cap", 0);
}

static void on_alive(void *arg)
{
    struct jetstream *js = arg;

    js->frame_at = js->now;
}

static void on_up(void *arg)
{
    jetstream_attempt_up(arg);
}

static void on_down(void *arg, const struct ws_end *end)
{
    jetstream_attempt_down(arg, end);
}

static int open_ws(struct jetstream *js, const struct jetstream_config *config,
                   struct err *err)
{
    struct ws_config ws = {
        .cacert = config->cacert,
        .user_agent = config->user_agent,
        .message_max = JETSTREAM_MESSAGE_MAX,
        .connect_ms = config->timing.connect + 5000,
        .ping_ms = config->timing.frame / 3,
        .hooks = {on_up, on_message, on_oversize, on_alive, on_down, js},
    };

    js->ws = ws_new(&ws, err);
    return js->ws == NULL ? -1 : 0;
}

static int copy_dids(struct jetstream *js,
                     const struct jetstream_config *config, struct err *err)
{
    js->dids = calloc(config->ndids + 1, sizeof(*js->dids));
    if (js->dids == NULL)
        return err_memory(err);
    for (; js->ndids < config->ndids; js->ndids++) {
        js->dids[js->ndids] = strdup(config->dids[js->ndids]);
        if (js->dids[js->ndids] == NULL)
            return err_memory(err);
    }
    return 0;
}

/* The hosts; the longest request of each must fit. */
static int copy_hosts(struct jetstream *js,
                      const struct jetstream_config *config, struct err *err)
{
    struct jetstream_request longest = {
        .cursor = {true, false, INT64_MAX},
        .dids = js->dids,
        .ndids = js->ndids,
        .dictionary = UINT32_MAX,
    };

    if (config->nurls == 0)
        return err_set(err, ERR_USAGE, "no server");
    js->hosts = calloc(config->nurls, sizeof(*js->hosts));
    if (js->hosts == NULL)
        return err_memory(err);
    for (size_t i = 0; i < config->nurls; i++) {
        if (jetstream_host_init(&js->hosts[i], config->urls[i], err) != 0)
            return -1;
        js->nhosts++;
        if (jetstream_host_path(&js->hosts[i], &longest, &js->path, err) != 0)
            return -1;
    }
    return 0;
}

static int copy_dictionary(struct jetstream *js,
                           const struct jetstream_config *config,
                           struct err *err)
{
    js->compress = config->compress;
    if (config->dictionary.n == 0)
        return 0;
    js->own_id = zst_dictionary_id(config->dictionary);
    js->own = zst_new(config->dictionary, JETSTREAM_STATE_WINDOW, err);
    return js->own == NULL ? -1 : 0;
}

struct jetstream *jetstream_new(const struct jetstream_config *config,
                                struct err *err)
{
    struct jetstream *js = calloc(1, sizeof(*js));

    if (js == NULL) {
        err_memory(err);
        return NULL;
    }
    js->hooks = config->hooks;
    js->timing = config->timing;
    js->retry_for = config->retry_for;
    js->rng.state = config->seed;
    js->retry.base_ms = config->timing.retry_base;
    js->retry.cap_ms = config->timing.retry_cap;
    js->failing_since = -1;
    js->due = INT64_MIN;
    buf_init(&js->path, WS_PATH_MAX);
    buf_init(&js->plain, JETSTREAM_MESSAGE_MAX);
    buf_init(&js->fetch_body, JETSTREAM_FETCH_MAX);
    if (copy_dids(js, config, err) != 0 || copy_hosts(js, config, err) != 0 ||
        copy_dictionary(js, config, err) != 0 ||
        open_ws(js, config, err) != 0) {
        jetstream_free(js);
        return NULL;
    }
    return js;
}

const char *jetstream_prefer(struct jetstream *js, const char *name)
{
    for (size_t i = 0; i < js->nhosts; i++) {
        if (strcmp(js->hosts[i].name, name) == 0) {
            js->at = i;
            break;
        }
    }
    return jetstream_state_host(js)->name;
}

void jetstream_free(struct jetstream *js)
{
    if (js == NULL)
        return;
    if (js->ws != NULL)
        jetstream_attempt_drop(js);
    ws_free(js->ws);
    for (size_t i = 0; i < js->nhosts; i++)
        jetstream_host_release(&js->hosts[i]);
    free(js->hosts);
    for (size_t i = 0; i < js->ndids; i++)
        free(js->dids[i]);
    free(js->dids);
    zst_free(js->own);
    buf_release(&js->path);
    buf_release(&js->plain);
    buf_release(&js->fetch_body);
    free(js);
}

/* When the silence of a connection that is up has lasted too long. */
static int64_t silence_ends(const struct jetstream *js)
{
    int64_t event = js->event_at +
                    (js->delivered ? js->timing.event : js->timing.first_event);
    int64_t frame = js->frame_at + js->timing.frame;

    return jetstream_state_watches(js) && event < frame ? event : frame;
}

/* When something has to be done, whatever arrives. */
static int64_t deadline(const struct jetstream *js)
{
    int64_t at = js->state == JETSTREAM_STATE_UP ? LOOP_NEVER : js->deadline;

    if (js->err.code != ERR_NONE)
        return js->now;
    if (js->state == JETSTREAM_STATE_WAITING)
        return js->paused ? LOOP_NEVER : js->due;
    if (js->fetched)
        return js->now;
    if (js->paused && js->paused_at + js->timing.pause < at)
        at = js->paused_at + js->timing.pause;
    if (js->state == JETSTREAM_STATE_UP && !js->paused)
        at = silence_ends(js);
    return at;
}

int64_t jetstream_poll(struct jetstream *js, int64_t now, struct pollfd *fd,
                       size_t *used, int64_t cap)
{
    int64_t until = deadline(js);
    int64_t nap = ws_poll(js->ws, fd, used);

    if (js->resolve != NULL) {
        fd->fd = resolve_fd(js->resolve);
        fd->events = POLLIN;
        *used = 1;
    }
    if (nap >= 0 && nap < cap)
        cap = nap;
    if (until <= now)
        return 0;
    return until - now < cap ? until - now : cap;
}

static void check_silence(struct jetstream *js)
{
    bool frame = js->now - js->frame_at >= js->timing.frame;
    struct err err = ERR_INIT;

    if (js->now < silence_ends(js))
        return;
    err_set(&err, ERR_UNAVAILABLE, "no %s for %" PRId64 " ms",
            frame ? "sign of life" : "event",
            js->now - (frame ? js->frame_at : js->event_at));
    jetstream_attempt_fail(js, err.text, 0);
}

int jetstream_run(struct jetstream *js, int64_t now, struct err *err)
{
    js->now = now;
    if (js->err.code == ERR_NONE)
        ws_service(js->ws, now);
    if (js->err.code == ERR_NONE) {
        if (js->state == JETSTREAM_STATE_WAITING) {
            if (jetstream_attempt_due(js))
                jetstream_attempt_begin(js);
        } else if (js->paused && now - js->paused_at >= js->timing.pause) {
            jetstream_attempt_park(js);
        } else if (js->state != JETSTREAM_STATE_UP) {
            jetstream_attempt_step(js);
        } else if (!js->paused) {
            check_silence(js);
        }
    }
    if (js->err.code == ERR_NONE)
        return 0;
    return err_set(err, js->err.code, "%s", js->err.text);
}

void jetstream_pause(struct jetstream *js, int64_t now)
{
    if (js->paused)
        return;
    js->paused = true;
    js->paused_at = now;
    ws_pause(js->ws, true);
}

/* When what has lasted since ${since} would have begun without the pause that
 * ends at ${now}: nobody fails in a pause. */
static int64_t without_pause(const struct jetstream *js, int64_t since,
                             int64_t now)
{
    return since < js->paused_at ? since + now - js->paused_at : now;
}

void jetstream_resume(struct jetstream *js, int64_t now)
{
    if (!js->paused)
        return;
    js->paused = false;
    if (js->failing_since >= 0)
        js->failing_since = without_pause(js, js->failing_since, now);
    js->retry.since_ms = without_pause(js, js->retry.since_ms, now);
    js->frame_at = now;
    js->event_at = now;
    ws_pause(js->ws, false);
}

void jetstream_progress(struct jetstream *js)
{
    js->progressed = true;
}
