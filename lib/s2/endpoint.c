#include "s2/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/parse.h"

#define PLACEHOLDER "{basin}"

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
}

/* Takes a scheme off ${s}; without one it is https. */
static bool take_scheme(struct slice *s)
{
    static const struct slice http = {"http://", 7}, https = {"https://", 8};

    for (int tls = 0; tls < 2; tls++) {
        struct slice scheme = tls ? https : http;
        struct slice head = {s->p, scheme.n};

        if (s->n >= scheme.n && slice_caseeq(head, scheme)) {
            s->p += scheme.n;
            s->n -= scheme.n;
            return tls;
        }
    }
    return true;
}

/* Appends ${s} with the placeholder replaced. */
static int expand(struct slice s, const char *basin, struct buf *out,
                  bool *named)
{
    size_t n = sizeof(PLACEHOLDER) - 1;

    *named = false;
    for (size_t i = 0; i < s.n; i++) {
        if (basin != NULL && s.n - i >= n &&
            memcmp(s.p + i, PLACEHOLDER, n) == 0) {
            if (buf_addstr(out, basin) != 0)
                return -1;
            *named = true;
            i += n - 1;
        } else if (buf_add(out, s.p + i, 1) != 0) {
            return -1;
        }
    }
    return 0;
}

/* The host without its brackets and the port, both strings cut out of
 * ${authority}; port is NULL without one.  -1 when it is no authority. */
static int split(char *authority, char **host, char **port)
{
    bool bracketed = authority[0] == '[';
    char *end = bracketed ? strchr(authority, ']')
                          : authority + strcspn(authority, ":");

    *host = authority + bracketed;
    *port = NULL;
    if (end == NULL || end == *host)
        return -1;
    if (bracketed)
        *end++ = '\0';
    if (*end == '\0')
        return 0;
    if (*end != ':')
        return -1;
    *end = '\0';
    *port = end + 1;
    return 0;
}

static bool is_host(const char *host, bool bracketed)
{
    struct in6_addr address;

    if (bracketed)
        return inet_pton(AF_INET6, host, &address) == 1;
    for (const char *p = host; *p != '\0'; p++) {
        if (!is_alnum(*p) && strchr("-._", *p) == NULL)
            return false;
    }
    return true;
}

/* Only what no name server decides: a name that begins with 127 is any. */
static bool is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, host, &v6) == 1)
        return memcmp(&v6, &in6addr_loopback, sizeof(v6)) == 0;
    return slice_caseeq(slice_str(host), SLICE("localhost"));
}

static int check_authority(struct slice s, bool *loopback)
{
    char text[ENDPOINT_MAX];
    char *host, *port;
    uint64_t number;

    if (s.n >= sizeof(text) || memchr(s.p, '\0', s.n) != NULL)
        return -1;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    if (split(text, &host, &port) != 0 || !is_host(host, text[0] == '['))
        return -1;
    if (port != NULL && parse_uint(port, 1, 65535, &number, NULL) != 0)
        return -1;
    *loopback = is_loopback(host);
    return 0;
}

int endpoint_parse(const char *text, const char *basin,
                   struct endpoint *endpoint, struct err *err)
{
    struct slice rest = slice_str(text);
    struct buf url = BUF_INIT(sizeof(endpoint->url) - 1);
    size_t scheme;

    memset(endpoint, 0, sizeof(*endpoint));
    endpoint->tls = take_scheme(&rest);
    if (rest.n > 0 && rest.p[rest.n - 1] == '/')
        rest.n--;
    if (buf_addstr(&url, endpoint->tls ? "https://" : "http://") != 0)
        goto bad;
    scheme = url.n;
    if (expand(rest, basin, &url, &endpoint->named) != 0 || url.n == scheme)
        goto bad;
    memcpy(endpoint->url, url.p, url.n);
    rest = slice_str(endpoint->url + scheme);
    buf_release(&url);
    if (check_authority(rest, &endpoint->loopback) == 0)
        return 0;

bad:
    /* What is before an @ may be a password. */
    buf_full(&url, err, ERR_CONFIG,
             "'%.100s' is no endpoint: [http://|https://]HOST[:PORT]",
             strchr(text, '@') == NULL ? text : "...@...");
    buf_release(&url);
    return -1;
}
