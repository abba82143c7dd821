#include "s2/http_roots.h"

#include <curl/curl.h>
#include <errno.h>
#include <linux/memfd.h>
#include <unistd.h>

#include "base/buf.h"
#include "s2/trust.h"

/* The system's headers hide it from programs that ask for POSIX. */
int memfd_create(const char *name, unsigned flags);

static int write_all(int fd, struct slice s)
{
    while (s.n > 0) {
        ssize_t n = write(fd, s.p, s.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        s.p += n;
        s.n -= (size_t)n;
    }
    return 0;
}

void http_roots_init(struct http_roots *roots)
{
    roots->fd = -1;
    roots->own[0] = '\0';
    roots->file = NULL;
}

/* libcurl opens it anew, by its name in /proc, which therefore must exist. */
static int make_own(struct http_roots *roots, struct slice pem, struct err *err)
{
    roots->fd = memfd_create("certificates", MFD_CLOEXEC);
    if (roots->fd < 0)
        return err_os(err, ERR_OS, errno, "a file in memory");
    snprintf(roots->own, sizeof(roots->own), "/proc/self/fd/%d", roots->fd);
    if (write_all(roots->fd, pem) != 0 || access(roots->own, R_OK) != 0)
        return err_os(err, ERR_OS, errno, "%s", roots->own);
    roots->file = roots->own;
    return 0;
}

int http_roots_open(struct http_roots *roots, const char *cacert,
                    struct err *err)
{
    struct buf pem;
    int rc;

    roots->file = curl_version_info(CURLVERSION_NOW)->cainfo;
    if (cacert == NULL)
        return 0;
    buf_init(&pem, TRUST_MAX);
    rc = trust_read(cacert, roots->file, &pem, err);
    if (rc == 0)
        rc = make_own(roots, buf_slice(&pem), err);
    buf_release(&pem);
    return rc;
}

void http_roots_release(struct http_roots *roots)
{
    if (roots->fd >= 0)
        close(roots->fd);
    http_roots_init(roots);
}
