/*
 * A Jetstream server that follows a script.  README.md says how.
 */
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "base/zst.h"
#include "jet.h"
#include "slurp.h"

#define DICTIONARY_MAX ((size_t)1 << 20)

static const char usage[] =
    "usage: fakejet [--v1 FILE] [--v2 FILE] [--dict1 FILE] [--dict2 FILE]\n"
    "               [--restamp] [--pace N/s] [--tls CERT KEY] [--log FILE]\n"
    "               [--port N] [--orphan] [SCRIPT]\n";

/* The files named on the command line, by wire. */
struct files {
    const char *events[3];
    const char *dictionaries[3];
    const char *pace;
};

static int load_wire(struct jet *jet, const struct files *files, int wire,
                     struct err *err)
{
    struct buf *dictionary = &jet->dictionaries[wire];

    if (files->events[wire] != NULL &&
        feed_load(&jet->feeds[wire], files->events[wire], err) != 0)
        return -1;
    if (files->dictionaries[wire] == NULL)
        return 0;
    if (slurp_file(files->dictionaries[wire], dictionary, err) != 0)
        return -1;
    if (zst_dictionary_id(buf_slice(dictionary)) == 0)
        return err_set(err, ERR_DATA, "%s: no dictionary",
                       files->dictionaries[wire]);
    return 0;
}

/* "N" or "N/s". */
static int parse_pace(const char *text, uint64_t *pace, struct err *err)
{
    char number[24];
    size_t n;

    if (text == NULL)
        return 0;
    n = strlen(text);
    if (n > 2 && strcmp(text + n - 2, "/s") == 0)
        n -= 2;
    if (n >= sizeof(number))
        return err_set(err, ERR_USAGE, "no pace: %s", text);
    memcpy(number, text, n);
    number[n] = '\0';
    return parse_uint(number, 0, 10000000, pace, err);
}

static int load(struct jet *jet, const struct files *files, struct err *err)
{
    if (parse_pace(files->pace, &jet->pace, err) != 0)
        return -1;
    for (int wire = EVENT_V1; wire <= EVENT_V2; wire++) {
        if (load_wire(jet, files, wire, err) != 0)
            return -1;
    }
    return plan_load(&jet->plan, jet->peer.script, err);
}

static void release(struct jet *jet)
{
    for (int wire = EVENT_V1; wire <= EVENT_V2; wire++) {
        feed_release(&jet->feeds[wire]);
        buf_release(&jet->dictionaries[wire]);
    }
    plan_release(&jet->plan);
    peer_close(&jet->peer);
    pthread_mutex_destroy(&jet->lock);
}

int main(int argc, char **argv)
{
    struct jet jet = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct files files = {.pace = NULL};
    const struct peer_option options[] = {
        {"--v1", &files.events[EVENT_V1], NULL},
        {"--v2", &files.events[EVENT_V2], NULL},
        {"--dict1", &files.dictionaries[EVENT_V1], NULL},
        {"--dict2", &files.dictionaries[EVENT_V2], NULL},
        {"--pace", &files.pace, NULL},
        {"--restamp", NULL, &jet.restamp}};
    struct err err = ERR_INIT;
    int status = 0;

    for (int wire = EVENT_V1; wire <= EVENT_V2; wire++)
        buf_init(&jet.dictionaries[wire], DICTIONARY_MAX);
    if (peer_parse(&jet.peer, argc, argv, options,
                   sizeof(options) / sizeof(options[0]), &err) != 0) {
        fprintf(stderr, "fakejet: %s\n%s", err.text, usage);
        return (int)err.code;
    }
    if (load(&jet, &files, &err) != 0 ||
        peer_serve(&jet.peer, jet_serve, &jet, &err) != 0) {
        fprintf(stderr, "fakejet: %s\n", err.text);
        status = err.code != ERR_NONE ? (int)err.code : ERR_OS;
    }
    release(&jet);
    return status;
}
