#include "view/term.h"

#include <inttypes.h>
#include <locale.h>

#include "check.h"
#include "pty.h"
#include "view/term_hold.h"

#define SEED UINT64_C(99)

static uint64_t state = SEED;

static uint64_t rnd(uint64_t n)
{
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407U;
    return (state >> 33) % n;
}

static void check_shown(struct pty *pty, struct term *term,
                        const struct grid *grid)
{
    CHECK_INT(term_show(term, grid, true, NULL), 1);
    CHECK(!term_waiting(term));
    pty_show(pty);
    CHECK(vt_shows(&pty->vt, grid, true));
}

static void test_size(void)
{
    struct winsize huge = {0, 5000, 0, 0};
    struct pty pty;
    int fds[2], width, height;

    pty_open(&pty, 33, 7);
    term_size(pty.slave, &width, &height);
    CHECK_INT(width, 33);
    CHECK_INT(height, 7);
    CHECK(ioctl(pty.slave, TIOCSWINSZ, &huge) == 0);
    term_size(pty.slave, &width, &height);
    CHECK_INT(width, 1000);
    CHECK_INT(height, 24);
    pty_close(&pty);
    CHECK(pipe(fds) == 0);
    term_size(fds[1], &width, &height);
    CHECK_INT(width, 80);
    CHECK_INT(height, 24);
    close(fds[0]);
    close(fds[1]);
    term_size(-1, &width, &height);
    CHECK_INT(width, 80);
}

static void test_refused(void)
{
    struct err err = ERR_INIT;
    struct term *term;
    struct pty pty;
    int fds[2];

    CHECK(pipe(fds) == 0);
    CHECK(term_open(fds[1], -1, &err) == NULL);
    CHECK_INT(err.code, ERR_OS);
    close(fds[0]);
    close(fds[1]);
    err_clear(&err);
    pty_open(&pty, 10, 2);
    term = term_open(pty.slave, -1, &err);
    CHECK(term != NULL);
    CHECK(term_open(pty.slave, -1, &err) == NULL);
    CHECK_INT(err.code, ERR_OS);
    CHECK_INT(term_key(term), -1);
    CHECK_INT(term_show(term, &pty.vt.screen, true, NULL), 1);
    term_close(term, NULL, false);
    CHECK(pty_is_restored(&pty));
    term_close(NULL, NULL, false);
    term = NEEDED(term_open(pty.slave, -1, NULL));
    CHECK(term != NULL);
    term_close(term, NULL, false);
    pty_close(&pty);
}

static void test_frames(void)
{
    struct grid one = vt_grid(20, 3, "one two"), two;
    struct pty pty;
    struct term *term;

    pty_open(&pty, 20, 3);
    fcntl(pty.slave, F_SETFL, 0);
    term = NEEDED(term_open(pty.slave, pty.slave, NULL));
    CHECK(term != NULL);
    CHECK(pty_is_raw(&pty));
    check_shown(&pty, term, &one);
    CHECK(pty.vt.alternate && !pty.vt.cursor && !pty.vt.wrap);
    CHECK_INT(term_show(term, &one, true, NULL), 1);
    CHECK_INT(pty_read(&pty), 0);
    two = vt_grid(20, 3, "one six");
    CHECK_INT(term_show(term, &two, true, NULL), 1);
    pty_read(&pty);
    CHECK_STR(buf_str(&pty.seen), "\033[1;5H\033[0;31msix\033[0m");
    pty_show(&pty);
    CHECK(vt_shows(&pty.vt, &two, true));
    CHECK_INT(fcntl(pty.slave, F_GETFL) & O_NONBLOCK, 0);
    term_close(term, &two, false);
    pty_read(&pty);
    CHECK(buf_str(&pty.seen) != NULL);
    CHECK(strstr(pty.seen.p, TERM_HOLD_GIVE "one six\r\n") != NULL);
    CHECK(pty_is_restored(&pty));
    grid_release(&one);
    grid_release(&two);
    pty_close(&pty);
}

static void test_redraw(void)
{
    struct grid one = vt_grid(20, 3, "one"), wide;
    struct pty pty;
    struct term *term;

    pty_open(&pty, 30, 3);
    term = NEEDED(term_open(pty.slave, -1, NULL));
    CHECK_INT(term_show(term, &one, true, NULL), 1);
    pty_read(&pty);
    buf_reset(&pty.seen);
    term_redraw(term);
    CHECK_INT(term_show(term, &one, false, NULL), 1);
    pty_read(&pty);
    CHECK_STR(buf_str(&pty.seen), "\033[H\033[2J\033[1;1Hone");
    wide = vt_grid(30, 3, "one");
    buf_reset(&pty.seen);
    CHECK_INT(term_show(term, &wide, false, NULL), 1);
    pty_read(&pty);
    CHECK_STR(buf_str(&pty.seen), "\033[H\033[2J\033[1;1Hone");
    term_close(term, NULL, false);
    grid_release(&one);
    grid_release(&wide);
    pty_close(&pty);
}

static void test_suspend(void)
{
    struct grid one = vt_grid(20, 3, "one");
    struct pty pty;
    struct term *term;

    pty_open(&pty, 20, 3);
    term = NEEDED(term_open(pty.slave, pty.slave, NULL));
    check_shown(&pty, term, &one);
    term_suspend(term);
    CHECK(pty_is_restored(&pty));
    CHECK_INT(term_show(term, &one, true, NULL), 0);
    CHECK(!term_waiting(term));
    CHECK_INT(term_key(term), 0);
    term_suspend(term);
    CHECK_INT(pty_read(&pty), 0);
    term_resume(term);
    CHECK(pty_is_raw(&pty));
    check_shown(&pty, term, &one);
    CHECK(pty.vt.alternate && !pty.vt.cursor);
    /* A shell has set the modes while we were stopped. */
    CHECK(tcsetattr(pty.slave, TCSANOW, &pty.modes) == 0);
    term_resume(term);
    CHECK(pty_is_raw(&pty));
    term_suspend(term);
    CHECK(pty_is_restored(&pty));
    term_close(term, &one, false);
    pty_read(&pty);
    CHECK_STR(buf_str(&pty.seen), "one\r\n");
    CHECK(pty_is_restored(&pty));
    grid_release(&one);
    pty_close(&pty);
}

static void fill(struct grid *grid)
{
    static const char *const words[] = {"abc", "\xE6\xBC\xA2", "\xE2\x96\x8B"};

    grid_clear(grid);
    for (int row = 0; row < grid->height; row++) {
        for (int i = 0; i < grid->width; i++)
            grid_put(grid, row, i, 3, slice_str(words[rnd(3)]),
                     (unsigned)rnd(7), false);
    }
}

/* Reads until the whole frame is out. */
static void drain(struct pty *pty, struct term *term)
{
    int64_t end = loop_now() + PTY_PATIENCE_MS;

    while (term_waiting(term) && loop_now() < end) {
        pty_read(pty);
        CHECK(term_flush(term, NULL) == 0);
    }
    CHECK(!term_waiting(term));
    pty_show(pty);
}

/* Nobody reads: what the terminal took is one frame after the other, whole. */
static void test_stopped(void)
{
    struct grid grid = vt_grid(100, 40, ""), last;
    int shown = 0, skipped = 0;
    struct pty pty;
    struct term *term;

    pty_open(&pty, 100, 40);
    last = vt_grid(100, 40, "");
    term = NEEDED(term_open(pty.slave, -1, NULL));
    for (int i = 0; i < 30; i++) {
        int rc;

        fill(&grid);
        rc = term_show(term, &grid, true, NULL);
        CHECK(rc >= 0);
        shown += rc == 1;
        skipped += rc == 0;
        if (rc == 1)
            memcpy(last.cells, grid.cells, 100 * 40 * sizeof(*last.cells));
    }
    CHECK(shown >= 1 && skipped >= 1);
    drain(&pty, term);
    CHECK(vt_shows(&pty.vt, &last, true));
    CHECK_INT(term_show(term, &grid, true, NULL), 1);
    drain(&pty, term);
    CHECK(vt_shows(&pty.vt, &grid, true));
    if (check_bad)
        printf("# seed %" PRIu64 "\n", SEED);
    term_close(term, NULL, false);
    CHECK(pty_is_restored(&pty));
    grid_release(&grid);
    grid_release(&last);
    pty_close(&pty);
}

/* The modes to restore are those found at the last resume. */
static void test_suspend_modes(void)
{
    struct termios now;
    struct pty pty;
    struct term *term;

    pty_open(&pty, 20, 3);
    term = NEEDED(term_open(pty.slave, pty.slave, NULL));
    term_suspend(term);
    pty.modes.c_lflag ^= ECHOE;
    CHECK(tcsetattr(pty.slave, TCSANOW, &pty.modes) == 0);
    CHECK(write(pty.master, "q\n", 2) == 2);
    CHECK_INT(term_key(term), 0);
    term_resume(term);
    CHECK(pty_is_raw(&pty));
    term_close(term, NULL, false);
    CHECK(tcgetattr(pty.slave, &now) == 0);
    CHECK(now.c_lflag == pty.modes.c_lflag);
    pty_close(&pty);
}

/* A terminal that takes nothing does not keep us. */
static void test_stopped_close(void)
{
    struct grid grid = vt_grid(100, 40, "");
    struct termios now;
    struct pty pty;
    struct term *term;

    pty_open(&pty, 100, 40);
    term = NEEDED(term_open(pty.slave, pty.slave, NULL));
    for (int i = 0; i < 30; i++) {
        fill(&grid);
        CHECK(term_show(term, &grid, true, NULL) >= 0);
    }
    CHECK(term_waiting(term));
    term_close(term, &grid, true);
    CHECK(tcgetattr(pty.slave, &now) == 0);
    CHECK(now.c_lflag == pty.modes.c_lflag);
    grid_release(&grid);
    pty_close(&pty);
}

static void test_hung_up(void)
{
    struct grid grid = vt_grid(20, 3, "one");
    struct err err = ERR_INIT;
    struct pty pty;
    struct term *term;

    pty_open(&pty, 20, 3);
    term = NEEDED(term_open(pty.slave, pty.slave, NULL));
    CHECK_INT(term_show(term, &grid, true, NULL), 1);
    close(pty.master);
    pty.master = -1;
    CHECK_INT(term_show(term, &grid, true, &err), -1);
    CHECK_INT(err.code, ERR_IO);
    CHECK_INT(term_show(term, &grid, true, NULL), -1);
    CHECK_INT(term_flush(term, NULL), -1);
    CHECK_INT(term_key(term), -1);
    term_suspend(term);
    term_resume(term);
    CHECK_INT(term_show(term, &grid, true, NULL), -1);
    term_close(term, &grid, true);
    grid_release(&grid);
    pty_close(&pty);
}

static void test_resize_storm(void)
{
    struct pty pty;
    struct term *term;

    pty_open(&pty, 100, 40);
    term = NEEDED(term_open(pty.slave, pty.slave, NULL));
    for (int i = 0; i < 300; i++) {
        struct grid grid = vt_grid(1 + (int)rnd(100), 1 + (int)rnd(40), "size");

        if (rnd(4) == 0)
            fill(&grid);
        CHECK(term_show(term, &grid, rnd(2), NULL) >= 0);
        pty_read(&pty);
        grid_release(&grid);
    }
    term_close(term, NULL, false);
    pty_show(&pty);
    CHECK(!pty.vt.alternate && pty.vt.cursor);
    pty_close(&pty);
}

int main(void)
{
    if (setlocale(LC_ALL, "C.UTF-8") == NULL)
        printf("# no C.UTF-8 here\n");
    RUN(test_size);
    RUN(test_refused);
    RUN(test_frames);
    RUN(test_redraw);
    RUN(test_suspend);
    RUN(test_suspend_modes);
    RUN(test_stopped);
    RUN(test_stopped_close);
    RUN(test_hung_up);
    RUN(test_resize_storm);
    return check_done();
}
