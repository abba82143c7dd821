#include "bsky/url.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/parse.h"

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct slice tail(struct slice s, size_t from)
{
    struct slice r = {s.p + from, s.n - from};

    return r;
}

static struct slice head(struct slice s, size_t n)
{
    struct slice r = {s.p, n};

    return r;
}

static inline bool is_one_of(char c, const char *set)
{
    while (*set != '\0' && *set != c)
        set++;
    return *set != '\0';
}

/* The index of the first byte of ${s} that is one of ${set}; s.n when none
 * is.  A NUL is never in the set. */
static inline size_t find_any(struct slice s, const char *set)
{
    size_t i = 0;

    while (i < s.n && !is_one_of(s.p[i], set))
        i++;
    return i;
}

/* Takes ${scheme} and "://" off the front of ${s}, if it has them. */
static bool skip_scheme(struct slice *s, struct slice scheme)
{
    size_t n = scheme.n;

    if (s->n < n + 3 || !slice_caseeq(head(*s, n), scheme) ||
        memcmp(s->p + n, "://", 3) != 0)
        return false;
    *s = tail(*s, n + 3);
    return true;
}

/* Bytes that no honest authority holds, and that browsers and resolvers
 * each read in their own way. */
static bool is_clean(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c <= 0x20 || c == 0x7F || c == '\\')
            return false;
    }
    return true;
}

static struct slice drop_userinfo(struct slice s)
{
    size_t i = s.n;

    while (i > 0 && s.p[i - 1] != '@')
        i--;
    return tail(s, i);
}

/* A colon with digits behind it, or with nothing. */
static struct slice drop_port(struct slice s)
{
    size_t i = s.n;

    while (i > 0 && is_digit(s.p[i - 1]))
        i--;
    return i > 0 && s.p[i - 1] == ':' ? head(s, i - 1) : s;
}

static struct slice drop_dot(struct slice s)
{
    return s.n > 0 && s.p[s.n - 1] == '.' ? head(s, s.n - 1) : s;
}

/* Whether ${s} is made of labels, none empty, between single dots. */
static bool is_name(struct slice s)
{
    bool empty = true;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '.' && empty)
            return false;
        if (!is_alnum(s.p[i]) && s.p[i] != '.' && s.p[i] != '-' &&
            s.p[i] != '_')
            return false;
        empty = s.p[i] == '.';
    }
    return !empty;
}

int url_host(struct slice link, struct slice *host)
{
    struct slice s = link;

    if (s.n > URL_LINK_MAX)
        return 0;
    if (!skip_scheme(&s, SLICE("https")) && !skip_scheme(&s, SLICE("http")))
        return 0;
    s = head(s, find_any(s, "/?#"));
    if (!is_clean(s))
        return 0;
    s = drop_dot(drop_port(drop_userinfo(s)));
    if (!is_name(s))
        return 0;
    *host = s;
    return 1;
}

static int bad_server(const char *text, const char *why, struct err *err)
{
    return err_set(err, ERR_USAGE, "'%.200s' is not a server: %s", text, why);
}

/* Takes a scheme, if there is one, off ${s}. */
static bool server_scheme(struct slice *s, bool *tls)
{
    size_t i = 0;

    *tls = true;
    if (skip_scheme(s, SLICE("wss")) || skip_scheme(s, SLICE("https")))
        return true;
    if (skip_scheme(s, SLICE("ws")) || skip_scheme(s, SLICE("http"))) {
        *tls = false;
        return true;
    }
    while (i < s->n && (is_alnum(s->p[i]) || strchr("+-.", s->p[i]) != NULL))
        i++;
    return s->n < i + 3 || memcmp(s->p + i, "://", 3) != 0;
}

/* The IPv6 address in brackets that ${s} begins with, without them;
 * *${used} is their common length.  Empty when there is none. */
static struct slice literal(struct slice s, size_t *used)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    size_t end = find_any(s, "]");
    struct slice none = {s.p, 0};

    if (end == s.n || end < 2 || end > sizeof(text))
        return none;
    memcpy(text, s.p + 1, end - 1);
    text[end - 1] = '\0';
    if (inet_pton(AF_INET6, text, &address) != 1)
        return none;
    *used = end + 1;
    return head(tail(s, 1), end - 1);
}

/* Splits "HOST" or "HOST:PORT"; NULL, or what is wrong. */
static const char *server_authority(struct slice s, struct url_server *server)
{
    size_t used = find_any(s, ":");
    char port[6] = "";
    uint64_t number;

    if (s.n > 0 && s.p[0] == '[') {
        server->host = literal(s, &used);
    } else {
        server->host = head(s, used);
        if (used > 254 || !is_name(drop_dot(server->host)))
            return "bad host name";
    }
    if (server->host.n == 0)
        return "bad address in brackets";
    s = tail(s, used);
    if (s.n == 0)
        return NULL;
    if (s.p[0] != ':' || s.n - 1 >= sizeof(port))
        return "bad port";
    memcpy(port, s.p + 1, s.n - 1);
    if (parse_uint(port, 1, 65535, &number, NULL) != 0)
        return "bad port";
    server->port = (uint16_t)number;
    return NULL;
}

/* Whether ${s} can stand in a request line as it is. */
static bool is_path(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] > 0x7E)
            return false;
    }
    return is_clean(s);
}

int url_server(const char *text, struct url_server *server, struct err *err)
{
    struct slice s = slice_str(text);
    const char *why;
    size_t end;

    if (!server_scheme(&s, &server->tls))
        return bad_server(text, "its scheme is not ws, wss, http or https",
                          err);
    if (find_any(s, "?#") < s.n)
        return bad_server(text, "a query or fragment cannot be given", err);
    end = find_any(s, "/");
    if (find_any(head(s, end), "@") < end)
        return bad_server(text, "a user or password cannot be given", err);
    server->port = server->tls ? 443 : 80;
    why = server_authority(head(s, end), server);
    if (why != NULL)
        return bad_server(text, why, err);
    server->path = end < s.n ? tail(s, end) : SLICE("/");
    if (!is_path(server->path))
        return bad_server(text, "bad path", err);
    return 0;
}
