/*
 * Any file as an embedded basin: it is refused, for a reason and untouched, or
 * read; nothing is asked of it for ever, and what it gives is in order.
 *
 * The first byte: 1 open it for writing too, 2 the log beside it is patched,
 * not the file, 4 there is a log, 8 the rest is the file itself.  Else the
 * rest patches a sound basin: two bytes of place, one of length, the bytes; a
 * length of 0 cuts it short there.
 */
#include "fuzz.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basin/file.h"

#define IMAGE_MAX ((size_t)1 << 18)
#define RUNS 10

struct image {
    char bytes[IMAGE_MAX];
    size_t n;
};

static struct image sound, logged, sound_log;
static char folder[40];
static char path[64];

static const char *beside(const char *suffix)
{
    static char name[80];

    snprintf(name, sizeof(name), "%s%s", path, suffix);
    return name;
}

static void clear(void)
{
    static const char *const suffixes[] = {"",         "-wal",  "-shm",
                                           "-journal", ".lock", ".new"};

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
        unlink(beside(suffixes[i]));
}

static void at_exit(void)
{
    clear();
    rmdir(folder);
}

static void load(const char *name, struct image *image)
{
    FILE *file = fopen(name, "rb");

    image->n = 0;
    if (file == NULL)
        return;
    image->n = fread(image->bytes, 1, IMAGE_MAX, file);
    PROMISE(feof(file) || image->n == IMAGE_MAX);
    fclose(file);
}

static void store(const char *name, const char *p, size_t n)
{
    FILE *file = fopen(name, "wb");

    if (file == NULL || fwrite(p, 1, n, file) != n || fclose(file) != 0)
        abort();
}

static int64_t wall(void)
{
    return INT64_C(1795370912779000);
}

/* What a callback was told. */
struct told {
    int calls;
    enum outcome outcome;
    struct wire_position tail;
    uint64_t start, end;
    char *names[8];
    size_t n;
};

static void check_records(const struct basin_reply *reply)
{
    size_t bytes = 0;

    for (size_t i = 0; i < reply->nrecords; i++) {
        const struct wire_record *r = &reply->records[i];

        PROMISE(i == 0 || r->seq_num > r[-1].seq_num);
        bytes += wire_metered(r);
    }
    PROMISE(reply->nrecords <= WIRE_BATCH_RECORDS);
    PROMISE(bytes <= WIRE_BATCH_BYTES);
}

static void done(void *arg, const struct basin_reply *reply)
{
    struct told *told = arg;
    bool fine = reply->outcome == OUTCOME_OK ||
                reply->outcome == OUTCOME_MISMATCH ||
                reply->outcome == OUTCOME_UNWRITTEN;

    told->calls++;
    told->outcome = reply->outcome;
    told->tail = reply->tail;
    told->start = reply->start;
    told->end = reply->end;
    PROMISE(fine == (reply->err.code == ERR_NONE));
    PROMISE(reply->outcome == OUTCOME_OK || reply->nnames == 0);
    check_records(reply);
    for (size_t i = 0; i < reply->nnames; i++) {
        PROMISE(i == 0 || strcmp(reply->names[i - 1], reply->names[i]) < 0);
        PROMISE(reply->names[i][0] != '\0' && strlen(reply->names[i]) <= 512);
        PROMISE(fuzz_is_utf8(slice_str(reply->names[i])));
        if (told->n < 8)
            told->names[told->n++] = fuzz_string(slice_str(reply->names[i]));
    }
}

static void run(struct basin *basin, struct told *told,
                const struct basin_op *op)
{
    PROMISE(op != NULL);
    for (int i = 0; i < RUNS && told->calls == 0; i++)
        basin_run(basin, i);
    PROMISE(told->calls == 1);
}

static struct basin *open_as(bool writer, struct err *err)
{
    struct file_config config = {path, writer, writer ? 1 : 0, wall};

    return file_open(&config, err);
}

static struct told append(struct basin *basin, const char *stream, size_t n)
{
    static const struct wire_header headers[2] = {{{"k", 1}, {"value", 5}},
                                                  {{"key", 3}, {"", 0}}};
    struct wire_record records[4];
    struct wire_append append = {records, n, false, 0, NULL};
    struct told told = {0};

    for (size_t i = 0; i < n; i++)
        records[i] = (struct wire_record){.timestamp = 1000 + i,
                                          .headers = headers,
                                          .nheaders = i % 3,
                                          .body = {"{\"a body\":1}", 12}};
    run(basin, &told, basin_append(basin, stream, &append, done, &told, NULL));
    return told;
}

static struct told read_page(struct basin *basin, const char *stream,
                             bool by_time, uint64_t from)
{
    struct wire_read read = {by_time, from, 1000};
    struct told told = {0};

    run(basin, &told, basin_read(basin, stream, &read, done, &told, NULL));
    return told;
}

/* Small pages, so that little of the file is none of our business. */
static void shrink(void)
{
    sqlite3 *db = NULL;

    PROMISE(sqlite3_open(path, &db) == SQLITE_OK);
    PROMISE(sqlite3_exec(db,
                         "PRAGMA journal_mode = DELETE;"
                         "PRAGMA page_size = 512; VACUUM;"
                         "PRAGMA journal_mode = WAL",
                         NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
}

static void fill(struct basin *basin, int from, int to)
{
    char name[32];
    struct told told;

    for (int i = from; i < to; i++) {
        snprintf(name, sizeof(name), "s/%d", i % 3);
        told = (struct told){0};
        run(basin, &told, basin_create(basin, name, done, &told, NULL));
        PROMISE(append(basin, name, 4).outcome == OUTCOME_OK);
    }
}

static void init(void)
{
    struct basin *basin;

    fuzz_folder(folder, sizeof(folder));
    snprintf(path, sizeof(path), "%s/b", folder);
    atexit(at_exit);
    basin = open_as(true, NULL);
    PROMISE(basin != NULL);
    fill(basin, 0, 12);
    basin_free(basin);
    shrink();
    load(path, &sound);
    basin = open_as(true, NULL);
    PROMISE(basin != NULL);
    fill(basin, 0, 4);
    load(path, &logged);
    load(beside("-wal"), &sound_log);
    basin_free(basin);
    PROMISE(sound.n > 0 && logged.n > 0 && sound_log.n > 0);
}

static void patch(struct image *image, struct slice *in)
{
    while (in->n >= 3) {
        size_t at = (size_t)fuzz_number(in, 2) % (image->n + 1);
        size_t n = fuzz_byte(in) % 32;

        if (n == 0)
            image->n = at;
        for (; n > 0 && in->n > 0 && at < image->n; n--)
            image->bytes[at++] = (char)fuzz_byte(in);
    }
}

/* Reads all that there is; by time too, and what no stream has. */
static void use(struct basin *basin, bool writer)
{
    struct told list = {0};

    run(basin, &list, basin_list(basin, "", "", done, &list, NULL));
    for (size_t i = 0; i < list.n; i++) {
        struct told tail = {0};
        const char *name = list.names[i];

        run(basin, &tail, basin_tail(basin, name, done, &tail, NULL));
        read_page(basin, name, false, 0);
        read_page(basin, name, false, tail.tail.seq_num / 2);
        read_page(basin, name, true, 1002);
        read_page(basin, name, true, tail.tail.timestamp);
        if (writer && append(basin, name, 3).outcome == OUTCOME_OK)
            read_page(basin, name, false, tail.tail.seq_num);
    }
    read_page(basin, "no stream", false, 0);
    for (size_t i = 0; i < list.n; i++)
        free(list.names[i]);
}

/* Whether the head says that it is ours, of the schema that we know. */
static bool is_ours(const struct image *image)
{
    return image->n >= 100 && memcmp(image->bytes + 60, "\0\0\0\1", 4) == 0 &&
           memcmp(image->bytes + 68, "BS2S", 4) == 0;
}

static void check(bool writer)
{
    static struct image before, after;
    struct err err = ERR_INIT;
    struct basin *basin;

    load(path, &before);
    basin = open_as(writer, &err);
    if (basin != NULL) {
        PROMISE(err.code == ERR_NONE);
        PROMISE(is_ours(&before) || (writer && before.n == 0));
        use(basin, writer);
        basin_free(basin);
        return;
    }
    /* SQLite takes a length that cannot be for a lack of memory. */
    PROMISE(err.code == ERR_CONFIG || err.code == ERR_IO ||
            err.code == ERR_OS || (err.code == ERR_CANTCREATE && writer) ||
            (err.code == ERR_NOINPUT && !writer && before.n == 0));
    PROMISE(err.code != ERR_CANTCREATE ||
            strstr(err.text, "not an error") == NULL);
    load(path, &after);
    PROMISE(before.n == after.n &&
            memcmp(before.bytes, after.bytes, before.n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct image db, log;
    struct slice in = fuzz_input(data, n);
    unsigned how = fuzz_byte(&in);

    if (path[0] == '\0')
        init();
    clear();
    db = (how & 6) != 0 ? logged : sound;
    log = sound_log;
    if ((how & 8) != 0) {
        db.n = in.n < IMAGE_MAX ? in.n : IMAGE_MAX;
        memcpy(db.bytes, in.p, db.n);
    } else {
        patch((how & 2) != 0 ? &log : &db, &in);
    }
    store(path, db.bytes, db.n);
    if ((how & 6) != 0)
        store(beside("-wal"), log.bytes, log.n);
    check(false);
    if ((how & 1) != 0)
        check(true);
    return 0;
}
