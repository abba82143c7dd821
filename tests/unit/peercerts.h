/*
 * Certificates for tests, made on the spot with openssl(1).
 */
#ifndef PEERCERTS_H
#define PEERCERTS_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ssl.h>

struct peer_certs {
    char dir[128];
    char ca[160];     /* the good certificate, its own authority */
    SSL_CTX *good;    /* for localhost */
    SSL_CTX *foreign; /* for localhost, of an unknown authority */
};

static inline SSL_CTX *peer_make_cert(const char *dir, const char *name)
{
    char command[1024], cert[160], key[160];
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    snprintf(cert, sizeof(cert), "%s/%s.pem", dir, name);
    snprintf(key, sizeof(key), "%s/%s.key", dir, name);
    snprintf(command, sizeof(command),
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
             "-nodes -days 2 -subj /CN=%s -addext subjectAltName=DNS:localhost "
             "-keyout %s -out %s 2>/dev/null",
             name, key, cert);
    if (ctx == NULL || system(command) != 0 ||
        SSL_CTX_use_certificate_file(ctx, cert, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

static inline bool peer_certs_make(struct peer_certs *certs)
{
    const char *tmp = getenv("TMPDIR");

    memset(certs, 0, sizeof(*certs));
    snprintf(certs->dir, sizeof(certs->dir), "%s/wspeer.XXXXXX",
             tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(certs->dir) == NULL)
        return false;
    snprintf(certs->ca, sizeof(certs->ca), "%s/good.pem", certs->dir);
    certs->good = peer_make_cert(certs->dir, "good");
    certs->foreign = peer_make_cert(certs->dir, "foreign");
    return certs->good != NULL && certs->foreign != NULL;
}

static inline void peer_certs_remove(struct peer_certs *certs)
{
    static const char *const files[] = {"good.pem", "good.key", "foreign.pem",
                                        "foreign.key"};
    char path[160];

    SSL_CTX_free(certs->good);
    SSL_CTX_free(certs->foreign);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", certs->dir, files[i]);
        unlink(path);
    }
    rmdir(certs->dir);
}

#endif
