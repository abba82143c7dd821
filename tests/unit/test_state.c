/* The file of saved counts: whole or not at all, and one owner. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "check.h"
#include "view/state.h"

static char dir[256];

static const char *path_of(const char *name)
{
    static char path[4][512];
    static unsigned at;
    char *p = path[at++ % 4];

    snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
    return p;
}

static void begin(void)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(dir, sizeof(dir), "%s/state.XXXXXX", tmp != NULL ? tmp : "/tmp");
    NEED(mkdtemp(dir) != NULL);
}

/* Remove what tests may have made. */
static void end(void)
{
    static const char *const names[] = {"s", "s.tmp", "s.lock", "t", "t.lock"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        unlink(path_of(names[i]));
        rmdir(path_of(names[i]));
    }
    CHECK_INT(rmdir(dir), 0);
}

static void put(const char *name, const char *text, size_t n)
{
    int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0644);

    CHECK(fd >= 0 && write(fd, text, n) == (ssize_t)n);
    close(fd);
}

static struct state *open_state(void)
{
    struct err err = ERR_INIT;
    struct state *state = NEEDED(state_open(path_of("s"), &err));

    CHECK_STR(err.text, "");
    return state;
}

static void save(struct state *state, int n)
{
    json_t *json = NEEDED(json_pack("{s:i}", "n", n));
    struct err err = ERR_INIT;

    CHECK_INT(state_save(state, json, &err), 0);
    CHECK_STR(err.text, "");
    json_decref(json);
}

/* The number that was saved; -1 for no file. */
static int load(struct state *state)
{
    json_t *json = NULL;
    struct err err = ERR_INIT;
    int n;

    CHECK_INT(state_load(state, &json, &err), 0);
    CHECK_STR(err.text, "");
    n = json == NULL ? -1 : (int)json_integer_value(json_object_get(json, "n"));
    json_decref(json);
    return n;
}

static void check_open_fails(const char *path, enum err_code code,
                             const char *text)
{
    struct err err = ERR_INIT;
    struct state *state = state_open(path, &err);

    CHECK(state == NULL);
    CHECK_INT(err.code, code);
    if (strstr(err.text, text) == NULL)
        CHECK_STR(err.text, text);
    state_close(state);
}

static void check_load_fails(struct state *state, enum err_code code,
                             const char *text)
{
    json_t *json = NULL;
    struct err err = ERR_INIT;

    CHECK_INT(state_load(state, &json, &err), -1);
    CHECK(json == NULL);
    CHECK_INT(err.code, code);
    if (strstr(err.text, text) == NULL)
        CHECK_STR(err.text, text);
}

static void check_save_fails(struct state *state, enum err_code code,
                             const char *text)
{
    json_t *json = NEEDED(json_pack("{s:i,s:s}", "n", 2, "pad", "0123456789"));
    struct err err = ERR_INIT;

    CHECK_INT(state_save(state, json, &err), -1);
    CHECK_INT(err.code, code);
    if (strstr(err.text, text) == NULL)
        CHECK_STR(err.text, text);
    json_decref(json);
}

static bool exists(const char *name)
{
    struct stat st;

    return lstat(path_of(name), &st) == 0;
}

static void test_saves(void)
{
    struct state *state;
    struct stat st = {0};

    begin();
    state = open_state();
    CHECK_INT(load(state), -1);
    save(state, 1);
    CHECK_INT(load(state), 1);
    save(state, 2);
    CHECK_INT(load(state), 2);
    CHECK_INT(stat(path_of("s"), &st), 0);
    CHECK_INT(st.st_mode & 07777, 0600);
    CHECK(!exists("s.tmp"));
    state_close(state);
    state = open_state();
    CHECK_INT(load(state), 2);
    state_close(state);
    state_close(NULL);
    end();
}

static void test_relative_name(void)
{
    int old = open(".", O_RDONLY | O_DIRECTORY);
    struct state *state;

    begin();
    CHECK_INT(chdir(dir), 0);
    state = state_open("s", NULL);
    CHECK(state != NULL);
    CHECK_INT(fchdir(old), 0);
    save(state, 3);
    CHECK(exists("s"));
    CHECK_INT(load(state), 3);
    state_close(state);
    close(old);
    end();
}

static void test_one_owner(void)
{
    char want[512], host[256] = "";
    struct state *state;

    begin();
    state = open_state();
    gethostname(host, sizeof(host) - 1);
    snprintf(want, sizeof(want), "/s is in use by process %ld on %s",
             (long)getpid(), host);
    check_open_fails(path_of("s"), ERR_TAKEN, want);
    put("s.lock", "", 0);
    check_open_fails(path_of("s"), ERR_TAKEN, "in use by another process");
    put("s.lock", "1 \x1b[31m\n2", 9);
    check_open_fails(path_of("s"), ERR_TAKEN, "by process 1 on ?[31m");
    state_close(state);
    state = open_state();
    CHECK(state != NULL);
    state_close(state);
    end();
}

static void test_owner_dies(void)
{
    int ready[2];
    char c;
    pid_t pid;

    begin();
    CHECK_INT(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        if (state_open(path_of("s"), NULL) == NULL ||
            write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    CHECK_INT(read(ready[0], &c, 1), 1);
    check_open_fails(path_of("s"), ERR_TAKEN, "is in use by process");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    state_close(open_state());
    close(ready[0]);
    end();
}

static void test_no_place(void)
{
    begin();
    check_open_fails(path_of("no/s"), ERR_CANTCREATE, "cannot open the dir");
    check_open_fails(dir, ERR_CANTCREATE, "is no ordinary file");
    check_open_fails(path_of(""), ERR_CANTCREATE, "is no name of a file");
    check_open_fails("", ERR_CANTCREATE, "is no name of a file");
    check_open_fails("/dev/null", ERR_CANTCREATE, "is no ordinary file");
    CHECK_INT(symlink("t", path_of("s.lock")), 0);
    check_open_fails(path_of("s"), ERR_CANTCREATE, "cannot open");
    CHECK(!exists("t"));
    unlink(path_of("s.lock"));
    CHECK_INT(mkdir(path_of("s.lock"), 0700), 0);
    check_open_fails(path_of("s"), ERR_CANTCREATE, "cannot open");
    end();
}

static void test_no_json(void)
{
    struct state *state;

    begin();
    state = open_state();
    put("s", "", 0);
    check_load_fails(state, ERR_CONFIG, "/s is not JSON: line 1");
    put("s", "{\"n\":1", 6);
    check_load_fails(state, ERR_CONFIG, "is not JSON");
    put("s", "{\"n\":1} x", 9);
    check_load_fails(state, ERR_CONFIG, "is not JSON");
    put("s", "\n\xff\0{", 4);
    check_load_fails(state, ERR_CONFIG, "is not JSON: line 2");
    save(state, 5);
    CHECK_INT(load(state), 5);
    state_close(state);
    end();
}

static void test_too_large(void)
{
    struct state *state;

    begin();
    state = open_state();
    put("s", "{}", 2);
    CHECK_INT(truncate(path_of("s"), ((off_t)1 << 30) + 1), 0);
    check_load_fails(state, ERR_CONFIG, "larger than 1 GiB");
    state_close(state);
    end();
}

static void test_cannot_read(void)
{
    struct state *state;

    begin();
    state = open_state();
    CHECK_INT(mkfifo(path_of("s"), 0600), 0);
    check_load_fails(state, ERR_NOINPUT, "is no ordinary file");
    unlink(path_of("s"));
    CHECK_INT(mkdir(path_of("s"), 0700), 0);
    check_load_fails(state, ERR_NOINPUT, "is no ordinary file");
    rmdir(path_of("s"));
    CHECK_INT(symlink("s", path_of("s")), 0);
    check_load_fails(state, ERR_NOINPUT, "cannot read");
    state_close(state);
    end();
}

/* A link is replaced, and what it led to stays. */
static void test_link(void)
{
    struct state *state;

    begin();
    put("t", "{\"n\":7}", 7);
    CHECK_INT(symlink("t", path_of("s")), 0);
    state = open_state();
    CHECK_INT(load(state), 7);
    save(state, 8);
    CHECK_INT(load(state), 8);
    unlink(path_of("s"));
    CHECK_INT(rename(path_of("t"), path_of("s")), 0);
    CHECK_INT(load(state), 7);
    state_close(state);
    end();
}

static void test_left_behind(void)
{
    struct state *state;

    begin();
    state = open_state();
    save(state, 1);
    put("s.tmp", "{\"n\":", 5);
    CHECK_INT(load(state), 1);
    save(state, 2);
    CHECK_INT(load(state), 2);
    CHECK_INT(symlink("t", path_of("s.tmp")), 0);
    save(state, 3);
    CHECK(!exists("t"));
    CHECK_INT(load(state), 3);
    state_close(state);
    end();
}

static void test_cannot_save(void)
{
    struct state *state;

    begin();
    state = open_state();
    save(state, 1);
    CHECK_INT(mkdir(path_of("s.tmp"), 0700), 0);
    check_save_fails(state, ERR_CANTCREATE, "cannot create");
    CHECK_INT(load(state), 1);
    rmdir(path_of("s.tmp"));
    unlink(path_of("s"));
    CHECK_INT(mkdir(path_of("s"), 0700), 0);
    check_save_fails(state, ERR_CANTCREATE, "cannot replace");
    CHECK(!exists("s.tmp"));
    rmdir(path_of("s"));
    save(state, 2);
    CHECK_INT(load(state), 2);
    state_close(state);
    end();
}

static void test_disk_full(void)
{
    struct rlimit old, limit;
    struct state *state;

    begin();
    state = open_state();
    save(state, 1);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    limit = old;
    limit.rlim_cur = 10;
    setrlimit(RLIMIT_FSIZE, &limit);
    check_save_fails(state, ERR_IO, "cannot write");
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, SIG_DFL);
    CHECK(!exists("s.tmp"));
    CHECK_INT(load(state), 1);
    save(state, 3);
    CHECK_INT(load(state), 3);
    state_close(state);
    end();
}

/* In a child: save for ever larger states, and say so each time. */
static void save_for_ever(int said)
{
    struct state *state = state_open(path_of("s"), NULL);

    if (state == NULL)
        _exit(1);
    for (int i = 1;; i++) {
        json_t *json = NEEDED(json_pack("{s:i,s:[]}", "n", i, "list"));
        json_t *list = json_object_get(json, "list");

        for (int k = 0; k < 300 + i % 1000; k++)
            json_array_append_new(list, json_integer(i));
        if (state_save(state, json, NULL) != 0 || write(said, "x", 1) != 1)
            _exit(1);
        json_decref(json);
    }
}

/* Kill it after ${n} times.  Returns how many times it said that it had
 * saved. */
static int kill_saver(int n)
{
    int said[2];
    int times = 0;
    char c;
    pid_t pid;

    CHECK_INT(pipe(said), 0);
    pid = fork();
    if (pid == 0)
        save_for_ever(said[1]);
    close(said[1]);
    while (times < n && read(said[0], &c, 1) == 1)
        times++;
    kill(pid, SIGKILL);
    while (read(said[0], &c, 1) == 1)
        times++;
    waitpid(pid, NULL, 0);
    close(said[0]);
    CHECK(times >= n);
    return times;
}

static void test_killed(void)
{
    begin();
    for (int round = 0; round < 25; round++) {
        int times = kill_saver(1 + round % 5);
        struct state *state = open_state();
        json_t *json = NULL;
        const json_t *list;
        json_int_t n;

        CHECK_INT(state_load(state, &json, NULL), 0);
        list = json_object_get(json, "list");
        n = json_integer_value(json_object_get(json, "n"));
        CHECK(n >= times && n <= times + 1);
        CHECK_INT(json_array_size(list), 300 + n % 1000);
        for (size_t i = 0; i < json_array_size(list); i++)
            CHECK_INT(json_integer_value(json_array_get(list, i)), n);
        json_decref(json);
        state_close(state);
    }
    end();
}

int main(void)
{
    RUN(test_saves);
    RUN(test_relative_name);
    RUN(test_one_owner);
    RUN(test_owner_dies);
    RUN(test_no_place);
    RUN(test_no_json);
    RUN(test_too_large);
    RUN(test_cannot_read);
    RUN(test_link);
    RUN(test_left_behind);
    RUN(test_cannot_save);
    RUN(test_disk_full);
    RUN(test_killed);
    return check_done();
}
