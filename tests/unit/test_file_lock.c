/* The embedded basin: who may write, who may read, and at the same time. */
#include <sqlite3.h>
#include <sys/wait.h>

#include "filetest.h"

static struct got got;

static void test_one_writer(void)
{
    struct basin *b, *reader;
    char want[400], host[256] = "";

    ft_begin();
    b = ft_open(ft_path("b"), true);
    gethostname(host, sizeof(host) - 1);
    snprintf(want, sizeof(want), "/b is being written by process %ld on %s",
             (long)getpid(), host);
    ft_refused(ft_path("b"), true, ERR_TAKEN, want);
    reader = ft_open(ft_path("b"), false);
    basin_free(reader);
    CHECK_INT(ft_create(b, "s"), OUTCOME_OK);
    basin_free(b);
    ft_make(1);
    ft_end();
}

static void test_one_lock_for_all_names(void)
{
    struct basin *b;

    ft_begin();
    CHECK_INT(symlink("b", ft_path("link")), 0);
    b = ft_open(ft_path("link"), true);
    CHECK(ft_exists("b"));
    ft_refused(ft_path("b"), true, ERR_TAKEN, "is being written by");
    basin_free(b);
    b = ft_open(ft_path("b"), true);
    ft_refused(ft_path("link"), true, ERR_TAKEN, "is being written by");
    basin_free(b);
    ft_end();
}

static void test_lock_is_no_link(void)
{
    ft_begin();
    ft_write(ft_path("precious"), "x", 1);
    CHECK_INT(symlink("precious", ft_path("b.lock")), 0);
    ft_refused(ft_path("b"), true, ERR_CANTCREATE, "cannot open");
    ft_end();
}

static void test_readers_do_not_write(void)
{
    struct basin *b;

    ft_begin();
    ft_make(1);
    b = ft_open(ft_path("b"), false);
    CHECK_INT(ft_create(b, "t"), OUTCOME_FAILED);
    CHECK_INT(ft_append(b, "s", 1, "x", &got), OUTCOME_FAILED);
    CHECK_INT(got.err.code, ERR_CONFIG);
    got_clear(&got);
    basin_create_basin(b, got_it, &got, NULL);
    CHECK_INT(ft_run(b, &got), OUTCOME_OK);
    CHECK_INT(ft_read(b, "s", 0, 1, &got), OUTCOME_OK);
    basin_free(b);
    ft_end();
}

/* Whether another process finds "b" locked in SQLite's way. */
static bool seen_locked(void)
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        struct flock lock = {.l_type = F_WRLCK,
                             .l_whence = SEEK_SET,
                             .l_start = 0x40000002,
                             .l_len = 510};
        int fd = open(ft_path("b"), O_RDWR);

        _exit(fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 &&
              lock.l_type != F_UNLCK);
    }
    waitpid(pid, &status, 0);
    return WEXITSTATUS(status) == 1;
}

/* Opening a second time in one process, or trying to, keeps the locks of
 * the first: a process that closes a file loses all it has on it. */
static void test_locks_stay(void)
{
    /* Static, so that a leak checker in the child still finds it. */
    static struct basin *b;

    ft_begin();
    ft_make(1);
    b = ft_open(ft_path("b"), true);
    ft_tail(b, "s", &got);
    CHECK(seen_locked());
    ft_refused(ft_path("b"), true, ERR_TAKEN, "is being written by");
    basin_free(ft_open(ft_path("b"), false));
    CHECK(seen_locked());
    basin_free(b);
    CHECK(!seen_locked());
    ft_end();
}

/* Somebody else's shell may have changed the journal mode. */
static void test_other_journal_mode(void)
{
    struct basin *b;

    ft_begin();
    ft_make(1);
    ft_sql("PRAGMA journal_mode = DELETE");
    b = ft_open(ft_path("b"), false);
    CHECK_INT(ft_tail(b, "s", &got), OUTCOME_OK);
    basin_free(b);
    ft_make(1);
    CHECK(ft_exists("b-wal"));
    ft_end();
}

/* In a child that may not write: the bodies of stream "s" can be read. */
static int read_unprivileged(void)
{
    struct err err = ERR_INIT;
    struct basin *b;

    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return 2;
    if (access(ft_path("b"), W_OK) == 0 || access(ft_dir, W_OK) == 0)
        return 3;
    b = ft_try(ft_path("b"), false, &err);
    if (b == NULL) {
        printf("# %s\n", err.text);
        fflush(stdout);
        return 4;
    }
    ft_read(b, "s", 0, 1000, &got);
    basin_free(b);
    return got.outcome == OUTCOME_OK && got.n == 3 ? 0 : 5;
}

static int in_child(int (*f)(void))
{
    pid_t pid;
    int status = -1;

    fflush(stdout);
    pid = fork();
    if (pid == 0)
        _exit(f());
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_reader_without_permission(void)
{
    static const char *const names[] = {"b", "b-wal", "b-shm"};

    ft_begin();
    ft_make(3);
    for (size_t i = 0; i < 3; i++)
        CHECK_INT(chmod(ft_path(names[i]), 0444), 0);
    CHECK_INT(chmod(ft_dir, 0555), 0);
    CHECK_INT(in_child(read_unprivileged), 0);
    CHECK_INT(chmod(ft_dir, 0755), 0);
    ft_end();
}

static int write_unprivileged(void)
{
    struct err err = ERR_INIT;

    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return 2;
    return ft_try(ft_path("b"), true, &err) == NULL ? (int)err.code : 3;
}

static void test_writer_without_permission(void)
{
    ft_begin();
    ft_make(3);
    CHECK_INT(chmod(ft_path("b"), 0444), 0);
    CHECK_INT(chmod(ft_path("b.lock"), 0666), 0);
    CHECK_INT(chmod(ft_dir, 0755), 0);
    CHECK_INT(in_child(write_unprivileged), ERR_CANTCREATE);
    CHECK_INT(chmod(ft_path("b"), 0), 0);
    CHECK_INT(in_child(write_unprivileged), ERR_CANTCREATE);
    ft_end();
}

int main(void)
{
    RUN(test_one_writer);
    RUN(test_one_lock_for_all_names);
    RUN(test_lock_is_no_link);
    RUN(test_readers_do_not_write);
    RUN(test_locks_stay);
    RUN(test_other_journal_mode);
    RUN(test_reader_without_permission);
    RUN(test_writer_without_permission);
    got_clear(&got);
    return check_done();
}
