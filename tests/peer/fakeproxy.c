/*
 * A proxy in front of an S2 server that follows a script.  README.md says
 * how.
 */
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "proxy.h"

static const char usage[] =
    "usage: fakeproxy --to 127.0.0.1:PORT [--seed S] [--tls CERT KEY]\n"
    "                 [--log FILE] [--port N] [--orphan] [SCRIPT]\n";

/* "127.0.0.1:PORT" or "localhost:PORT", and nothing farther away. */
static int parse_to(const char *to, uint16_t *port, struct err *err)
{
    static const char *const hosts[] = {"127.0.0.1:", "localhost:"};
    uint64_t number;

    for (size_t i = 0; to != NULL && i < sizeof(hosts) / sizeof(hosts[0]);
         i++) {
        size_t n = strlen(hosts[i]);

        if (strncmp(to, hosts[i], n) != 0)
            continue;
        if (parse_uint(to + n, 1, UINT16_MAX, &number, err) != 0)
            return -1;
        *port = (uint16_t)number;
        return 0;
    }
    return err_set(err, ERR_USAGE, "--to 127.0.0.1:PORT is wanted");
}

static int load(struct proxy *proxy, const char *to, const char *seed,
                struct err *err)
{
    uint64_t number;

    if (parse_to(to, &proxy->port, err) != 0 ||
        parse_uint(seed, 0, UINT64_MAX, &number, err) != 0)
        return -1;
    return proxyrule_load(&proxy->rules, proxy->peer.script, number, err);
}

static void release(struct proxy *proxy)
{
    proxyrule_release(&proxy->rules);
    peer_close(&proxy->peer);
    pthread_mutex_destroy(&proxy->lock);
}

int main(int argc, char **argv)
{
    struct proxy proxy = {.lock = PTHREAD_MUTEX_INITIALIZER};
    const char *to = NULL;
    const char *seed = "0";
    const struct peer_option options[] = {{"--to", &to, NULL},
                                          {"--seed", &seed, NULL}};
    struct err err = ERR_INIT;
    int status = 0;

    if (peer_parse(&proxy.peer, argc, argv, options,
                   sizeof(options) / sizeof(options[0]), &err) != 0 ||
        load(&proxy, to, seed, &err) != 0) {
        fprintf(stderr, "fakeproxy: %s\n%s", err.text,
                err.code == ERR_USAGE ? usage : "");
        release(&proxy);
        return (int)err.code;
    }
    if (peer_serve(&proxy.peer, proxyserve, &proxy, &err) != 0) {
        fprintf(stderr, "fakeproxy: %s\n", err.text);
        status = err.code != ERR_NONE ? (int)err.code : ERR_OS;
    }
    release(&proxy);
    return status;
}
