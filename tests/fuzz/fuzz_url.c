/*
 * Any text as a link and as the address of a server: the host of a link is
 * what a second reading of the rules finds; a server that is taken can be
 * written down and read again, and what is asked of it is a clean request.
 */
#include "fuzz.h"

#include <netdb.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>

#include "bsky/jetstream_host.h"
#include "bsky/url.h"
#include "s2/endpoint.h"

#define NAME_BYTES                                                             \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

/* Labels with single dots between them. */
static bool is_name(const char *s)
{
    size_t n = strlen(s);

    return n > 0 && strspn(s, NAME_BYTES) == n && s[0] != '.' &&
           s[n - 1] != '.' && strstr(s, "..") == NULL;
}

/* The host of a link, by the rules, at ${link} itself; NULL: none. */
static char *host_of(char *link)
{
    char *host, *at;

    if (strncasecmp(link, "http://", 7) == 0)
        host = link + 7;
    else if (strncasecmp(link, "https://", 8) == 0)
        host = link + 8;
    else
        return NULL;
    host[strcspn(host, "/?#")] = '\0';
    for (const char *p = host; *p != '\0'; p++) {
        if ((unsigned char)*p <= ' ' || *p == '\\' || *p == 0x7F)
            return NULL;
    }
    at = strrchr(host, '@');
    host = at != NULL ? at + 1 : host;
    at = strrchr(host, ':');
    if (at != NULL && at[1 + strspn(at + 1, "0123456789")] == '\0')
        *at = '\0';
    if (host[0] != '\0' && host[strlen(host) - 1] == '.')
        host[strlen(host) - 1] = '\0';
    return is_name(host) ? host : NULL;
}

/* A NUL in the authority is a control character; behind it, it is nothing. */
static bool has_early_nul(struct slice link)
{
    size_t scheme = link.n > 4 && (link.p[4] == 's' || link.p[4] == 'S');

    for (size_t i = 0; i < link.n; i++) {
        if (link.p[i] == '\0')
            return true;
        if (i >= 7 + scheme && strchr("/?#", link.p[i]) != NULL)
            return false;
    }
    return false;
}

static void check_link(struct slice link)
{
    char *text = fuzz_string(link);
    char *expected = host_of(text);
    struct slice host = {NULL, 0};

    if (link.n > URL_LINK_MAX || has_early_nul(link))
        expected = NULL;
    PROMISE(url_host(link, &host) == (expected != NULL));
    if (expected != NULL) {
        PROMISE(slice_eq(host, slice_str(expected)));
        PROMISE(host.p >= link.p && host.p + host.n <= link.p + link.n);
    }
    free(text);
}

static bool same_server(const struct url_server *a, const struct url_server *b)
{
    return a->tls == b->tls && a->port == b->port &&
           slice_eq(a->host, b->host) && slice_eq(a->path, b->path);
}

/* A path and query that can stand in a request as it is. */
static bool is_target(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] <= ' ' || s.p[i] >= 0x7F || s.p[i] == '\\' || s.p[i] == '#')
            return false;
    }
    return s.n > 0 && s.p[0] == '/';
}

static bool check_server(const char *text)
{
    struct url_server server, again;
    struct err err = ERR_INIT;
    struct buf out = BUF_INIT((size_t)1 << 20);
    bool six;

    if (url_server(text, &server, &err) != 0) {
        PROMISE(err.code == ERR_USAGE && err.text[0] != '\0');
        return false;
    }
    PROMISE(server.host.n > 0 && server.host.n < 255 && server.port > 0);
    PROMISE(is_target(server.path));
    PROMISE(memchr(server.path.p, '?', server.path.n) == NULL);
    six = memchr(server.host.p, ':', server.host.n) != NULL;
    PROMISE(buf_addf(&out, "%s://%s%.*s%s:%u%.*s", server.tls ? "wss" : "ws",
                     six ? "[" : "", (int)server.host.n, server.host.p,
                     six ? "]" : "", server.port, (int)server.path.n,
                     server.path.p) == 0);
    PROMISE(url_server(buf_str(&out), &again, NULL) == 0);
    PROMISE(same_server(&server, &again));
    buf_release(&out);
    return true;
}

/* A Jetstream host, and what is asked of it for an account that is named by
 * any text. */
static void check_jetstream(const char *text, char *did)
{
    struct jetstream_host host;
    struct jetstream_request request = {
        .cursor = {true, false, INT64_C(1795370912779000)},
        .dids = &did,
        .ndids = 1};
    struct url_server server;
    struct buf out = BUF_INIT(15000);
    bool good = check_server(text);

    if (jetstream_host_init(&host, text, NULL) != 0)
        return;
    PROMISE(good);
    if (jetstream_host_path(&host, &request, &out, NULL) == 0) {
        PROMISE(is_target(buf_slice(&out)));
        PROMISE(memchr(out.p, '\0', out.n) == NULL);
    } else {
        PROMISE(strlen(did) > 4000);
    }
    PROMISE(jetstream_host_get(&host, "/", &out) == 0);
    PROMISE(url_server(buf_str(&out), &server, NULL) == 0);
    PROMISE(server.port == host.server.port && server.tls == host.server.tls);
    PROMISE(slice_caseeq(server.host, host.server.host));
    buf_release(&out);
    jetstream_host_release(&host);
}

/* Whether this is no more than a number, and one of this machine. */
static bool is_loopback(const char *authority)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST}, *found = NULL;
    char *text = strdup(authority + (authority[0] == '['));
    bool is = false;

    if (text == NULL)
        abort();
    text[strcspn(text, authority[0] == '[' ? "]" : ":")] = '\0';
    if (getaddrinfo(text, NULL, &hints, &found) == 0) {
        const void *address = found->ai_addr;

        if (found->ai_family == AF_INET)
            is =
                ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >>
                    24 ==
                127;
        else
            is = memcmp(&((const struct sockaddr_in6 *)address)->sin6_addr,
                        &in6addr_loopback, sizeof(in6addr_loopback)) == 0;
        freeaddrinfo(found);
    }
    is = is || strcasecmp(text, "localhost") == 0;
    free(text);
    return is;
}

static void check_endpoint(const char *text, const char *basin)
{
    struct endpoint endpoint, again;
    struct err err = ERR_INIT;
    const char *authority;

    if (endpoint_parse(text, basin, &endpoint, &err) != 0) {
        PROMISE(err.code == ERR_CONFIG && err.text[0] != '\0');
        return;
    }
    authority = strstr(endpoint.url, "://");
    PROMISE(authority != NULL);
    authority += 3;
    PROMISE(strncmp(endpoint.url, "https", 5) == 0 || !endpoint.tls);
    PROMISE(strspn(authority, NAME_BYTES "[]:") == strlen(authority));
    PROMISE(!endpoint.loopback || is_loopback(authority));
    PROMISE(endpoint_parse(endpoint.url, NULL, &again, NULL) == 0);
    PROMISE(strcmp(endpoint.url, again.url) == 0);
    PROMISE(endpoint.tls == again.tls && endpoint.loopback == again.loopback);
    PROMISE(!endpoint.named || strstr(text, "{basin}") != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct slice in = fuzz_input(data, n);
    char *text = fuzz_string(in);
    char *did;

    check_link(in);
    check_endpoint(text, "some-basin");
    check_endpoint(text, NULL);
    free(text);
    text = fuzz_string(fuzz_until(&in, '\n'));
    did = fuzz_string(in);
    check_jetstream(text, did);
    free(did);
    free(text);
    return 0;
}
