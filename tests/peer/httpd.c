#include "httpd.h"

#include <string.h>

#include "base/loop.h"
#include "base/parse.h"

#define HEAD_MAX ((size_t)65536)
#define BODY_MAX ((uint64_t)16 << 20)
#define WRITE_MS 5000

size_t httpd_head(struct slice bytes)
{
    static const char end[] = "\r\n\r\n";
    const size_t n = sizeof(end) - 1;

    for (size_t i = 0; i + n <= bytes.n; i++) {
        if (memcmp(bytes.p + i, end, n) == 0)
            return i + n;
    }
    return 0;
}

/* Cuts what comes before ${c} off ${s}, and ${c} too. */
static struct slice cut(struct slice *s, char c)
{
    const char *at = s->n > 0 ? memchr(s->p, c, s->n) : NULL;
    struct slice part = *s;

    if (at == NULL) {
        s->p += s->n;
        s->n = 0;
        return part;
    }
    part.n = (size_t)(at - s->p);
    s->p += part.n + 1;
    s->n -= part.n + 1;
    return part;
}

static struct slice trim(struct slice s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && strchr(" \t\r\n", s.p[s.n - 1]) != NULL)
        s.n--;
    return s;
}

/* Sets the views into the head: the first ${n} bytes.  0, or -1 when they
 * are none. */
static int parse_head(struct httpd_request *req, size_t n)
{
    struct slice rest = {req->raw.p, n};
    struct slice line = trim(cut(&rest, '\n'));

    req->method = cut(&line, ' ');
    req->target = cut(&line, ' ');
    req->query = req->target;
    req->path = cut(&req->query, '?');
    req->head = rest;
    if (req->path.n == 0 || req->path.p[0] != '/' ||
        !slice_eq(line, SLICE("HTTP/1.1")))
        return -1;
    return 0;
}

int httpd_body(const struct httpd_request *req, enum httpbody_kind otherwise,
               struct httpbody *body)
{
    struct slice coding = httpd_header(req, "Transfer-Encoding");
    struct slice value = httpd_header(req, "Content-Length");
    uint64_t length = 0;
    char text[24];

    if (coding.p != NULL) {
        httpbody_begin(body, HTTPBODY_CHUNKED, 0);
        return value.p == NULL && slice_caseeq(coding, SLICE("chunked")) ? 0
                                                                         : -1;
    }
    if (value.n >= sizeof(text))
        return -1;
    if (value.p != NULL) {
        memcpy(text, value.p, value.n);
        text[value.n] = '\0';
        if (parse_uint(text, 0, BODY_MAX, &length, NULL) != 0)
            return -1;
        otherwise = HTTPBODY_LENGTH;
    }
    httpbody_begin(body, otherwise, length);
    return 0;
}

static enum net_result read_head(struct net_conn *conn, size_t *n, int64_t end)
{
    for (;;) {
        enum net_result result;

        *n = httpd_head(buf_slice(&conn->in));
        if (*n > 0)
            return NET_DATA;
        if (conn->in.n > HEAD_MAX)
            return NET_CLOSED;
        result = net_read(conn, end - loop_now());
        if (result != NET_DATA)
            return result;
    }
}

/* Moves the body from the connection to ${req}. */
static enum net_result read_body(struct net_conn *conn,
                                 struct httpd_request *req,
                                 struct httpbody *body, int64_t end)
{
    for (;;) {
        ssize_t n = httpbody_take(body, buf_slice(&conn->in), &req->content);
        enum net_result result;

        if (n < 0 || buf_add(&req->raw, conn->in.p, (size_t)n) != 0)
            return NET_CLOSED;
        buf_drop(&conn->in, (size_t)n);
        if (body->done)
            return NET_DATA;
        result = net_read(conn, end - loop_now());
        if (result != NET_DATA)
            return result;
    }
}

enum net_result httpd_read(struct net_conn *conn, struct httpd_request *req,
                           int64_t ms)
{
    int64_t end = loop_now() + ms;
    enum net_result result;
    struct httpbody body;
    size_t head;

    *req = (struct httpd_request){.method = {NULL, 0}};
    buf_init(&req->raw, HEAD_MAX * 2 + (size_t)BODY_MAX * 2);
    buf_init(&req->content, (size_t)BODY_MAX);
    result = read_head(conn, &head, end);
    if (result != NET_DATA)
        return result;
    if (buf_add(&req->raw, conn->in.p, head) != 0 ||
        parse_head(req, head) != 0 ||
        httpd_body(req, HTTPBODY_LENGTH, &body) != 0)
        return NET_CLOSED;
    if (httpd_header_has(req, "Expect", "100-continue") &&
        net_write(conn, SLICE("HTTP/1.1 100 Continue\r\n\r\n"), WRITE_MS) != 0)
        return NET_CLOSED;
    buf_drop(&conn->in, head);
    result = read_body(conn, req, &body, end);
    /* The buffer may have moved: the views are made anew. */
    if (result == NET_DATA && parse_head(req, head) != 0)
        return NET_CLOSED;
    req->body = buf_slice(&req->content);
    return result;
}

void httpd_release(struct httpd_request *req)
{
    buf_release(&req->raw);
    buf_release(&req->content);
}

struct slice httpd_header(const struct httpd_request *req, const char *name)
{
    struct slice rest = req->head;
    struct slice none = {NULL, 0};

    while (rest.n > 0) {
        struct slice line = cut(&rest, '\n');
        struct slice key = cut(&line, ':');

        if (slice_caseeq(key, slice_str(name)))
            return trim(line);
    }
    return none;
}

bool httpd_header_has(const struct httpd_request *req, const char *name,
                      const char *word)
{
    struct slice rest = httpd_header(req, name);

    while (rest.n > 0) {
        struct slice item = cut(&rest, ',');

        if (slice_caseeq(trim(cut(&item, ';')), slice_str(word)))
            return true;
    }
    return false;
}

static int hex(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c | 0x20) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

int httpd_decode(struct slice s, bool query, struct buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = query && s.p[i] == '+' ? ' ' : s.p[i];

        if (c == '%') {
            int high = i + 2 < s.n ? hex(s.p[i + 1]) : -1;
            int low = i + 2 < s.n ? hex(s.p[i + 2]) : -1;

            if (high < 0 || low < 0)
                return -1;
            c = (char)(high << 4 | low);
            i += 2;
        }
        if (buf_add(out, &c, 1) != 0)
            return -1;
    }
    return 0;
}

int httpd_param(const struct httpd_request *req, const char *name, size_t nth,
                struct buf *out)
{
    struct slice rest = req->query;

    while (rest.n > 0) {
        struct slice pair = cut(&rest, '&');
        struct slice key = cut(&pair, '=');

        if (!slice_eq(key, slice_str(name)) || nth-- > 0)
            continue;
        buf_reset(out);
        return httpd_decode(pair, true, out) == 0;
    }
    return 0;
}

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *words;
    } known[] = {{200, "OK"},
                 {201, "Created"},
                 {202, "Accepted"},
                 {301, "Moved Permanently"},
                 {302, "Found"},
                 {307, "Temporary Redirect"},
                 {308, "Permanent Redirect"},
                 {400, "Bad Request"},
                 {401, "Unauthorized"},
                 {403, "Forbidden"},
                 {404, "Not Found"},
                 {405, "Method Not Allowed"},
                 {408, "Request Timeout"},
                 {409, "Conflict"},
                 {412, "Precondition Failed"},
                 {416, "Range Not Satisfiable"},
                 {422, "Unprocessable Entity"},
                 {426, "Upgrade Required"},
                 {429, "Too Many Requests"},
                 {500, "Internal Server Error"},
                 {501, "Not Implemented"},
                 {502, "Bad Gateway"},
                 {503, "Service Unavailable"},
                 {504, "Gateway Timeout"}};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i].status == status)
            return known[i].words;
    }
    return "Scripted";
}

int httpd_format(const struct httpd_reply *reply, struct buf *out)
{
    int bad = 0;

    bad |= buf_addf(out, "HTTP/1.1 %d %s\r\n", reply->status,
                    reason(reply->status));
    if (reply->type != NULL)
        bad |= buf_addf(out, "Content-Type: %s\r\n", reply->type);
    if (reply->extra != NULL)
        bad |= buf_addstr(out, reply->extra);
    bad |= buf_addf(out, "Content-Length: %zu\r\n\r\n", reply->body.n);
    bad |= buf_addslice(out, reply->body);
    return bad != 0 ? -1 : 0;
}

int httpd_send(struct net_conn *conn, const struct httpd_reply *reply)
{
    struct buf out = BUF_INIT((size_t)BODY_MAX * 2);
    int result = httpd_format(reply, &out);

    if (result == 0)
        result = net_write(conn, buf_slice(&out), WRITE_MS);
    buf_release(&out);
    return result;
}
