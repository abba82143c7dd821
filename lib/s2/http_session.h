/*
 * What is peculiar to sessions: how many share a connection, how often they
 * go on, and when they have been silent for too long.  Internal to http*.c.
 */
#ifndef S2_HTTP_SESSION_H
#define S2_HTTP_SESSION_H

#include "s2/http_state.h"

/* http_session_room(http, err): whether the descriptors suffice for another.
 * 0 or -1 with ERR_OS. */
int http_session_room(const struct http *http, struct err *err);

/* http_session_start(http, err): begin those that can.  Returns how many did,
 * some of which may be over already, or -1 with ERR_OS. */
int http_session_start(struct http *http, struct err *err);

/* http_session_rest(http, now): how long (ms) they shall be left alone at
 * ${now}; 0: not. */
int64_t http_session_rest(const struct http *http, int64_t now);

/* http_session_sleep(http, now): how long they need no attention, as long as
 * their sockets are not ready; ms. */
int64_t http_session_sleep(const struct http *http, int64_t now);

/* http_session_act(http, ready, n, err): let them go on; http->inside must be
 * set.  0 or -1 with ERR_OS. */
int http_session_act(struct http *http, const struct curl_waitfd *ready,
                     size_t n, struct err *err);

/* http_session_watch(http): end those that are silent for too long.  After
 * http_session_act only: this process may itself have stood still. */
void http_session_watch(struct http *http);

#endif
