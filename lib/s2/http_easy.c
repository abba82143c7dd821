#include "s2/http_easy.h"

#include <string.h>

#include "base/loop.h"

#define HEADERS_MAX ((size_t)64 << 10)
#define RETRY_AFTER_MAX_MS (INT64_C(60) * 60 * 1000)

/* Servers close idle connections after a minute and more; we are earlier,
 * lest a request is sent into one that is just being closed. */
#define IDLE_MAX_S 45L

/* A whole decimal number times ${scale}, at most ${max}; -1 for anything
 * else.  However long it is, it does not overflow. */
static int64_t read_number(struct slice s, int64_t scale, int64_t max)
{
    int64_t v = 0;

    if (s.n == 0)
        return -1;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return -1;
        if (v < max)
            v = v * 10 + (s.p[i] - '0');
    }
    return v < max / scale ? v * scale : max;
}

/* Milliseconds until a HTTP date, 0 when it is past or none. */
static int64_t read_date(struct slice s)
{
    char text[64];
    time_t at;
    int64_t ms;

    if (s.n >= sizeof(text))
        return 0;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    at = curl_getdate(text, NULL);
    if (at < 0)
        return 0;
    ms = (int64_t)at * 1000 - loop_wall() / 1000;
    return ms < 0 ? 0 : ms < RETRY_AFTER_MAX_MS ? ms : RETRY_AFTER_MAX_MS;
}

static struct slice trim(struct slice s)
{
    while (s.n > 0 && strchr(" \t\r\n", s.p[0]) != NULL) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && strchr(" \t\r\n", s.p[s.n - 1]) != NULL)
        s.n--;
    return s;
}

static void note_header(struct http_easy *easy, struct slice name,
                        struct slice value)
{
    int64_t ms;

    if (slice_caseeq(name, SLICE("retry-after-ms"))) {
        ms = read_number(value, 1, RETRY_AFTER_MAX_MS);
        if (ms < 0)
            return;
        easy->retry_after_ms = ms;
        easy->retry_exact = true;
    } else if (slice_caseeq(name, SLICE("retry-after")) && !easy->retry_exact) {
        ms = read_number(value, 1000, RETRY_AFTER_MAX_MS);
        easy->retry_after_ms = ms >= 0 ? ms : read_date(value);
    }
}

/* Of several answers (100 Continue) the last one counts. */
static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
    struct http_easy *easy = arg;
    struct slice line = {p, size * n};
    const char *colon = memchr(line.p, ':', line.n);

    easy->heard_at = loop_now();
    easy->header_bytes += line.n;
    if (easy->header_bytes > HEADERS_MAX) {
        easy->too_large = true;
        return 0;
    }
    if (line.n >= 5 && memcmp(line.p, "HTTP/", 5) == 0) {
        easy->headers_end = false;
        easy->retry_after_ms = 0;
        easy->retry_exact = false;
    } else if (trim(line).n == 0) {
        easy->headers_end = true;
    } else if (colon != NULL) {
        struct slice name = {line.p, (size_t)(colon - line.p)};
        struct slice value = {colon + 1, line.n - name.n - 1};

        note_header(easy, name, trim(value));
    }
    return line.n;
}

static bool is_streamed(const struct http_easy *easy)
{
    long status = 0;

    curl_easy_getinfo(easy->curl, CURLINFO_RESPONSE_CODE, &status);
    return easy->bytes != NULL && status == 200;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
    struct http_easy *easy = arg;
    struct slice bytes = {p, size * n};

    if (easy->cancelled)
        return 0;
    easy->heard_at = loop_now();
    if (is_streamed(easy)) {
        easy->bytes(easy->bytes_arg, bytes);
        return easy->cancelled ? 0 : bytes.n;
    }
    if (buf_addslice(&easy->in, bytes) != 0) {
        easy->too_large = true;
        return 0;
    }
    return bytes.n;
}

/* The body goes out by a callback that cannot go back: libcurl, which sends a
 * request again by itself when a kept connection turns out dead, then fails
 * instead once it has sent any of the body. */
static size_t on_send(char *p, size_t size, size_t n, void *arg)
{
    struct http_easy *easy = arg;
    size_t left = easy->out.n - easy->sent;
    size_t now = size * n < left ? size * n : left;

    if (now > 0)
        memcpy(p, easy->out.p + easy->sent, now);
    easy->sent += now;
    return now;
}

static int add_header(struct http_easy *easy, const char *header,
                      struct err *err)
{
    struct curl_slist *grown;

    if (strpbrk(header, "\r\n") != NULL)
        return err_set(err, ERR_CONFIG, "a line break in a HTTP header");
    grown = curl_slist_append(easy->headers, header);
    if (grown == NULL)
        return err_memory(err);
    easy->headers = grown;
    return 0;
}

/* "Expect:" takes away the wait for a 100 Continue. */
static int add_headers(struct http_easy *easy, const struct http_spec *spec,
                       struct err *err)
{
    for (size_t i = 0; i < spec->nheaders; i++) {
        if (add_header(easy, spec->headers[i], err) != 0)
            return -1;
    }
    return add_header(easy, "Expect:", err);
}

/* What holds for every request: no host but the one named, no proxy, nothing
 * from the environment, no version of TLS that is known to be broken. */
static int set_policy(CURL *c, const struct http_easy_config *config)
{
    unsigned bad = 0;

    bad |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    bad |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    bad |= curl_easy_setopt(c, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    bad |= curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
    bad |= curl_easy_setopt(c, CURLOPT_PROXY, "");
    bad |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    bad |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
    bad |= curl_easy_setopt(c, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    bad |= curl_easy_setopt(c, CURLOPT_MAXAGE_CONN, IDLE_MAX_S);
    bad |= curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, config->connect_ms);
    bad |= curl_easy_setopt(c, CURLOPT_USERAGENT, config->user_agent);
    if (config->cafile != NULL) {
        bad |= curl_easy_setopt(c, CURLOPT_CAINFO, config->cafile);
        bad |= curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
    }
    return bad == 0 ? 0 : -1;
}

static int set_request(struct http_easy *easy, const struct http_spec *spec)
{
    CURL *c = easy->curl;
    bool post = spec->body != NULL || strcmp(spec->method, "POST") == 0;
    unsigned bad = 0;

    bad |= curl_easy_setopt(c, CURLOPT_URL, spec->url);
    bad |= curl_easy_setopt(c, CURLOPT_HTTPHEADER, easy->headers);
    bad |= curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)spec->timeout_ms);
    bad |= curl_easy_setopt(c, CURLOPT_ERRORBUFFER, easy->error);
    bad |= curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    bad |= curl_easy_setopt(c, CURLOPT_HEADERDATA, (void *)easy);
    bad |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    bad |= curl_easy_setopt(c, CURLOPT_WRITEDATA, (void *)easy);
    if (post) {
        bad |= curl_easy_setopt(c, CURLOPT_POST, 1L);
        bad |= curl_easy_setopt(c, CURLOPT_READFUNCTION, on_send);
        bad |= curl_easy_setopt(c, CURLOPT_READDATA, (void *)easy);
        bad |= curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
                                (curl_off_t)easy->out.n);
    }
    bad |= curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, spec->method);
    return bad == 0 ? 0 : -1;
}

int http_easy_init(struct http_easy *easy,
                   const struct http_easy_config *config,
                   const struct http_spec *spec, struct err *err)
{
    memset(easy, 0, sizeof(*easy));
    if (spec->body != NULL) {
        easy->out = *spec->body;
        buf_init(spec->body, spec->body->max);
    }
    buf_init(&easy->in, spec->max_reply);
    if (add_headers(easy, spec, err) != 0)
        goto release;
    easy->curl = curl_easy_init();
    if (easy->curl == NULL || set_policy(easy->curl, config) != 0 ||
        set_request(easy, spec) != 0) {
        err_memory(err);
        goto release;
    }
    return 0;

release:
    http_easy_release(easy);
    return -1;
}

int http_easy_stream(struct http_easy *easy, const struct http_spec *spec,
                     http_bytes *bytes, void *arg, struct err *err)
{
    unsigned bad = curl_easy_setopt(easy->curl, CURLOPT_TIMEOUT_MS, 0L);

    easy->bytes = bytes;
    easy->bytes_arg = arg;
    easy->silence_ms = spec->timeout_ms;
    easy->shares = strncmp(spec->url, "https:", 6) == 0;
    if (easy->shares)
        bad |= curl_easy_setopt(easy->curl, CURLOPT_HTTP_VERSION,
                                CURL_HTTP_VERSION_2TLS);
    return bad == 0 ? 0 : err_memory(err);
}

void http_easy_release(struct http_easy *easy)
{
    curl_easy_cleanup(easy->curl);
    easy->curl = NULL;
    for (struct curl_slist *h = easy->headers; h != NULL; h = h->next)
        memset(h->data, 0, strlen(h->data));
    curl_slist_free_all(easy->headers);
    easy->headers = NULL;
    buf_release(&easy->out);
    buf_release(&easy->in);
}
