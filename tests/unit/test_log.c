/* Lines on stderr, and signals that arrive in a pipe. */
#include "check.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/parse.h"

static char text[4096];

/* What ${say} writes to stderr. */
static void capture(void (*say)(void))
{
    int saved = dup(STDERR_FILENO);
    int fds[2];
    ssize_t n;

    CHECK(pipe(fds) == 0);
    dup2(fds[1], STDERR_FILENO);
    say();
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(fds[1]);
    n = read(fds[0], text, sizeof(text) - 1);
    text[n > 0 ? n : 0] = '\0';
    close(fds[0]);
}

static void plain(void)
{
    log_open("prog", LOG_LEVEL_NOTICE, LOG_TEXT);
    log_line(LOG_LEVEL_WARNING, "%s: gone", "host");
    log_line(LOG_LEVEL_INFO, "not said");
}

static void test_lines(void)
{
    capture(plain);
    CHECK_STR(text, "prog: host: gone\n");
}

static void journal(void)
{
    log_open("prog", LOG_LEVEL_INFO, LOG_JOURNAL);
    log_line(LOG_LEVEL_ERROR, "one");
    log_line(LOG_LEVEL_INFO, "two");
}

static void test_journal(void)
{
    capture(journal);
    CHECK_STR(text, "<3>one\n<6>two\n");
}

static void hostile(void)
{
    log_open("prog", LOG_LEVEL_NOTICE, LOG_TEXT);
    log_line(LOG_LEVEL_NOTICE, "%s", "a\033]0;x\a\nfake: line\xff");
}

static void test_one_clean_line(void)
{
    capture(hostile);
    CHECK_STR(text, "prog: a?]0;x??fake: line?\n");
}

/* What stands behind the time in a JSON line. */
static const char *behind_time(void)
{
    static const char head[] = "{\"time\":\"";
    int64_t us = -1;

    CHECK(strncmp(text, head, strlen(head)) == 0);
    CHECK(parse_time((struct slice){text + strlen(head), 32}, &us) == 0);
    CHECK(us > loop_wall() - INT64_C(60000000) && us <= loop_wall());
    return text + strlen(head) + 32;
}

static void as_json(void)
{
    log_open("prog", LOG_LEVEL_NOTICE, LOG_JSON);
    log_line(LOG_LEVEL_INFO, "not said");
    log_line(LOG_LEVEL_WARNING, "%s", "a \"b\" \\ \033[1m\nnext\xff");
}

static void test_json(void)
{
    capture(as_json);
    CHECK_STR(behind_time(), "\",\"level\":\"warning\",\"prog\":\"prog\","
                             "\"message\":\"a \\\"b\\\" \\\\ ?[1m?next?\"}\n");
}

static void figures(void)
{
    log_open("prog", LOG_LEVEL_NOTICE, LOG_JSON);
    log_figures(LOG_LEVEL_INFO, "n=1", ",\"n\":1");
    log_figures(LOG_LEVEL_NOTICE, "n=2", ",\"n\":2");
}

static void figures_as_text(void)
{
    log_open("prog", LOG_LEVEL_NOTICE, LOG_TEXT);
    log_figures(LOG_LEVEL_INFO, "n=1", ",\"n\":1");
    log_figures(LOG_LEVEL_NOTICE, "n=2", ",\"n\":2");
}

static void test_figures(void)
{
    capture(figures_as_text);
    CHECK_STR(text, "prog: n=2\n");
    capture(figures);
    CHECK_STR(behind_time(), "\",\"level\":\"notice\",\"prog\":\"prog\","
                             "\"message\":\"stats\",\"n\":2}\n");
}

static void all_escaped(void)
{
    char quotes[1024];

    memset(quotes, '"', sizeof(quotes) - 1);
    quotes[sizeof(quotes) - 1] = '\0';
    log_open("prog", LOG_LEVEL_NOTICE, LOG_JSON);
    log_line(LOG_LEVEL_NOTICE, "%s", quotes);
    log_open("prog", LOG_LEVEL_NOTICE, LOG_TEXT);
}

static void test_json_with_the_longest_text(void)
{
    capture(all_escaped);
    CHECK(strlen(behind_time()) > 2 * 1023);
    CHECK_STR(text + strlen(text) - 5, "\\\"\"}\n");
}

static void lengthy(void)
{
    log_line(LOG_LEVEL_NOTICE, "%03000d", 7);
}

static void test_long_lines_are_cut(void)
{
    capture(lengthy);
    CHECK_INT(strlen(text), strlen("prog: ") + 1023 + 1);
    CHECK(text[strlen(text) - 1] == '\n');
}

static void status(void)
{
    log_status(NULL);
    log_status("busy");
    log_line(LOG_LEVEL_NOTICE, "said");
}

static void test_status_makes_way(void)
{
    capture(status);
    CHECK_STR(text, "\rbusy\033[K\r\033[Kprog: said\n");
}

static void wide(void)
{
    char digits[201];

    memset(digits, '5', sizeof(digits) - 1);
    digits[sizeof(digits) - 1] = '\0';
    log_status(digits);
    log_status(NULL);
}

/* A line that fills the last column would scroll. */
static void test_status_fits_the_terminal(void)
{
    capture(wide);
    CHECK_INT(strspn(text + 1, "5"), 79);
    CHECK_STR(text + 80, "\033[K\r\033[K");
}

static void test_signals_arrive(void)
{
    int fd = loop_signals_open(NULL);
    struct pollfd p = {.fd = fd, .events = POLLIN};

    CHECK(fd >= 0);
    CHECK_INT(loop_signals_next(fd), 0);
    raise(SIGTERM);
    raise(SIGUSR1);
    CHECK_INT(poll(&p, 1, 1000), 1);
    CHECK_INT(loop_signals_next(fd), SIGTERM);
    CHECK_INT(loop_signals_next(fd), SIGUSR1);
    CHECK_INT(loop_signals_next(fd), 0);
    raise(SIGPIPE); /* ignored, or this test would be over */
}

static void test_dies_of_a_signal(void)
{
    int st = 0;
    pid_t pid = fork();

    if (pid == 0) {
        loop_die_of(SIGINT);
        _exit(0);
    }
    CHECK(waitpid(pid, &st, 0) == pid);
    CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGINT);
}

static void test_clocks(void)
{
    int64_t now = loop_now();

    CHECK(loop_now() >= now);
    CHECK(loop_wall() > INT64_C(1600000000000000));
}

int main(void)
{
    RUN(test_lines);
    RUN(test_journal);
    RUN(test_one_clean_line);
    RUN(test_json);
    RUN(test_figures);
    RUN(test_json_with_the_longest_text);
    RUN(test_long_lines_are_cut);
    RUN(test_status_makes_way);
    RUN(test_status_fits_the_terminal);
    RUN(test_signals_arrive);
    RUN(test_dies_of_a_signal);
    RUN(test_clocks);
    return check_done();
}
