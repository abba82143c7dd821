/* The embedded basin and the file of saved counts when the system refuses
 * what they ask: it is said, nothing is left behind, and it works the next
 * time. */
#include <jansson.h>
#include <sys/file.h>

#include "filetest.h"
#include "refuse.h"
#include "view/state.h"

REFUSABLE(int, flock, (int fd, int how), (fd, how), "", -1)
REFUSABLE(int, gethostname, (char *name, size_t n), (name, n), "", -1)
REFUSABLE(int, ftruncate, (int fd, off_t n), (fd, n), "", -1)
REFUSABLE(ssize_t, pwrite, (int fd, const void *p, size_t n, off_t at),
          (fd, p, n, at), "", -1)
REFUSABLE(int, fsync, (int fd), (fd), "", -1)
REFUSABLE(int, fstat, (int fd, struct stat *st), (fd, st), "", -1)
REFUSABLE(int, stat, (const char *path, struct stat *st), (path, st), path, -1)
REFUSABLE(int, fstatat, (int dir, const char *path, struct stat *st, int flags),
          (dir, path, st, flags), path, -1)
REFUSABLE(int, unlink, (const char *path), (path), path, -1)
REFUSABLE(int, rename, (const char *from, const char *to), (from, to), to, -1)

/* A basin "b" is not made, since a call fails, and is the next time. */
static void not_made(const char *call, const char *end, int nth, int errnum,
                     enum err_code code, const char *text)
{
    ft_begin();
    refuse_call(call, end, nth, errnum);
    ft_refused(ft_path("b"), true, code, text);
    refuse_over();
    CHECK(!ft_exists("b.new") && !ft_exists("b.new-journal"));
    basin_free(ft_open(ft_path("b"), true));
    ft_end();
}

static void test_basin_is_not_made(void)
{
    not_made("flock", "", 1, ENOLCK, ERR_OS, "/b.lock: No locks available");
    not_made("ftruncate", "", 1, ENOSPC, ERR_IO,
             "/b.lock: No space left on device");
    not_made("pwrite", "", 1, EIO, ERR_IO, "/b.lock: Input/output error");
    not_made("unlink", "/b.new", 1, EACCES, ERR_CANTCREATE,
             "/b.new: Permission denied");
    not_made("unlink", "/b.new-wal", 1, EPERM, ERR_CANTCREATE,
             "/b.new: Operation not permitted");
    not_made("unlink", "/b-shm", 1, EPERM, ERR_CANTCREATE,
             "/b: Operation not permitted");
    not_made("fsync", "", 1, EIO, ERR_CANTCREATE, "/b: Input/output error");
    not_made("fsync", "", 1, ENOSPC, ERR_IO, "/b: No space left on device");
    not_made("rename", "/b", 1, EXDEV, ERR_CANTCREATE,
             "/b: Invalid cross-device link");
}

/* It has its name when that cannot be made to last: it is whole. */
static void test_directory_is_not_synced(void)
{
    ft_begin();
    refuse_call("fsync", "", 2, EIO);
    ft_refused(ft_path("b"), true, ERR_CANTCREATE, "/b: Input/output error");
    refuse_over();
    CHECK(ft_exists("b"));
    basin_free(ft_open(ft_path("b"), true));
    ft_end();
}

static void test_basin_is_not_looked_at(void)
{
    ft_begin();
    ft_make(1);
    refuse_call("stat", "/b", 1, EACCES);
    ft_refused(ft_path("b"), true, ERR_CANTCREATE, "/b: Permission denied");
    refuse_over();
    refuse_call("stat", "/b", 1, EACCES);
    ft_refused(ft_path("b"), false, ERR_DENIED, "/b: Permission denied");
    refuse_over();
    refuse_call("stat", "/b", 1, ENOTDIR);
    ft_refused(ft_path("b"), false, ERR_NOINPUT, "there is no basin at");
    refuse_over();
    basin_free(ft_open(ft_path("b"), false));
    ft_end();
}

/* Who has the lock "${name}" is told as far as it is known; "": not yet. */
static int hold(const char *name, const char *holder)
{
    int fd = open(ft_path(name), O_RDWR | O_CREAT, 0600);

    ft_write(ft_path(name), holder, strlen(holder));
    CHECK(fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0);
    return fd;
}

static void test_holder_is_unknown(void)
{
    struct err err = ERR_INIT;
    int fd;

    ft_begin();
    fd = hold("b.lock", "");
    ft_refused(ft_path("b"), true, ERR_TAKEN,
               "/b is being written by another process");
    close(fd);
    fd = hold("s.lock", "");
    CHECK(state_open(ft_path("s"), &err) == NULL);
    CHECK_INT(err.code, ERR_TAKEN);
    CHECK(strstr(err.text, "/s is in use by another process") != NULL);
    close(fd);
    ft_end();
}

/* The lock says the process, and of the machine what there is to say. */
static void check_lock(const char *name)
{
    struct buf text;
    char want[64];

    snprintf(want, sizeof(want), "%jd localhost\n", (intmax_t)getpid());
    ft_slurp(ft_path(name), &text);
    CHECK_STR(buf_str(&text), want);
    buf_release(&text);
}

static void test_machine_has_no_name(void)
{
    struct basin *basin;
    struct state *state;

    ft_begin();
    refuse_call("gethostname", "", 1, EFAULT);
    basin = ft_open(ft_path("b"), true);
    refuse_over();
    check_lock("b.lock");
    basin_free(basin);
    refuse_call("gethostname", "", 1, EFAULT);
    state = NEEDED(state_open(ft_path("s"), NULL));
    refuse_over();
    check_lock("s.lock");
    state_close(state);
    ft_end();
}

/* The state "s" is not opened, since a call fails, and is the next time. */
static void state_refused(const char *call, int errnum, enum err_code code,
                          const char *text)
{
    struct err err = ERR_INIT;
    struct state *state;

    refuse_call(call, "", 1, errnum);
    CHECK(state_open(ft_path("s"), &err) == NULL);
    refuse_over();
    CHECK_INT(err.code, code);
    if (strstr(err.text, text) == NULL)
        CHECK_STR(err.text, text);
    state = state_open(ft_path("s"), NULL);
    CHECK(state != NULL);
    state_close(state);
}

static void test_state_is_not_opened(void)
{
    ft_begin();
    state_refused("fstatat", EACCES, ERR_CANTCREATE, "/s: Permission denied");
    state_refused("flock", ENOLCK, ERR_OS, "/s.lock: No locks available");
    state_refused("ftruncate", EIO, ERR_IO, "/s.lock: Input/output error");
    state_refused("pwrite", ENOSPC, ERR_IO, "/s.lock: No space left on device");
    ft_end();
}

static void check_saved(struct state *state, int number)
{
    struct err err = ERR_INIT;
    json_t *json = NULL;

    CHECK_INT(state_load(state, &json, &err), 0);
    CHECK_STR(err.text, "");
    CHECK_INT(json_integer_value(json_object_get(json, "n")), number);
    json_decref(json);
}

static int save(struct state *state, int number, struct err *err)
{
    json_t *json = NEEDED(json_pack("{s:i}", "n", number));
    int rc = state_save(state, json, err);

    json_decref(json);
    return rc;
}

/* What is not on the disk does not replace what is. */
static void test_state_is_not_saved(void)
{
    struct err err = ERR_INIT;
    struct state *state;

    ft_begin();
    state = NEEDED(state_open(ft_path("s"), NULL));
    CHECK_INT(save(state, 1, &err), 0);
    refuse_call("fsync", "", 1, EIO);
    CHECK_INT(save(state, 2, &err), -1);
    refuse_over();
    CHECK_INT(err.code, ERR_IO);
    CHECK(strstr(err.text, "/s.tmp: Input/output error") != NULL);
    CHECK(!ft_exists("s.tmp"));
    check_saved(state, 1);
    /* Some file systems cannot sync a directory; others fail to. */
    refuse_call("fsync", "", 2, EINVAL);
    err_clear(&err);
    CHECK_INT(save(state, 3, &err), 0);
    refuse_over();
    check_saved(state, 3);
    refuse_call("fsync", "", 2, EIO);
    CHECK_INT(save(state, 4, &err), -1);
    refuse_over();
    CHECK_INT(err.code, ERR_IO);
    CHECK(strstr(err.text, "cannot flush the directory") != NULL);
    state_close(state);
    ft_end();
}

static void test_state_is_not_loaded(void)
{
    struct err err = ERR_INIT;
    struct state *state;
    json_t *json;

    ft_begin();
    state = NEEDED(state_open(ft_path("s"), NULL));
    CHECK_INT(save(state, 1, &err), 0);
    refuse_call("fstat", "", 1, EIO);
    CHECK_INT(state_load(state, &json, &err), -1);
    refuse_over();
    CHECK(json == NULL);
    CHECK_INT(err.code, ERR_NOINPUT);
    CHECK(strstr(err.text, "/s: Input/output error") != NULL);
    check_saved(state, 1);
    state_close(state);
    ft_end();
}

int main(void)
{
    RUN(test_basin_is_not_made);
    RUN(test_directory_is_not_synced);
    RUN(test_basin_is_not_looked_at);
    RUN(test_holder_is_unknown);
    RUN(test_machine_has_no_name);
    RUN(test_state_is_not_opened);
    RUN(test_state_is_not_saved);
    RUN(test_state_is_not_loaded);
    return check_done();
}
