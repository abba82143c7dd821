#include "s2/http_easy.h"

#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"

/* After a time-out nobody may use the connection again, as libcurl 7.88 would
 * if several transfers shared it. */
static void shut_socket(CURL *c)
{
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (curl_easy_getinfo(c, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK &&
        fd != CURL_SOCKET_BAD)
        shutdown(fd, SHUT_RDWR);
}

/* Whether it is certain that the server got nothing of the request.  A
 * connection that died under an earlier try of libcurl's own counts among the
 * bytes sent, whatever became of the next. */
static bool is_without_effect(CURL *c, CURLcode code)
{
    long sent = 0;
    curl_off_t begun = 0;

    if (curl_easy_getinfo(c, CURLINFO_REQUEST_SIZE, &sent) != CURLE_OK ||
        sent > 0)
        return false;
    switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_FAILED_INIT:
    case CURLE_URL_MALFORMAT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
        return true;
    case CURLE_OPERATION_TIMEDOUT:
        return curl_easy_getinfo(c, CURLINFO_PRETRANSFER_TIME_T, &begun) ==
                   CURLE_OK &&
               begun == 0;
    default:
        return false;
    }
}

/* No later try can mend what is wrong with these. */
static bool is_config(CURLcode code)
{
    return code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT ||
           code == CURLE_SSL_CACERT_BADFILE;
}

/* "https://host:port" of an URL, for messages. */
static struct slice origin(const char *url)
{
    const char *host = strstr(url, "://");
    size_t n = host == NULL ? 0 : (size_t)(host + 3 - url);
    struct slice s = {url, n + strcspn(url + n, "/")};

    return s;
}

static void fill_failure(struct http_easy *easy, CURLcode code,
                         struct http_reply *reply)
{
    bool no_effect = is_without_effect(easy->curl, code);
    const char *why = easy->too_large       ? "the answer is too large"
                      : easy->error[0] != 0 ? easy->error
                                            : curl_easy_strerror(code);
    char *url = NULL;

    reply->failure = no_effect ? HTTP_NO_EFFECT : HTTP_MAYBE;
    if (code == CURLE_OUT_OF_MEMORY || easy->in.starved)
        err_memory(&reply->err);
    err_set(&reply->err,
            no_effect && is_config(code) ? ERR_CONFIG : ERR_UNAVAILABLE, "%s",
            why);
    curl_easy_getinfo(easy->curl, CURLINFO_EFFECTIVE_URL, &url);
    if (url != NULL) {
        struct slice s = origin(url);

        err_prefix(&reply->err, "%.*s", (int)s.n, s.p);
    }
    text_clean(reply->err.text);
}

static void fill_answer(struct http_easy *easy, struct http_reply *reply)
{
    long status = 0;
    char *type = NULL;
    struct slice name = {"", 0};

    curl_easy_getinfo(easy->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy->curl, CURLINFO_CONTENT_TYPE, &type);
    if (type != NULL) {
        name.p = type;
        name.n = strcspn(type, "; \t");
    }
    reply->status = (int)status;
    reply->body = buf_slice(&easy->in);
    reply->protobuf = slice_caseeq(name, SLICE("application/protobuf"));
    reply->retry_after_ms = easy->retry_after_ms;
}

/* To libcurl an answer that ends amid its headers is a whole one. */
void http_easy_reply(struct http_easy *easy, CURLcode code,
                     struct http_reply *reply)
{
    memset(reply, 0, sizeof(*reply));
    if (code == CURLE_OK && !easy->headers_end)
        code = CURLE_PARTIAL_FILE;
    if (code == CURLE_OPERATION_TIMEDOUT)
        shut_socket(easy->curl);
    if (code == CURLE_OK)
        fill_answer(easy, reply);
    else
        fill_failure(easy, code, reply);
}

/* Whatever libcurl has said of it so far is not the reason. */
void http_easy_silent(struct http_easy *easy, struct http_reply *reply)
{
    bool whole = easy->silence_ms % 1000 == 0;

    snprintf(
        easy->error, sizeof(easy->error), "no sign of life for %" PRId64 " %s",
        whole ? easy->silence_ms / 1000 : easy->silence_ms, whole ? "s" : "ms");
    http_easy_reply(easy, CURLE_OPERATION_TIMEDOUT, reply);
}
