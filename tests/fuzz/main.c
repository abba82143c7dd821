/*
 * A fuzz target without a fuzzer: feeds it the files that are named, and all
 * files of the folders that are.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define FILE_MAX ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int files;

static int failed(const char *name)
{
    fprintf(stderr, "%s: %s\n", name, strerror(errno));
    return -1;
}

/* In a block of its own length, so that reading on is noticed. */
static void feed(const struct buf *text)
{
    uint8_t *data = malloc(text->n > 0 ? text->n : 1);

    if (data == NULL)
        abort();
    if (text->n > 0)
        memcpy(data, text->p, text->n);
    LLVMFuzzerTestOneInput(data, text->n);
    free(data);
}

static int feed_file(const char *name)
{
    struct buf text = BUF_INIT(FILE_MAX);
    FILE *file = fopen(name, "rb");
    char part[4096];
    size_t n;
    int r = 0;

    if (file == NULL)
        return failed(name);
    while (r == 0 && (n = fread(part, 1, sizeof(part), file)) > 0)
        r = buf_add(&text, part, n);
    if (r != 0 || ferror(file))
        r = failed(name);
    else
        feed(&text);
    files += r == 0;
    fclose(file);
    buf_release(&text);
    return r;
}

static int feed_folder(DIR *folder, const char *name)
{
    struct buf path = BUF_INIT(4096);
    struct dirent *entry;
    int r = 0;

    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        buf_reset(&path);
        if (buf_addf(&path, "%s/%s", name, entry->d_name) != 0 ||
            buf_str(&path) == NULL || feed_file(buf_str(&path)) != 0)
            r = -1;
    }
    buf_release(&path);
    return r;
}

int main(int argc, char **argv)
{
    int r = 0;

    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);

        if (folder == NULL) {
            r |= feed_file(argv[i]);
            continue;
        }
        r |= feed_folder(folder, argv[i]);
        closedir(folder);
    }
    printf("%d inputs\n", files);
    return r == 0 && files > 0 ? 0 : 1;
}
