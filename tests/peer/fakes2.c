/*
 * An S2 server in memory that follows a script.  README.md says how.
 */
#include <errno.h>
#include <stdio.h>

#include "s2peer.h"

#define DUMP_MAX ((size_t)2 << 30)

static const char usage[] =
    "usage: fakes2 [--basin NAME] [--no-basin] [--token TOKEN]\n"
    "              [--dump FILE] [--tls CERT KEY] [--log FILE] [--port N]\n"
    "              [--orphan] [SCRIPT]\n";

/* Writes every record to the file that was asked for.  0 or -1. */
static int dump_all(const struct s2peer *s2, struct err *err)
{
    struct buf text = BUF_INIT(DUMP_MAX);
    FILE *file;
    int bad = 0;

    if (s2->dump == NULL)
        return 0;
    for (size_t i = 0; i < s2->store.n; i++)
        bad |= store_dump(s2->store.streams[i], true, &text);
    file = fopen(s2->dump, "wb");
    if (file == NULL) {
        bad = errno;
        buf_release(&text);
        return err_os(err, ERR_CANTCREATE, bad, "%s", s2->dump);
    }
    if (text.n > 0 && fwrite(text.p, 1, text.n, file) != text.n)
        bad = -1;
    if (fclose(file) != 0)
        bad = -1;
    buf_release(&text);
    return bad != 0 ? err_set(err, ERR_IO, "%s: not written", s2->dump) : 0;
}

static void release(struct s2peer *s2)
{
    store_release(&s2->store);
    s2rule_release(&s2->rules);
    peer_close(&s2->peer);
    pthread_cond_destroy(&s2->grown);
    pthread_mutex_destroy(&s2->lock);
}

int main(int argc, char **argv)
{
    struct s2peer s2 = {.lock = PTHREAD_MUTEX_INITIALIZER,
                        .grown = PTHREAD_COND_INITIALIZER};
    const struct peer_option options[] = {{"--basin", &s2.basin, NULL},
                                          {"--token", &s2.token, NULL},
                                          {"--dump", &s2.dump, NULL},
                                          {"--no-basin", NULL, &s2.missing}};
    struct err err = ERR_INIT;
    int status = 0;

    if (peer_parse(&s2.peer, argc, argv, options,
                   sizeof(options) / sizeof(options[0]), &err) != 0) {
        fprintf(stderr, "fakes2: %s\n%s", err.text, usage);
        return (int)err.code;
    }
    if (s2rule_load(&s2.rules, s2.peer.script, &err) != 0 ||
        s2state_seed(&s2, &err) != 0 ||
        peer_serve(&s2.peer, s2serve, &s2, &err) != 0 ||
        dump_all(&s2, &err) != 0) {
        fprintf(stderr, "fakes2: %s\n", err.text);
        status = err.code != ERR_NONE ? (int)err.code : ERR_OS;
    }
    release(&s2);
    return status;
}
