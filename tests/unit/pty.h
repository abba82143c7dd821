/*
 * A pseudo-terminal for tests, and what is on its screen.
 */
#ifndef PTY_H
#define PTY_H

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/loop.h"
#include "vt.h"

#define PTY_PATIENCE_MS check_patience(10000)

/* POSIX has them in the XSI option, which the build does not ask for. */
int posix_openpt(int flags);
int grantpt(int fd);
int unlockpt(int fd);
char *ptsname(int fd);

struct pty {
    int master, slave;
    struct termios modes; /* as they were at first */
    struct vt vt;
    struct buf seen; /* what came since it was last shown */
};

static inline void pty_open(struct pty *pty, int width, int height)
{
    struct winsize size = {(unsigned short)height, (unsigned short)width, 0, 0};

    vt_open(&pty->vt, width, height);
    buf_init(&pty->seen, (size_t)1 << 26);
    pty->master = posix_openpt(O_RDWR | O_NOCTTY);
    NEED(pty->master >= 0 && grantpt(pty->master) == 0 &&
         unlockpt(pty->master) == 0);
    pty->slave = open(ptsname(pty->master), O_RDWR | O_NOCTTY);
    NEED(pty->slave >= 0 && tcgetattr(pty->slave, &pty->modes) == 0 &&
         ioctl(pty->slave, TIOCSWINSZ, &size) == 0);
    fcntl(pty->master, F_SETFL, O_NONBLOCK);
}

static inline void pty_close(struct pty *pty)
{
    if (pty->master >= 0)
        close(pty->master);
    close(pty->slave);
    vt_close(&pty->vt);
    buf_release(&pty->seen);
}

/* Reads what is there; the bytes. */
static inline size_t pty_read(struct pty *pty)
{
    size_t all = 0;

    for (;;) {
        char *to = buf_reserve(&pty->seen, 4096);
        ssize_t n = to == NULL ? -1 : read(pty->master, to, 4096);

        if (n <= 0)
            return all;
        pty->seen.n += (size_t)n;
        all += (size_t)n;
    }
}

/* Reads what is there and shows it; only whole sequences may be there. */
static inline void pty_show(struct pty *pty)
{
    pty_read(pty);
    vt_feed(&pty->vt, buf_slice(&pty->seen));
    buf_reset(&pty->seen);
}

/* Whether all is as it was found. */
static inline bool pty_is_restored(struct pty *pty)
{
    struct termios now;

    pty_show(pty);
    return tcgetattr(pty->slave, &now) == 0 &&
           now.c_lflag == pty->modes.c_lflag &&
           now.c_iflag == pty->modes.c_iflag &&
           memcmp(now.c_cc, pty->modes.c_cc, sizeof(now.c_cc)) == 0 &&
           !pty->vt.alternate && pty->vt.cursor && pty->vt.wrap &&
           pty->vt.style == 0 && !pty->vt.bad;
}

static inline bool pty_is_raw(const struct pty *pty)
{
    struct termios now;

    return tcgetattr(pty->slave, &now) == 0 &&
           (now.c_lflag & (ICANON | ECHO)) == 0 && (now.c_lflag & ISIG) != 0;
}

#endif
