/* The embedded basin: what a reader is told that may not do all that root
 * may. */
#include <sys/wait.h>

#include "filefollow.h"

/*
 * What a child says that may not do all that root may.  It is made before
 * ${meanwhile} has run in this process, and holds nothing of what that opens.
 */
static int as_nobody(int (*what)(void), void (*meanwhile)(void))
{
    int status = 0, go[2];
    char byte = 0;
    pid_t pid;

    fflush(stdout);
    CHECK_INT(pipe(go), 0);
    pid = fork();
    if (pid == 0) {
        if (read(go[0], &byte, 1) != 1 || setgid(65534) != 0 ||
            setuid(65534) != 0)
            _exit(99);
        _exit(what());
    }
    if (meanwhile != NULL)
        meanwhile();
    CHECK_INT(write(go[1], &byte, 1), 1);
    waitpid(pid, &status, 0);
    close(go[0]);
    close(go[1]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void open_and_write(void)
{
    writer = ft_open(ft_path("b"), true);
    ft_create(writer, "s");
    append_to("s", 0, 3);
}

static int open_code(void)
{
    struct err err = ERR_INIT;
    struct basin *b = ft_try(ft_path("b"), false, &err);

    basin_free(b);
    return (int)err.code;
}

static int read_all(void)
{
    struct heard heard;

    reader = ft_try(ft_path("b"), false, NULL);
    if (reader == NULL)
        return 1;
    follow(&heard, false, 0, 0);
    run_for(6000);
    basin_free(reader);
    return heard.n == 3 && heard.overs == 0 ? 0 : 2;
}

/* Missing, empty: come again.  Not for us: no.  A directory that we must not
 * write to: as good as any. */
static void test_opening(void)
{
    if (getuid() != 0)
        SKIP("needs to be root to become somebody else");
    ft_begin();
    CHECK_INT(chmod(ft_dir, 0755), 0);
    CHECK_INT(as_nobody(open_code, NULL), ERR_NOINPUT);
    ft_write(ft_path("b"), "", 0);
    CHECK_INT(as_nobody(open_code, NULL), ERR_NOINPUT);
    unlink(ft_path("b"));
    CHECK_INT(as_nobody(read_all, open_and_write), 0);
    basin_free(writer);
    CHECK_INT(as_nobody(read_all, NULL), 0);
    CHECK_INT(chmod(ft_path("b"), 0600), 0);
    CHECK_INT(as_nobody(open_code, NULL), ERR_DENIED);
    CHECK_INT(chmod(ft_path("b"), 0644), 0);
    CHECK_INT(unlink(ft_path("b-shm")), 0);
    CHECK_INT(as_nobody(open_code, NULL), ERR_DENIED);
    /* Who cannot look into the directory cannot know that it is there. */
    CHECK_INT(chmod(ft_dir, 0700), 0);
    CHECK_INT(as_nobody(open_code, NULL), ERR_NOINPUT);
    got_clear(&got);
    ft_end();
}

int main(void)
{
    RUN(test_opening);
    return check_done();
}
