/*
 * Which token is used, and which endpoints.  Internal to place.c.
 */
#ifndef COMMON_CREDENTIALS_H
#define COMMON_CREDENTIALS_H

#include "common/place.h"

/*
 * credentials_find(place, options, err): fill the token, the key and the
 * endpoints of a ${place} in S2 from the first that has them: options, the
 * environment, the credential directory, the S2 CLI's files; S2_AUTH_TOKEN
 * comes last.  The S2 CLI's files are read only for what is then still unset,
 * and its endpoints are taken only when neither is set.  Secrets are wiped
 * from the environment.  0, or -1: ERR_CONFIG, ERR_OS.
 */
int credentials_find(struct place *place, const struct place_options *options,
                     struct err *err);

/* credentials_forget(): wipe all secrets from the environment, unread. */
void credentials_forget(void);

#endif
