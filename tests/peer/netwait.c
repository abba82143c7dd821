#include "netwait.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>

#include "base/loop.h"

enum net_result netwait(const struct net_server *server, int fd, short events,
                        int64_t end)
{
    struct pollfd fds[2] = {{.fd = server->stop, .events = POLLIN},
                            {.fd = fd, .events = events}};

    for (;;) {
        int64_t left = end - loop_now();
        int timeout = left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;

        if (poll(fds, 2, timeout) < 0 && errno != EINTR)
            return NET_CLOSED;
        if (fds[0].revents != 0)
            return NET_CLOSED;
        if (fds[1].revents != 0)
            return NET_DATA;
        if (loop_now() >= end)
            return NET_TIMEOUT;
    }
}

int64_t netwait_deadline(int64_t ms)
{
    int64_t now = loop_now();

    return ms > INT64_MAX - now ? INT64_MAX : now + ms;
}
