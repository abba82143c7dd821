/*
 * How the threads of a server wait.
 */
#ifndef PEER_NETWAIT_H
#define PEER_NETWAIT_H

#include "net.h"

/*
 * netwait(server, fd, events, end): wait for poll's ${events} on ${fd}, -1 for
 * nothing but time, until the moment ${end}.  NET_DATA; NET_TIMEOUT; or
 * NET_CLOSED when the process is to end.
 */
enum net_result netwait(const struct net_server *server, int fd, short events,
                        int64_t end);

/* netwait_deadline(ms): the moment ${ms} from now, however large ${ms} is. */
int64_t netwait_deadline(int64_t ms);

#endif
