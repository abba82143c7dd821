/* Inputs that are refused at the far ends of what modules take. */
#include <stdlib.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/log.h"
#include "base/text.h"
#include "base/zst.h"
#include "bsky/jetstream_host.h"
#include "bsky/route.h"
#include "bsky/route_map.h"
#include "bsky/url.h"
#include "filetest.h"
#include "s2/trust.h"
#include "s2/wire.h"
#include "view/judge.h"

/* Errors that nobody wants to know, and one that came first. */
static void test_no_error_wanted(void)
{
    struct err err = ERR_INIT;

    CHECK_INT(err_set(NULL, ERR_BUG, "x"), -1);
    CHECK_INT(err_os(NULL, ERR_IO, EIO, "x"), -1);
    CHECK_INT(err_prefix(NULL, "x"), -1);
    CHECK_INT(err_memory(NULL), -1);
    err_clear(NULL);
    CHECK_INT(err_prefix(&err, "x"), -1);
    CHECK_STR(err.text, "");
    err_set(&err, ERR_DATA, "first");
    CHECK_INT(err_os(&err, ERR_IO, EIO, "second"), -1);
    CHECK_INT(err_memory(&err), -1);
    CHECK_INT(err.code, ERR_DATA);
    CHECK_STR(err.text, "first");
    err_clear(&err);
    CHECK_INT(err.code, ERR_NONE);
    CHECK_STR(err.text, "");
}

/* What goes to stderr meanwhile, in a file. */
static void test_log(void)
{
    int saved = dup(STDERR_FILENO), fd;
    struct buf text;

    ft_begin();
    fd = open(ft_path("log"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    close(STDERR_FILENO);
    log_open("prog", LOG_LEVEL_WARNING, LOG_TEXT);
    log_line(LOG_LEVEL_ERROR, "to nobody");
    dup2(fd, STDERR_FILENO);
    log_status("not for who wants but warnings");
    log_open("prog", LOG_LEVEL_DEBUG, LOG_JSON);
    log_line(LOG_LEVEL_DEBUG, "details");
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(fd);
    ft_slurp(ft_path("log"), &text);
    CHECK(strncmp(NEEDED(buf_str(&text)), "{\"time\":\"", 9) == 0);
    CHECK(strstr(NEEDED(buf_str(&text)),
                 "\"level\":\"debug\",\"prog\":\"prog\","
                 "\"message\":\"details\"}\n") != NULL);
    buf_release(&text);
    ft_end();
}

static void test_zstd_window(void)
{
    struct err err = ERR_INIT;

    CHECK(zst_new((struct slice){NULL, 0}, 99, &err) == NULL);
    CHECK_INT(err.code, ERR_OS);
    CHECK_STR(err.text, "zstd: no window of 2^99 bytes");
}

#define PEM(kind) "-----BEGIN " kind "-----\nx\n-----END " kind "-----\n"

/* Read "file" and ${system} of the test's directory: the error's text, or ""
 * with the result in ${out}. */
static const char *trusted(const char *system, struct buf *out)
{
    static struct err err;

    err_clear(&err);
    buf_reset(out);
    CHECK((trust_read(ft_path("file"), system, out, &err) == 0) ==
          (err.code == ERR_NONE));
    CHECK(err.code == ERR_NONE || err.code == ERR_CONFIG);
    return err.text;
}

static void test_trust(void)
{
    const char *pem = PEM("TRUSTED CERTIFICATE"), *key = PEM("PRIVATE KEY");
    struct buf out = BUF_INIT(TRUST_MAX);
    char *large = calloc(1, TRUST_MAX + 1);

    ft_begin();
    ft_write(ft_path("file"), pem, strlen(pem));
    CHECK_STR(trusted(NULL, &out), "");
    CHECK_INT(out.n, strlen(pem) + 1);
    /* What cannot be read, or not to its end, adds nothing. */
    CHECK_STR(trusted(ft_path("none"), &out), "");
    CHECK_INT(out.n, strlen(pem));
    CHECK_STR(trusted(ft_path("."), &out), "");
    CHECK_INT(out.n, strlen(pem));
    CHECK_STR(trusted(ft_path("file"), &out), "");
    CHECK_INT(out.n, 2 * strlen(pem) + 1);
    memcpy(large, pem, strlen(pem));
    ft_write(ft_path("large"), large, TRUST_MAX + 1);
    CHECK_STR(trusted(ft_path("large"), &out), "");
    CHECK_INT(out.n, strlen(pem));
    ft_write(ft_path("file"), large, TRUST_MAX + 1);
    CHECK(strstr(trusted(NULL, &out), "/file: too large") != NULL);
    ft_write(ft_path("file"), key, strlen(key));
    CHECK(strstr(trusted(NULL, &out), "/file: holds no certificate") != NULL);
    unlink(ft_path("file"));
    CHECK(strstr(trusted(NULL, &out), "/file: No such file") != NULL);
    CHECK_INT(mkdir(ft_path("file"), 0700), 0);
    CHECK(strstr(trusted(NULL, &out), "/file: Is a directory") != NULL);
    free(large);
    buf_release(&out);
    ft_end();
}

/* A line of a map with ${n} domains of its own, ${width} digits wide. */
static void add_domains(struct buf *line, int from, int n, int width)
{
    buf_reset(line);
    CHECK_INT(buf_addstr(line, "s"), 0);
    for (int i = from; i < from + n; i++)
        CHECK_INT(buf_addf(line, " x%0*d.example", width, i), 0);
}

static void test_routes_end(void)
{
    struct buf line = BUF_INIT((size_t)4 << 20);
    struct routes *routes = NEEDED(routes_new());
    struct err err = ERR_INIT;
    const int part = ROUTE_DOMAINS_MAX / 10;

    for (int i = 0; i < 10; i++) {
        add_domains(&line, i * part, part, 6);
        CHECK_INT(routes_add_text(routes, buf_slice(&line), "map", &err), 0);
    }
    CHECK(routes_find(routes, SLICE("www.x099999.example")) != NULL);
    add_domains(&line, 10 * part, 1, 6);
    CHECK_INT(routes_add_text(routes, buf_slice(&line), "map", &err), -1);
    CHECK_INT(err.code, ERR_CONFIG);
    CHECK_STR(err.text, "map:1: more than 100000 domains");
    CHECK(routes_find(routes, SLICE("x100000.example")) == NULL);
    routes_free(routes);
    routes = NEEDED(routes_new());
    err_clear(&err);
    add_domains(&line, 0, (int)(ROUTE_NAMES_MAX / 60), 60);
    CHECK_INT(routes_add_text(routes, buf_slice(&line), "map", &err), -1);
    CHECK_INT(err.code, ERR_CONFIG);
    CHECK_STR(err.text, "map:1: more than 1048576 bytes of names");
    routes_free(routes);
    buf_release(&line);
}

/* Only so much of a long name is told. */
static void test_long_names(void)
{
    struct routes *routes = NEEDED(routes_new());
    struct err err = ERR_INIT;
    char spec[300], want[300];

    snprintf(spec, sizeof(spec), "%0100d!=s", 7);
    snprintf(want, sizeof(want), "'%080d' is not a domain", 0);
    CHECK_INT(routes_add_spec(routes, spec, &err), -1);
    CHECK(strstr(err.text, want) != NULL);
    err_clear(&err);
    snprintf(spec, sizeof(spec), "a.example=_bsky2s2/%0100d", 7);
    snprintf(want, sizeof(want), "'_bsky2s2/%071d' cannot be", 0);
    CHECK_INT(routes_add_spec(routes, spec, &err), -1);
    CHECK(strstr(err.text, want) != NULL);
    err_clear(&err);
    CHECK_INT(routes_add_spec(routes, "a{.example=s", &err), -1);
    CHECK(strstr(err.text, "'a{.example' is not a domain") != NULL);
    routes_free(routes);
}

static void not_listed(const char *entry)
{
    struct err err = ERR_INIT;
    struct wire_list list;
    char text[1000];

    snprintf(text, sizeof(text), "{\"streams\":[{\"name\":\"a\"},%s]}", entry);
    CHECK_INT(wire_parse_list(slice_str(text), &list, &err), -1);
    CHECK_INT(err.code, ERR_PROTOCOL);
    CHECK_STR(err.text, "a listed stream has no name");
    CHECK_INT(list.n, 0);
}

static void test_names_in_a_list(void)
{
    struct wire_list list;
    char text[1000];

    not_listed("{}");
    not_listed("7");
    not_listed("{\"name\":7}");
    not_listed("{\"name\":\"\"}");
    snprintf(text, sizeof(text), "{\"name\":\"%0513d\"}", 1);
    not_listed(text);
    snprintf(text, sizeof(text),
             "{\"streams\":[{\"name\":\"a\",\"deleted_at\":\"x\"},"
             "{\"name\":\"%0512d\",\"deleted_at\":null}]}",
             1);
    CHECK_INT(wire_parse_list(slice_str(text), &list, NULL), 0);
    CHECK_INT(list.n, 1);
    CHECK_INT(strlen(list.names[0]), 512);
    wire_list_release(&list);
}

static void refused(struct slice body, enum jetstream_refusal refusal,
                    const char *want)
{
    char words[JETSTREAM_REFUSAL_WORDS];

    CHECK_INT(jetstream_host_refusal(body, words), refusal);
    CHECK_STR(words, want);
}

static void test_words_of_a_refusal(void)
{
    refused(SLICE(""), JETSTREAM_REFUSAL_OTHER, "");
    refused(SLICE(" \r\n"), JETSTREAM_REFUSAL_OTHER, "");
    refused(SLICE("no \033[2J\r \n"), JETSTREAM_REFUSAL_OTHER, "no ?[2J");
    refused(SLICE("{\"error\":\"CursorTooOld\"}"), JETSTREAM_REFUSAL_OLD,
            "CursorTooOld");
    refused(SLICE("{\"error\":\"CursorTooOld\",\"message\":\"x\\r\"}"),
            JETSTREAM_REFUSAL_OLD, "x");
    refused(SLICE("{\"error\":7,\"message\":\"\"}"), JETSTREAM_REFUSAL_OTHER,
            "{\"error\":7,\"message\":\"\"}");
}

/* Names and addresses that are longer than any. */
static void test_long_hosts(void)
{
    struct url_server server;
    char url[400];

    snprintf(url, sizeof(url), "wss://%0254d/x", 1);
    CHECK_INT(url_server(url, &server, NULL), 0);
    CHECK_INT(server.host.n, 254);
    snprintf(url, sizeof(url), "wss://%0255d/x", 1);
    CHECK_INT(url_server(url, &server, NULL), -1);
    snprintf(url, sizeof(url), "wss://[%060d::1]/x", 1);
    CHECK_INT(url_server(url, &server, NULL), -1);
    snprintf(url, sizeof(url), "wss://[::1]/x");
    CHECK_INT(url_server(url, &server, NULL), 0);
}

/* The last that is cleaned, and the first behind it. */
static void test_last_characters(void)
{
    char text[] = "\xf3\xa0\xbf\xbf\xf3\xa1\x80\x80";

    text_clean(text);
    CHECK_STR(text, "?\xf3\xa1\x80\x80");
}

/* Of several limits the strictest is told as the range. */
static void test_strictest(void)
{
    static const char *const crit[] = {"total>5", "total>4", "total>9",
                                       "total<2", "total<3", "total<1"};
    struct judge_exprs exprs = {.crit = crit, .ncrit = 6};
    struct window_row row = {"a", 4, 4, NULL};
    struct window_snapshot snapshot = {
        .end_ms = 1000, .final = true, .rows = &row, .n = 1};
    struct lines_facts facts = {.streams = 1};
    struct buf out = BUF_INIT(4096);

    CHECK_INT(judge(&exprs, &snapshot, &facts, &out), JUDGE_OK);
    CHECK(strstr(NEEDED(buf_str(&out)), "total=4;;3:4 ") != NULL);
    buf_release(&out);
}

int main(void)
{
    RUN(test_no_error_wanted);
    RUN(test_log);
    RUN(test_zstd_window);
    RUN(test_trust);
    RUN(test_routes_end);
    RUN(test_long_names);
    RUN(test_names_in_a_list);
    RUN(test_words_of_a_refusal);
    RUN(test_long_hosts);
    RUN(test_last_characters);
    RUN(test_strictest);
    return check_done();
}
