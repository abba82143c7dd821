#include "bsky/ws_text.h"

#include <stdio.h>
#include <string.h>

#include "base/parse.h"

#define HOUR_S 3600

/* What a reason may take of ws_end.text. */
#define REASON_MAX 200

void ws_text_host(const struct ws_target *target, char out[WS_TEXT_HOST_SIZE])
{
    bool six = strchr(target->host, ':') != NULL;
    int n = snprintf(out, WS_TEXT_HOST_SIZE, "%s%.255s%s", six ? "[" : "",
                     target->host, six ? "]" : "");

    if (target->port != (target->tls ? 443 : 80))
        snprintf(out + n, WS_TEXT_HOST_SIZE - (size_t)n, ":%u", target->port);
}

int ws_text_put_path(char **end, size_t back, size_t room, const char *path)
{
    size_t old = strlen(WS_TEXT_STANDIN), n = strlen(path);
    size_t behind = old;
    char *at;

    while (behind <= back && memcmp(*end - behind, WS_TEXT_STANDIN, old) != 0)
        behind++;
    if (behind > back || n > room + old)
        return -1;
    at = *end - behind;
    memmove(at + n, at + old, behind - old);
    memcpy(at, path, n);
    *end = at + n + behind - old;
    return 0;
}

void ws_text_reason(struct ws_end *end, struct slice why)
{
    size_t n = why.n > REASON_MAX ? REASON_MAX : why.n;

    if (end->text[0] != '\0' || n == 0)
        return;
    snprintf(end->text, sizeof(end->text), "%.*s", (int)n, why.p);
}

void ws_text_refused(struct ws_end *end, int status, const char *retry_after)
{
    uint64_t s = 0;

    end->status = status;
    snprintf(end->text, sizeof(end->text),
             "the upgrade was refused with status %d", status);
    if (retry_after != NULL &&
        parse_uint(retry_after, 0, UINT64_MAX, &s, NULL) == 0)
        end->retry_after_ms = (int64_t)(s > HOUR_S ? HOUR_S : s) * 1000;
}

void ws_text_closed(struct ws_end *end, struct slice payload)
{
    const unsigned char *code = (const unsigned char *)payload.p;
    char text[REASON_MAX];
    int words = payload.n > 2 ? (int)payload.n - 2 : 0;

    if (payload.n < 2) {
        ws_text_reason(end, SLICE("closed by the server"));
        return;
    }
    snprintf(text, sizeof(text), "closed by the server: %u%s%.*s",
             (unsigned)code[0] << 8 | code[1], words > 0 ? " " : "",
             words > 125 ? 125 : words, payload.p + 2);
    ws_text_reason(end, slice_str(text));
}
