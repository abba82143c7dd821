/* The embedded basin between processes, and when things go wrong. */
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "filetest.h"

#define DEADLINE_MS check_patience(60000)

static struct got got;

/* Append "N" as record N, only as that. */
static enum outcome append_number(struct basin *b, uint64_t n, struct got *to)
{
    char body[24];
    struct wire_record record = {0, n, NULL, 0, {body, 0}};
    struct wire_append append = {&record, 1, true, n, NULL};

    snprintf(body, sizeof(body), "%llu", (unsigned long long)n);
    record.body.n = strlen(body);
    return ft_batch(b, "s", &append, to);
}

static bool is_number(const struct got *g, size_t i, uint64_t n)
{
    char body[24];

    snprintf(body, sizeof(body), "%llu", (unsigned long long)n);
    return g->seq[i] == n && g->timestamp[i] == n &&
           strcmp(g->text[i], body) == 0;
}

/* Read all of "s": how many records, each with its own number. */
static uint64_t count_numbers(struct basin *b)
{
    uint64_t n = 0;

    while (ft_read(b, "s", n, 1000, &got) == OUTCOME_OK && got.n > 0) {
        for (size_t i = 0; i < got.n; i++, n++)
            CHECK(is_number(&got, i, n));
    }
    CHECK_INT(got.outcome, OUTCOME_UNWRITTEN);
    CHECK_INT(got.tail.seq_num, n);
    return n;
}

/* A child that appends from where the stream ends, and tells each number
 * when it is acknowledged, until it has ${most} or is killed. */
static void write_numbers(int out, uint64_t most)
{
    struct basin *b = ft_open(ft_path("b"), true);
    struct got g = {0};
    uint64_t n;

    ft_create(b, "s");
    ft_tail(b, "s", &g);
    for (n = g.tail.seq_num; n < most; n++) {
        if (append_number(b, n, &g) != OUTCOME_OK ||
            write(out, &n, sizeof(n)) != sizeof(n))
            _exit(1);
    }
    basin_free(b);
    _exit(0);
}

static pid_t start_writer(uint64_t most, int *from)
{
    int fds[2];
    pid_t pid;

    fflush(stdout);
    NEED(pipe(fds) == 0);
    pid = fork();
    if (pid == 0) {
        close(fds[0]);
        write_numbers(fds[1], most);
    }
    close(fds[1]);
    *from = fds[0];
    return pid;
}

static int64_t next_ack(int fd)
{
    uint64_t n;

    return read(fd, &n, sizeof(n)) == sizeof(n) ? (int64_t)n : -1;
}

/* Killed in the middle, again and again: what was acknowledged is there. */
static void test_kill(void)
{
    int64_t acked = -1;

    ft_begin();
    for (int round = 0; round < 8; round++) {
        int from, status;
        pid_t pid = start_writer(UINT64_MAX, &from);
        struct basin *b;
        int64_t n;

        for (int i = 0; i < 20 + 13 * round; i++)
            acked = next_ack(from);
        kill(pid, SIGKILL);
        for (n = next_ack(from); n >= 0; n = next_ack(from))
            acked = n;
        waitpid(pid, &status, 0);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        close(from);
        b = ft_open(ft_path("b"), true);
        CHECK((int64_t)count_numbers(b) > acked);
        CHECK((int64_t)count_numbers(b) <= acked + 2);
        basin_free(b);
    }
    CHECK(acked > 100);
    ft_end();
}

/* What a reader that follows has seen. */
struct follow {
    uint64_t next;
    bool ok;
};

static void follow_on(void *arg, const struct basin_reply *reply)
{
    struct follow *f = arg;

    f->ok = f->ok && reply->outcome == OUTCOME_OK && !reply->over;
    for (size_t i = 0; i < reply->nrecords; i++, f->next++)
        f->ok = f->ok && reply->records[i].seq_num == f->next &&
                reply->records[i].timestamp == f->next;
}

/* A reader follows while another process writes. */
static void test_follow_a_writer(void)
{
    const uint64_t most = 3000;
    int from, status = -1;
    pid_t pid;
    int64_t end = loop_now() + DEADLINE_MS;
    struct follow f = {0, true};
    struct wire_read read = {false, 0, 0};
    struct basin *b;

    ft_begin();
    pid = start_writer(most, &from);
    CHECK(next_ack(from) >= 0);
    b = ft_open(ft_path("b"), false);
    basin_follow(b, "s", &read, follow_on, &f, NULL);
    while (f.next < most && f.ok && loop_now() < end) {
        struct pollfd acks = {from, POLLIN, 0};
        int64_t pause = basin_run(b, loop_now()) - loop_now();

        CHECK(pause <= 100);
        poll(&acks, 1, pause > 0 ? (int)pause : 0);
        if (acks.revents != 0)
            next_ack(from);
    }
    CHECK(f.ok);
    CHECK_INT(f.next, most);
    basin_free(b);
    waitpid(pid, &status, 0);
    CHECK_INT(status, 0);
    close(from);
    ft_end();
}

/* The second writer is told who the first is; it gets its turn when that is
 * killed. */
static void test_second_writer(void)
{
    char want[64];
    int from, status;
    pid_t pid;

    ft_begin();
    pid = start_writer(UINT64_MAX, &from);
    CHECK(next_ack(from) >= 0);
    snprintf(want, sizeof(want), "is being written by process %ld on ",
             (long)pid);
    ft_refused(ft_path("b"), true, ERR_TAKEN, want);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    close(from);
    basin_free(ft_open(ft_path("b"), true));
    ft_end();
}

/* Somebody's shell holds the database: nothing is lost, only late. */
static void test_busy(void)
{
    struct basin *b;
    sqlite3 *db = NULL;

    ft_begin();
    b = ft_open(ft_path("b"), true);
    ft_create(b, "s");
    append_number(b, 0, &got);
    sqlite3_open(ft_path("b"), &db);
    CHECK_INT(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), 0);
    CHECK_INT(append_number(b, 1, &got), OUTCOME_RETRY);
    CHECK_INT(got.err.code, ERR_IO);
    CHECK_INT(ft_create(b, "t"), OUTCOME_RETRY);
    CHECK_INT(ft_read(b, "s", 0, 1, &got), OUTCOME_OK);
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(db);
    CHECK_INT(append_number(b, 1, &got), OUTCOME_OK);
    CHECK_INT(count_numbers(b), 2);
    basin_free(b);
    ft_end();
}

/* The disk takes no more: the outcome is unknown, and the same batch sent
 * again lands once. */
static void test_no_room(void)
{
    struct rlimit old, limit;
    struct basin *b;
    struct stat st;
    uint64_t n = 0;

    ft_begin();
    b = ft_open(ft_path("b"), true);
    ft_create(b, "s");
    append_number(b, n++, &got);
    CHECK_INT(stat(ft_path("b-wal"), &st), 0);
    getrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, SIG_IGN);
    limit = old;
    limit.rlim_cur = (rlim_t)st.st_size + 20000;
    setrlimit(RLIMIT_FSIZE, &limit);
    while (append_number(b, n, &got) == OUTCOME_OK && n < 1000)
        n++;
    CHECK_INT(got.outcome, OUTCOME_UNKNOWN);
    CHECK_INT(got.err.code, ERR_IO);
    CHECK_INT(append_number(b, n, &got), OUTCOME_UNKNOWN);
    setrlimit(RLIMIT_FSIZE, &old);
    CHECK_INT(append_number(b, n, &got), OUTCOME_OK);
    CHECK_INT(count_numbers(b), n + 1);
    basin_free(b);
    b = ft_open(ft_path("b"), true);
    CHECK_INT(count_numbers(b), n + 1);
    basin_free(b);
    ft_end();
}

int main(void)
{
    RUN(test_kill);
    RUN(test_follow_a_writer);
    RUN(test_second_writer);
    RUN(test_busy);
    RUN(test_no_room);
    got_clear(&got);
    return check_done();
}
