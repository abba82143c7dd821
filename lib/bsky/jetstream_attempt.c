#include <inttypes.h>
#include <stdio.h>

#include "bsky/jetstream_state.h"

static void on_fetched(void *arg, int status, struct slice body)
{
    struct jetstream *js = arg;

    js->fetch = NULL;
    js->fetched = true;
    js->fetch_status = status;
    buf_reset(&js->fetch_body);
    if (buf_addslice(&js->fetch_body, body) != 0)
        js->fetch_status = 0;
}

/* Without memory there is no other host to go to. */
static void fail(struct jetstream *js, const struct err *err)
{
    if (err_is_memory(err))
        err_memory(&js->err);
    else
        jetstream_attempt_fail(js, err->text, 0);
}

/* Starts a plain request for ${path} of the host. */
static int start_get(struct jetstream *js, const char *path)
{
    struct buf url = BUF_INIT(WS_PATH_MAX + 1024);

    js->fetched = false;
    if (jetstream_host_get(jetstream_state_host(js), path, &url) == 0)
        js->fetch = js->hooks.fetch(js->hooks.arg, url.p, on_fetched, js);
    buf_release(&url);
    return js->fetch == NULL ? -1 : 0;
}

/* Whether the plain request is over, one way or the other; says so once. */
static bool get_is_over(struct jetstream *js)
{
    if (js->fetched) {
        js->fetched = false;
        return true;
    }
    if (js->now < js->deadline)
        return false;
    if (js->fetch != NULL)
        js->hooks.unfetch(js->hooks.arg, js->fetch);
    js->fetch = NULL;
    js->fetch_status = 0;
    return true;
}

static void say_plain(struct jetstream *js, const char *why)
{
    struct jetstream_host *host = jetstream_state_host(js);

    if (host->plain_said)
        return;
    host->plain_said = true;
    jetstream_state_tell(js, JETSTREAM_PLAIN, why, 0);
}

static void say_strange(struct jetstream *js, const char *wire)
{
    char why[64];

    snprintf(why, sizeof(why), "the dictionary given is not that of wire %s",
             wire);
    say_plain(js, why);
}

static bool own_serves(const struct jetstream *js)
{
    const struct jetstream_host *host = jetstream_state_host(js);

    return js->own != NULL && !host->refused &&
           jetstream_host_fits(host, js->own_id);
}

/* The dictionary to connect with; *${id} is 0, and the result NULL, when
 * there is none. */
static struct zst *pick(struct jetstream *js, uint32_t *id)
{
    struct jetstream_host *host = jetstream_state_host(js);

    *id = 0;
    if (!js->compress || host->plain)
        return NULL;
    if (own_serves(js)) {
        *id = js->own_id;
        return js->own;
    }
    if (host->zst != NULL)
        *id = host->id;
    else if (js->own != NULL && host->wire->dictionary != 0)
        say_strange(js, host->wire->name);
    return host->zst;
}

static void open_ws(struct jetstream *js)
{
    struct jetstream_host *host = jetstream_state_host(js);
    struct jetstream_request request = {
        .cursor = js->hooks.cursor(js->hooks.arg, host->name, host->by_time),
        .dids = js->dids,
        .ndids = js->ndids,
    };
    struct ws_target target = {
        .tls = host->server.tls,
        .address = js->addresses.address[js->next_address++],
        .host = host->domain,
        .port = host->server.port,
        .subprotocol = host->wire->subprotocol,
    };
    struct err err = ERR_INIT;

    js->zst = pick(js, &request.dictionary);
    js->state = JETSTREAM_STATE_OPENING;
    if (jetstream_host_path(host, &request, &js->path, &err) == 0) {
        target.path = js->path.p;
        if (ws_open(js->ws, &target, &err) == 0)
            return;
    }
    fail(js, &err);
}

static void step_resolving(struct jetstream *js)
{
    struct err err = ERR_INIT;
    int rc = resolve_done(js->resolve, &js->addresses, &err);

    if (rc == 0 && js->now < js->deadline)
        return;
    resolve_free(js->resolve);
    js->resolve = NULL;
    js->next_address = 0;
    if (rc == 0)
        err_set(&err, ERR_UNAVAILABLE, "the name does not resolve in time");
    if (rc > 0)
        open_ws(js);
    else
        fail(js, &err);
}

/* To the host's next address, which may have to be looked up first. */
static void dial(struct jetstream *js)
{
    struct err err = ERR_INIT;

    js->deadline = js->now + js->timing.connect;
    if (js->next_address < js->addresses.n) {
        open_ws(js);
        return;
    }
    js->addresses.n = 0;
    js->state = JETSTREAM_STATE_RESOLVING;
    js->resolve = resolve_start(jetstream_state_host(js)->domain, &err);
    if (js->resolve == NULL)
        fail(js, &err);
    else
        step_resolving(js);
}

static void step_fetching(struct jetstream *js)
{
    struct jetstream_host *host = jetstream_state_host(js);
    struct err err = ERR_INIT;

    if (!get_is_over(js))
        return;
    if (js->fetch_status == 0)
        err_set(&err, ERR_UNAVAILABLE, "no answer to getZstdDictionary");
    else if (js->fetch_status != 200)
        err_set(&err, ERR_UNAVAILABLE, "getZstdDictionary: status %d",
                js->fetch_status);
    else if (jetstream_host_learn(host, buf_slice(&js->fetch_body),
                                  JETSTREAM_STATE_WINDOW, &err) == 0)
        host->plain_said = false;
    buf_release(&js->fetch_body);
    if (err.code != ERR_NONE)
        say_plain(js, err.text);
    dial(js);
}

/* Half the time of an attempt may go to the dictionary: without it there is
 * a way on. */
void jetstream_attempt_begin(struct jetstream *js)
{
    struct jetstream_host *host = jetstream_state_host(js);

    js->delivered = false;
    js->progressed = false;
    jetstream_state_tell(js, JETSTREAM_CONNECTING, host->name, 0);
    if (!js->compress || host->plain || host->wire->dictionary != 0 ||
        host->zst != NULL || own_serves(js)) {
        dial(js);
        return;
    }
    js->state = JETSTREAM_STATE_FETCHING;
    js->deadline = js->now + js->timing.connect / 2;
    if (start_get(js, JETSTREAM_HOST_DICTIONARY) != 0) {
        js->deadline = js->now;
        step_fetching(js);
    }
}

/* The refusal was about something that is mended now. */
static void again(struct jetstream *js)
{
    jetstream_attempt_drop(js);
    js->due = js->now;
}

static void on_too_old(struct jetstream *js, const char *words)
{
    struct jetstream_host *host = jetstream_state_host(js);

    if (host->by_time) {
        jetstream_attempt_fail(js, words, 0);
        return;
    }
    host->by_time = true;
    jetstream_state_tell(js, JETSTREAM_TOO_OLD, words, 0);
    again(js);
}

/* The user's dictionary gives way to the host's, that to a newer one, and
 * that to none. */
static void on_unknown_dictionary(struct jetstream *js, const char *words)
{
    struct jetstream_host *host = jetstream_state_host(js);

    if (js->zst == js->own) {
        host->refused = true;
    } else {
        zst_free(host->zst);
        host->zst = NULL;
        host->plain = host->refetched;
        host->refetched = true;
        if (host->plain)
            say_plain(js, words);
    }
    again(js);
}

static void step_asking(struct jetstream *js)
{
    char words[JETSTREAM_REFUSAL_WORDS];
    enum jetstream_refusal refusal;

    if (!get_is_over(js))
        return;
    if (js->fetch_status != 400) {
        jetstream_attempt_fail(js, "the upgrade was refused with status 400",
                               0);
        return;
    }
    refusal = jetstream_host_refusal(buf_slice(&js->fetch_body), words);
    if (refusal == JETSTREAM_REFUSAL_OLD)
        on_too_old(js, words);
    else if (refusal == JETSTREAM_REFUSAL_DICTIONARY && js->zst != NULL)
        on_unknown_dictionary(js, words);
    else
        err_set(&js->err, ERR_PROTOCOL, "%s refuses the request: %s",
                jetstream_state_host(js)->name, words);
}

static void step_opening(struct jetstream *js)
{
    struct err err = ERR_INIT;

    if (js->now < js->deadline)
        return;
    err_set(&err, ERR_UNAVAILABLE, "not connected within %" PRId64 " ms",
            js->timing.connect);
    jetstream_attempt_fail(js, err.text, 0);
}

void jetstream_attempt_step(struct jetstream *js)
{
    switch (js->state) {
    case JETSTREAM_STATE_FETCHING:
        step_fetching(js);
        break;
    case JETSTREAM_STATE_RESOLVING:
        step_resolving(js);
        break;
    case JETSTREAM_STATE_OPENING:
        step_opening(js);
        break;
    case JETSTREAM_STATE_ASKING:
        step_asking(js);
        break;
    case JETSTREAM_STATE_WAITING:
    case JETSTREAM_STATE_UP:
        break;
    }
}

void jetstream_attempt_up(struct jetstream *js)
{
    js->state = JETSTREAM_STATE_UP;
    js->up_at = js->now;
    js->frame_at = js->now;
    js->event_at = js->now;
    js->addresses.n = 0;
    js->next_address = 0;
    jetstream_state_host(js)->by_time = false;
    jetstream_state_tell(js, JETSTREAM_UP, jetstream_state_host(js)->name, 0);
}

void jetstream_attempt_down(struct jetstream *js, const struct ws_end *end)
{
    if (end->starved) {
        err_memory(&js->err);
        return;
    }
    if (end->status == 400 && start_get(js, js->path.p) == 0) {
        js->state = JETSTREAM_STATE_ASKING;
        js->deadline = js->now + js->timing.connect;
        return;
    }
    jetstream_attempt_fail(js, end->text, end->retry_after_ms);
}
