#include "s2/client.h"

#include <stdlib.h>
#include <string.h>

#include "s2/client_state.h"

#define ACCOUNT_ENDPOINT "https://a.s2.dev"
#define BASIN_ENDPOINT "https://{basin}.b.s2.dev"

#define TIMEOUT_MS 10000
#define BASIN_MIN 8
#define BASIN_MAX 48
#define TOKEN_MAX ((size_t)64 << 10)
#define KEY_MAX 44

static bool is_lower_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static int check_basin(const char *name, struct err *err)
{
    size_t n = strlen(name);
    bool ok = n >= BASIN_MIN && n <= BASIN_MAX && is_lower_alnum(name[0]) &&
              is_lower_alnum(name[n - 1]);

    for (size_t i = 0; ok && i < n; i++)
        ok = is_lower_alnum(name[i]) || name[i] == '-';
    if (!ok)
        return err_set(err, ERR_CONFIG,
                       "'%.64s' is no basin's name: %d to %d of a-z, 0-9 and "
                       "-, the first and the last no -",
                       name, BASIN_MIN, BASIN_MAX);
    return 0;
}

/* The text of a secret is in no message. */
static int check_secret(const char *what, const char *secret, size_t max,
                        struct err *err)
{
    size_t n = secret == NULL ? 0 : strlen(secret);

    if (secret == NULL)
        return 0;
    if (n == 0 || n > max)
        return err_set(err, ERR_CONFIG, "%s is empty or too long", what);
    for (size_t i = 0; i < n; i++) {
        if (secret[i] <= ' ' || secret[i] > '~')
            return err_set(err, ERR_CONFIG,
                           "%s holds something else than visible ASCII", what);
    }
    return 0;
}

static int set_endpoints(struct client *client,
                         const struct client_config *config, struct err *err)
{
    const char *account = config->account_endpoint;
    const char *basin = config->basin_endpoint;
    const struct endpoint *a = &client->account_endpoint;
    const struct endpoint *b = &client->basin_endpoint;

    if ((account == NULL) != (basin == NULL))
        return err_set(err, ERR_CONFIG,
                       "of the two endpoints only one is given");
    if (account == NULL) {
        account = ACCOUNT_ENDPOINT;
        basin = BASIN_ENDPOINT;
    }
    if (endpoint_parse(account, NULL, &client->account_endpoint, err) != 0 ||
        endpoint_parse(basin, config->basin, &client->basin_endpoint, err) != 0)
        return -1;
    if (a->tls != b->tls)
        return err_set(err, ERR_CONFIG,
                       "one endpoint is http, the other https");
    if ((config->token != NULL || config->encryption_key != NULL) && !a->tls &&
        !(a->loopback && b->loopback) && !config->allow_http)
        return err_set(err, ERR_CONFIG,
                       "a token or key would go over plain http to another "
                       "machine; --allow-http permits it");
    return 0;
}

/* A new string of both; without ${tail} *${out} is left as it is. */
static int join(char **out, const char *head, const char *tail, struct err *err)
{
    size_t n = strlen(head), m = tail == NULL ? 0 : strlen(tail);

    if (tail == NULL)
        return 0;
    *out = malloc(n + m + 1);
    if (*out == NULL)
        return err_memory(err);
    memcpy(*out, head, n);
    memcpy(*out + n, tail, m + 1);
    return 0;
}

static int client_init(struct client *client,
                       const struct client_config *config, struct err *err)
{
    const char *direct = NULL;

    if (check_basin(config->basin, err) != 0 ||
        check_secret("the token", config->token, TOKEN_MAX, err) != 0 ||
        check_secret("the encryption key", config->encryption_key, KEY_MAX,
                     err) != 0 ||
        set_endpoints(client, config, err) != 0)
        return -1;
    if (!client->basin_endpoint.named)
        direct = config->basin;
    client->http = config->http;
    client->timeout_ms =
        config->timeout_ms > 0 ? config->timeout_ms : TIMEOUT_MS;
    if (join(&client->basin, "", config->basin, err) != 0 ||
        join(&client->basin_header, "s2-basin: ", direct, err) != 0 ||
        join(&client->authorization, "Authorization: Bearer ", config->token,
             err) != 0 ||
        join(&client->key_header, "s2-encryption-key: ", config->encryption_key,
             err) != 0)
        return -1;
    return 0;
}

struct client *client_new(const struct client_config *config, struct err *err)
{
    struct client *client = calloc(1, sizeof(*client));

    if (client == NULL) {
        err_memory(err);
        return NULL;
    }
    if (client_init(client, config, err) != 0) {
        client_free(client);
        return NULL;
    }
    return client;
}

/* Writes that the compiler must not leave out as dead. */
static void wipe(char *secret)
{
    volatile char *p = secret;

    while (p != NULL && *p != '\0')
        *p++ = '\0';
    free(secret);
}

void client_free(struct client *client)
{
    if (client == NULL)
        return;
    wipe(client->authorization);
    wipe(client->key_header);
    free(client->basin_header);
    free(client->basin);
    free(client);
}
