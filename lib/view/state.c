#include "view/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lock.h"

#define SIZE_LIMIT ((int64_t)1 << 30)

/* The names are relative to the directory, so that it may be moved. */
struct state {
    int dir;
    int lock;
    char *path;       /* as it was given */
    const char *name; /* its last part */
    char *temp_name;
};

static int set_names(struct state *state, const char *path, struct err *err)
{
    const char *slash;
    size_t size;

    state->path = strdup(path);
    if (state->path == NULL)
        return err_memory(err);
    slash = strrchr(state->path, '/');
    state->name = slash != NULL ? slash + 1 : state->path;
    size = strlen(state->name) + sizeof(".tmp");
    state->temp_name = malloc(size);
    if (state->temp_name == NULL)
        return err_memory(err);
    snprintf(state->temp_name, size, "%s.tmp", state->name);
    return 0;
}

static int open_directory(struct state *state, struct err *err)
{
    size_t n = (size_t)(state->name - state->path);
    char *text = n == 0 ? strdup(".") : strndup(state->path, n);

    if (text == NULL)
        return err_memory(err);
    state->dir = open(text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(text);
    if (state->dir < 0)
        return err_os(err, ERR_CANTCREATE, errno,
                      "cannot open the directory of %s", state->path);
    return 0;
}

/* Renaming would replace a device, too. */
static int check_file(const struct state *state, struct err *err)
{
    struct stat st;

    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): set_names did. */
    if (state->name[0] == '\0')
        return err_set(err, ERR_CANTCREATE, "%s is no name of a file",
                       state->path);
    if (fstatat(state->dir, state->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0
                               : err_os(err, ERR_CANTCREATE, errno,
                                        "cannot look at %s", state->path);
    if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
        return err_set(err, ERR_CANTCREATE, "%s is no ordinary file",
                       state->path);
    return 0;
}

struct state *state_open(const char *path, struct err *err)
{
    struct state *state = calloc(1, sizeof(*state));

    if (state == NULL) {
        err_memory(err);
        return NULL;
    }
    state->dir = state->lock = -1;
    if (set_names(state, path, err) == 0 && open_directory(state, err) == 0 &&
        check_file(state, err) == 0)
        state->lock = lock_take(state->dir, state->name, 0600, state->path,
                                "in use", err);
    if (state->lock >= 0)
        return state;
    state_close(state);
    return NULL;
}

void state_close(struct state *state)
{
    if (state == NULL)
        return;
    if (state->lock >= 0)
        close(state->lock);
    if (state->dir >= 0)
        close(state->dir);
    free(state->path);
    free(state->temp_name);
    free(state);
}

static int check_size(const struct state *state, int fd, struct err *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return err_os(err, ERR_NOINPUT, errno, "cannot read %s", state->path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_NOINPUT, "%s is no ordinary file", state->path);
    if (st.st_size > SIZE_LIMIT)
        return err_set(err, ERR_CONFIG, "%s is larger than 1 GiB", state->path);
    return 0;
}

static json_t *parse(const struct state *state, FILE *file, struct err *err)
{
    json_error_t why = {0};
    json_t *json = json_loadf(file, 0, &why);

    if (json != NULL)
        return json;
    if (ferror(file))
        err_os(err, ERR_NOINPUT, errno, "cannot read %s", state->path);
    else if (json_error_code(&why) == json_error_out_of_memory)
        err_memory(err);
    else
        err_set(err, ERR_CONFIG, "%s is not JSON: line %d: %s", state->path,
                why.line, why.text);
    return NULL;
}

int state_load(struct state *state, json_t **json, struct err *err)
{
    int fd = openat(state->dir, state->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    FILE *file;

    *json = NULL;
    if (fd < 0)
        return errno == ENOENT ? 0
                               : err_os(err, ERR_NOINPUT, errno,
                                        "cannot read %s", state->path);
    if (check_size(state, fd, err) != 0)
        goto close_fd;
    file = fdopen(fd, "r");
    if (file == NULL) {
        err_memory(err);
        goto close_fd;
    }
    *json = parse(state, file, err);
    fclose(file);
    return *json != NULL ? 0 : -1;

close_fd:
    close(fd);
    return -1;
}

/* Write what must not be lost; the file is closed in any case. */
static int write_file(const struct state *state, FILE *file, const json_t *json,
                      struct err *err)
{
    int r = 0;

    if (json_dumpf(json, file, JSON_COMPACT) != 0 || fputc('\n', file) == EOF ||
        fflush(file) != 0 || fsync(fileno(file)) != 0)
        r = err_os(err, ERR_IO, errno, "cannot write %s.tmp", state->path);
    else if (ftello(file) > SIZE_LIMIT)
        r = err_set(err, ERR_IO, "%s would be larger than 1 GiB", state->path);
    if (fclose(file) != 0 && r == 0)
        r = err_os(err, ERR_IO, errno, "cannot write %s.tmp", state->path);
    return r;
}

/* A new file every time: what a crash left is not written into. */
static FILE *create(const struct state *state, struct err *err)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    FILE *file = NULL;
    int fd;

    unlinkat(state->dir, state->temp_name, 0);
    fd = openat(state->dir, state->temp_name, flags, 0600);
    if (fd >= 0)
        file = fdopen(fd, "w");
    if (file != NULL)
        return file;
    err_os(err, ERR_CANTCREATE, errno, "cannot create %s.tmp", state->path);
    if (fd >= 0)
        close(fd);
    return NULL;
}

/* Not every file system can flush a directory. */
static int sync_directory(const struct state *state, struct err *err)
{
    if (fsync(state->dir) == 0 || errno == EINVAL)
        return 0;
    return err_os(err, ERR_IO, errno, "cannot flush the directory of %s",
                  state->path);
}

int state_save(struct state *state, const json_t *json, struct err *err)
{
    FILE *file = create(state, err);

    if (file == NULL)
        return -1;
    if (write_file(state, file, json, err) != 0)
        goto remove_temp;
    if (renameat(state->dir, state->temp_name, state->dir, state->name) != 0) {
        err_os(err, ERR_CANTCREATE, errno, "cannot replace %s", state->path);
        goto remove_temp;
    }
    return sync_directory(state, err);

remove_temp:
    unlinkat(state->dir, state->temp_name, 0);
    return -1;
}
