#include "s2/trust.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CHUNK 16384
#define BEGIN "-----BEGIN "

/* Appends a whole file; -1 with errno, which is 0 or ENOMEM when ${out} is
 * full. */
static int read_file(const char *path, struct buf *out)
{
    FILE *f = fopen(path, "rbe");
    int failed;

    if (f == NULL)
        return -1;
    errno = 0;
    for (;;) {
        char *to = buf_reserve(out, CHUNK);
        size_t n = to == NULL ? 0 : fread(to, 1, CHUNK, f);

        if (n == 0) {
            failed = to == NULL || ferror(f);
            break;
        }
        out->n += n;
    }
    fclose(f);
    return failed ? -1 : 0;
}

/* Whether a certificate begins in ${out}, plain or "TRUSTED". */
static bool has_certificate(struct buf *out)
{
    const char *s = buf_str(out);

    return s != NULL && (strstr(s, BEGIN "CERTIFICATE-----") != NULL ||
                         strstr(s, BEGIN "TRUSTED CERTIFICATE-----") != NULL);
}

int trust_read(const char *file, const char *system, struct buf *out,
               struct err *err)
{
    size_t n;
    int rc = read_file(file, out);

    if (out->starved)
        return err_memory(err);
    if (rc != 0)
        return errno == 0 ? err_set(err, ERR_CONFIG, "%s: too large", file)
                          : err_os(err, ERR_CONFIG, errno, "%s", file);
    if (!has_certificate(out))
        return buf_full(out, err, ERR_CONFIG, "%s: holds no certificate", file);
    n = out->n;
    if (buf_add(out, "\n", 1) != 0)
        return err_memory(err);
    if (system != NULL && read_file(system, out) != 0)
        out->n = n;
    return out->starved ? err_memory(err) : 0;
}
