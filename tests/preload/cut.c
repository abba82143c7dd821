/*
 * A library to be preloaded: at the process's N-th call that writes or syncs
 * certain files the power goes.  What has been written to them and not synced
 * is lost, all of it or some, and the process is killed.  And a sync may fail:
 * what it was to save is then never saved, whatever later ones say, unless it
 * is written again; so does Linux.  README.md says how it is asked to.
 *
 * A file's own bytes and length are what is lost; that it is there, under its
 * name, stays.  One thread may write to these files, and none may map
 * them, but for SQLite's -shm, which is built anew.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* GNU's, which the build does not ask for. */
#ifndef RTLD_NEXT
#define RTLD_NEXT ((void *)-1L)
#endif
ssize_t pwrite64(int fd, const void *p, size_t n, off_t at);
ssize_t pread64(int fd, void *p, size_t n, off_t at);
int ftruncate64(int fd, off_t n);
_Static_assert(sizeof(off_t) == 8, "these are the same as those without 64");

/* A file of which anything was written. */
struct own {
    int fd; /* never closed, that would drop the file's locks */
    dev_t device;
    ino_t inode;
};

#define FILES_MAX 32

/* What is written and not yet synced, oldest first. */
struct change {
    struct change *next;
    struct change *before;
    const struct own *file;
    off_t size; /* of the file, before */
    off_t at;
    size_t old;   /* bytes that were there */
    size_t new;   /* bytes that came; 0: the file was cut at at */
    bool lost;    /* the sync that was to save it has failed */
    char bytes[]; /* both, in that order */
};

static struct {
    const char *part; /* of the files' names */
    const char *file; /* for the count at the end, or NULL */
    unsigned long at; /* 0: never */
    unsigned long torn;
    unsigned long fails; /* the sync of that number; 0: none */
    unsigned long count;
    unsigned long syncs;
    struct own files[FILES_MAX];
    size_t nfiles;
    struct change *oldest;
    struct change *newest;
} cut;

/* The functions that would be called without us. */
static struct {
    ssize_t (*write)(int, const void *, size_t);
    ssize_t (*pwrite)(int, const void *, size_t, off_t);
    int (*fsync)(int);
    int (*fdatasync)(int);
    int (*ftruncate)(int, off_t);
} real;

/* A test in which this cannot be done must not pass. */
static void must(bool done)
{
    if (!done)
        abort();
}

static void find(const char *name, void *to)
{
    void *symbol = dlsym(RTLD_NEXT, name);

    must(symbol != NULL);
    memcpy(to, &symbol, sizeof(symbol));
}

static unsigned long number(const char *name)
{
    const char *text = getenv(name);

    return text != NULL ? strtoul(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void begin(void)
{
    find("write", &real.write);
    find("pwrite", &real.pwrite);
    find("fsync", &real.fsync);
    find("fdatasync", &real.fdatasync);
    find("ftruncate", &real.ftruncate);
    cut.part = getenv("CUT_FILE");
    cut.file = getenv("CUT_COUNT");
    cut.at = number("CUT_AT");
    cut.torn = number("CUT_TORN");
    cut.fails = number("CUT_SYNC_FAILS");
    must(cut.part != NULL);
}

/* How many calls there were, for the test. */
__attribute__((destructor)) static void end(void)
{
    char text[32];
    int n = snprintf(text, sizeof(text), "%lu\n", cut.count);
    int fd;

    if (cut.file == NULL)
        return;
    fd = open(cut.file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    must(fd >= 0 && real.write(fd, text, (size_t)n) == n);
}

/* Whether it is one of the files. */
static bool is_one(int fd, struct stat *st)
{
    char link[32], name[4096];
    ssize_t n;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, name, sizeof(name) - 1);
    if (n < 0)
        return false;
    name[n] = '\0';
    return strstr(name, cut.part) != NULL && fstat(fd, st) == 0 &&
           S_ISREG(st->st_mode);
}

static const struct own *own_file(int fd, const struct stat *st)
{
    struct own *own = cut.files;
    char link[32];

    for (; own < cut.files + cut.nfiles; own++) {
        if (own->device == st->st_dev && own->inode == st->st_ino)
            return own;
    }
    must(cut.nfiles < FILES_MAX);
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    *own = (struct own){open(link, O_RDWR | O_CLOEXEC), st->st_dev, st->st_ino};
    must(own->fd >= 0);
    cut.nfiles++;
    return own;
}

/* ${n} bytes at ${p} are to come to ${at}; NULL: what is there is to go. */
static void keep(int fd, const struct stat *st, const void *p, size_t n,
                 off_t at)
{
    off_t behind = st->st_size > at ? st->st_size - at : 0;
    size_t old = p == NULL || behind < (off_t)n ? (size_t)behind : n;
    struct change *c = malloc(sizeof(*c) + old + n);

    must(c != NULL);
    *c = (struct change){.file = own_file(fd, st),
                         .size = st->st_size,
                         .at = at,
                         .old = old,
                         .new = n,
                         .before = cut.newest};
    must(pread64(c->file->fd, c->bytes, old, at) == (ssize_t)old);
    if (n > 0)
        memcpy(c->bytes + old, p, n);
    *(cut.newest != NULL ? &cut.newest->next : &cut.oldest) = c;
    cut.newest = c;
}

static void drop(struct change *c)
{
    *(c->before != NULL ? &c->before->next : &cut.oldest) = c->next;
    *(c->next != NULL ? &c->next->before : &cut.newest) = c->before;
    free(c);
}

/* What was lost and has been written again is not lost any more. */
static void drop_lost(const struct change *by)
{
    struct change *next;

    for (struct change *c = cut.oldest; c != by; c = next) {
        next = c->next;
        if (c->lost && c->file == by->file && c->new > 0 && c->at >= by->at &&
            c->at + (off_t)c->new <= by->at + (off_t)by->new)
            drop(c);
    }
}

/* All that was written to the file is on the disk. */
static void forget(const struct own *file)
{
    struct change *next;

    for (struct change *c = cut.oldest; c != NULL; c = next) {
        next = c->next;
        if (c->file != file || c->lost)
            continue;
        drop_lost(c);
        drop(c);
    }
}

/* None of it is, and none will be. */
static void lose(const struct own *file)
{
    for (struct change *c = cut.oldest; c != NULL; c = c->next)
        c->lost = c->lost || c->file == file;
}

static bool is_luck(void)
{
    cut.torn = cut.torn * 16807 % 2147483647;
    return cut.torn / 1024 % 2 != 0;
}

/* What was there before, and zeros where nothing was: what came later, and
 * was saved, may lie behind it. */
static void undo(struct change *c)
{
    if (c->lost && c->new > c->old) {
        memset(c->bytes + c->old, 0, c->new - c->old);
        must(real.pwrite(c->file->fd, c->bytes, c->new, c->at) ==
             (ssize_t)c->new);
        return;
    }
    must(real.pwrite(c->file->fd, c->bytes, c->old, c->at) == (ssize_t)c->old &&
         (c->lost || real.ftruncate(c->file->fd, c->size) == 0));
}

/* The disk may have had some of it, in any order, and a part of a write. */
static void redo(const struct change *c)
{
    size_t n = is_luck() ? c->new : c->new / 2;

    if (c->new == 0)
        must(real.ftruncate(c->file->fd, c->at) == 0);
    else
        must(real.pwrite(c->file->fd, c->bytes + c->old, n, c->at) ==
             (ssize_t)n);
}

static void power_goes(void)
{
    for (struct change *c = cut.newest; c != NULL; c = c->before)
        undo(c);
    for (struct change *c = cut.oldest; c != NULL; c = c->next) {
        if (cut.torn != 0 && !c->lost && is_luck())
            redo(c);
    }
    end();
    kill(getpid(), SIGKILL);
}

/* Counts a call that is about to be made, if it is about one of the files. */
static bool count(int fd, struct stat *st)
{
    if (!is_one(fd, st))
        return false;
    if (++cut.count == cut.at)
        power_goes();
    return true;
}

ssize_t write(int fd, const void *p, size_t n)
{
    struct stat st;

    if (count(fd, &st))
        keep(fd, &st, p, n, lseek(fd, 0, SEEK_CUR));
    return real.write(fd, p, n);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    struct stat st;

    if (count(fd, &st))
        keep(fd, &st, p, n, at);
    return real.pwrite(fd, p, n, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off_t at)
{
    return pwrite(fd, p, n, at);
}

int ftruncate(int fd, off_t n)
{
    struct stat st;

    if (count(fd, &st))
        keep(fd, &st, NULL, 0, n);
    return real.ftruncate(fd, n);
}

int ftruncate64(int fd, off_t n)
{
    return ftruncate(fd, n);
}

static int sync_by(int (*made)(int), int fd)
{
    struct stat st;
    bool one = count(fd, &st);
    int rc;

    if (one && ++cut.syncs == cut.fails) {
        lose(own_file(fd, &st));
        errno = EIO;
        return -1;
    }
    rc = made(fd);
    if (one && rc == 0)
        forget(own_file(fd, &st));
    return rc;
}

int fsync(int fd)
{
    return sync_by(real.fsync, fd);
}

int fdatasync(int fd)
{
    return sync_by(real.fdatasync, fd);
}
