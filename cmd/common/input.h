/*
 * Lines from a file or a pipe: events instead of a socket's, records instead
 * of a basin's.
 */
#ifndef COMMON_INPUT_H
#define COMMON_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct input;

/* What became of a line. */
enum input_taken {
    INPUT_GO_ON,
    INPUT_STOP, /* hand out no more lines in this call */
    INPUT_HOLD  /* nor count this one: hand it out again in the next */
};

/* A line without its newline, valid during the call; ${number} from 1. */
typedef enum input_taken input_line(void *arg, struct slice line,
                                    uint64_t number);

/*
 * input_open(path, line, arg, err): ${path} "-" is stdin.  What begins like
 * zstd is decompressed.  NULL: ERR_NOINPUT, ERR_OS.
 */
struct input *input_open(const char *path, input_line *line, void *arg,
                         struct err *err);
void input_close(struct input *input); /* NULL is harmless */

/* input_fd(input): what to wait for; -1 when there are lines at hand, or
 * when it is a regular file. */
int input_fd(const struct input *input);

/*
 * input_run(input, err): read once without waiting longer than the input
 * does, and hand out the lines that are complete.  Returns 1 for more to
 * come, 0 at the end, -1: ERR_DATA (broken zstd), ERR_NOINPUT (read error),
 * ERR_OS.  Lines above 4 MiB are counted and skipped.
 */
int input_run(struct input *input, struct err *err);

/* input_is_cut(input): whether the line that is being handed out is the last
 * and has no newline. */
bool input_is_cut(const struct input *input);

/* input_name(input): its path, or what stands for stdin. */
const char *input_name(const struct input *input);

/* input_oversize(input): how many lines were skipped for their length. */
uint64_t input_oversize(const struct input *input);

#endif
