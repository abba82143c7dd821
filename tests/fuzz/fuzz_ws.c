/*
 * How a websocket begins and ends, in any words: the request gets its path
 * and no more, within its room; and whatever ended it is told within bounds.
 */
#include "fuzz.h"

#include "bsky/ws_text.h"

#define HEAD "GET "
#define TAIL " HTTP/1.1\r\nHost: x\r\n\r\n"

/* The last place that was kept is taken, whatever is around it. */
static void check_path(struct slice before, struct slice behind,
                       const char *path, size_t room)
{
    size_t standin = strlen(WS_TEXT_STANDIN), n = strlen(path);
    size_t front = before.n + 4, back = behind.n + standin + strlen(TAIL);
    size_t all = front + back + room;
    char *text = fuzz_alloc(all), *end = text;
    struct buf out = BUF_INIT(all + n);
    int r;

    PROMISE(buf_addslice(&out, before) == 0 && buf_addstr(&out, HEAD) == 0);
    PROMISE(buf_addstr(&out, WS_TEXT_STANDIN TAIL) == 0);
    PROMISE(buf_addslice(&out, behind) == 0);
    memcpy(text, out.p, out.n);
    end = text + out.n;
    r = ws_text_put_path(&end, back, room, path);
    PROMISE((r == 0) == (n <= room + standin));
    if (r != 0) {
        PROMISE(end == text + out.n && memcmp(text, out.p, out.n) == 0);
    } else {
        PROMISE((size_t)(end - text) == out.n + n - standin);
        PROMISE(memcmp(text, out.p, front) == 0);
    }
    buf_release(&out);
    free(text);
}

/* The request with the path is what it would be if it had been written so. */
static void check_placed(const char *path)
{
    char text[5000] = HEAD WS_TEXT_STANDIN TAIL;
    char expected[5000];
    char *end = text + strlen(text);
    size_t back = strlen(text) - 4;

    if (strlen(path) > 4500)
        return;
    snprintf(expected, sizeof(expected), HEAD "%s" TAIL, path);
    PROMISE(ws_text_put_path(&end, back, 4500, path) == 0);
    PROMISE((size_t)(end - text) == strlen(expected));
    PROMISE(memcmp(text, expected, strlen(expected)) == 0);
}

static void check_refused(int status, const char *retry_after)
{
    struct ws_end end = {.up = false};
    size_t digits = strspn(retry_after, "0123456789");
    bool number = digits > 0 && retry_after[digits] == '\0';
    double s = strtod(retry_after, NULL) * 1000;

    ws_text_refused(&end, status, retry_after);
    PROMISE(end.status == status && fuzz_printable(slice_str(end.text), ""));
    PROMISE(end.retry_after_ms >= 0 && end.retry_after_ms <= 3600000);
    if (!number)
        PROMISE(end.retry_after_ms == 0);
    else if (s < 1e18)
        PROMISE((double)end.retry_after_ms == (s < 3600000 ? s : 3600000));
}

static void check_closed(struct slice payload)
{
    struct ws_end end = {.up = true}, known = {.up = true, .text = "known"};
    char code[40] = "closed by the server";

    ws_text_closed(&end, payload);
    PROMISE(memchr(end.text, '\0', sizeof(end.text)) != NULL);
    if (payload.n >= 2)
        snprintf(code, sizeof(code), "closed by the server: %u",
                 (unsigned char)payload.p[0] * 256U +
                     (unsigned char)payload.p[1]);
    PROMISE(strncmp(end.text, code, strlen(code)) == 0);
    PROMISE(strlen(end.text) <= strlen(code) + 1 + 125);
    ws_text_closed(&known, payload);
    ws_text_reason(&known, payload);
    PROMISE(strcmp(known.text, "known") == 0);
}

static void check_host(const char *host, uint16_t port, bool tls)
{
    struct ws_target target = {.tls = tls, .host = host, .port = port};
    char out[WS_TEXT_HOST_SIZE];
    bool six = strchr(host, ':') != NULL;

    if (strlen(host) > 255)
        return;
    ws_text_host(&target, out);
    PROMISE(strncmp(out + six, host, strlen(host)) == 0);
    PROMISE(!six || (out[0] == '[' && out[1 + strlen(host)] == ']'));
    PROMISE((strlen(out) > strlen(host) + 2U * six) ==
            (port != (tls ? 443 : 80)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct slice in = fuzz_input(data, n);
    struct slice all = in, line = fuzz_until(&in, '\n');
    char *text = fuzz_string(line);
    size_t room = fuzz_byte(&line);
    uint16_t port = (uint16_t)fuzz_number(&line, 2);

    check_path(line, in, text, room * 16);
    check_placed(text);
    check_refused((int)room * 4, text);
    check_closed(all);
    check_host(text, port, room % 2 == 0);
    check_host(text, room % 2 == 0 ? 443 : 80, room % 3 == 0);
    free(text);
    return 0;
}
