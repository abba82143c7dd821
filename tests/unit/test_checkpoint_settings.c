/* A job's settings: their hash, and how they differ. */
#include "basin/checkpoint_settings.h"

#include "check.h"

#define HASH "0123456789abcdef0123456789abcdef"
#define MAX ((size_t)1 << 20)

static struct checkpoint_settings settings(const char *const *list, size_t n)
{
    struct checkpoint_settings s = {.list = list, .n = n};

    checkpoint_settings_hash(&s);
    return s;
}

static void test_hash(void)
{
    static const char *const a[] = {"ab", "c"};
    static const char *const b[] = {"a", "bc"};
    static const char *const c[] = {"ab", "c", ""};
    static const char *const d[] = {"ab\nc"};
    struct checkpoint_settings s[] = {settings(NULL, 0), settings(a, 2),
                                      settings(b, 2),    settings(c, 3),
                                      settings(d, 1),    settings(a, 1)};

    for (size_t i = 0; i < 6; i++) {
        CHECK_INT(strlen(s[i].hash), 32);
        for (size_t j = 0; j < i; j++)
            CHECK(strcmp(s[i].hash, s[j].hash) != 0);
    }
    CHECK_STR(settings(a, 2).hash, s[1].hash);
    CHECK_STR(s[0].hash, "00000000000000000000000000000000");
}

static int differ(struct checkpoint_settings old,
                  struct checkpoint_settings new, const char *want)
{
    struct buf out = BUF_INIT(MAX);
    int rc = checkpoint_settings_differ(&old, &new, &out);

    CHECK_STR(buf_str(&out), want);
    buf_release(&out);
    return rc;
}

static void test_differ(void)
{
    static const char *const a[] = {"lang=en", "links=all", "prefix="};
    static const char *const b[] = {"lang=de", "lang=en", "prefix=x"};
    struct checkpoint_settings unkept = {.hash = HASH};
    struct checkpoint_settings other = settings(a, 3);

    CHECK_INT(differ(settings(a, 3), settings(a, 3), ""), 0);
    CHECK_INT(differ(settings(NULL, 0), settings(NULL, 0), ""), 0);
    CHECK_INT(differ(settings(a, 3), settings(b, 3),
                     "+lang=de, -links=all, -prefix=, +prefix=x"),
              1);
    CHECK_INT(differ(settings(b, 3), settings(a, 3),
                     "-lang=de, +links=all, +prefix=, -prefix=x"),
              1);
    CHECK_INT(differ(settings(NULL, 0), settings(a, 1), "+lang=en"), 1);
    CHECK_INT(differ(settings(a, 1), settings(NULL, 0), "-lang=en"), 1);
    CHECK_INT(differ(unkept, settings(a, 3), "they are too long to compare"),
              1);
    CHECK_INT(differ(settings(a, 3), unkept, "they are too long to compare"),
              1);
    CHECK_INT(differ(unkept, unkept, ""), 0);
    /* The same list, hashed in another way. */
    memcpy(other.hash, HASH, sizeof(HASH));
    CHECK_INT(differ(other, settings(a, 3), ""), 0);
}

static void test_differ_in_much(void)
{
    char texts[100][16];
    const char *list[100];
    static char big[2000];
    const char *const one[] = {big};
    const char *const evil[] = {"a=\xe2\x80\xae"};
    struct checkpoint_settings some;
    struct checkpoint_settings none = settings(NULL, 0);
    struct buf out = BUF_INIT(MAX);
    struct buf small = BUF_INIT(20);
    int shown = 0;

    for (int i = 0; i < 100; i++) {
        snprintf(texts[i], sizeof(texts[i]), "did=x%02d", i);
        list[i] = texts[i];
    }
    some = settings(list, 100);
    CHECK_INT(checkpoint_settings_differ(&some, &none, &out), 1);
    for (const char *p = buf_str(&out); p != NULL; p = strstr(p + 1, "-did"))
        shown++;
    CHECK(out.n <= 430);
    snprintf(big, sizeof(big), " and %d more", 100 - shown);
    CHECK(strstr(buf_str(&out), big) != NULL);
    CHECK_INT(checkpoint_settings_differ(&some, &none, &small), -1);
    buf_release(&small);

    buf_reset(&out);
    memset(big, 'b', sizeof(big) - 1);
    some = settings(one, 1);
    CHECK_INT(checkpoint_settings_differ(&none, &some, &out), 1);
    CHECK(out.n <= 430 && out.p[0] == '+');
    CHECK(strcmp(buf_str(&out) + out.n - 4, "b...") == 0);
    buf_release(&out);
    CHECK_INT(differ(none, settings(evil, 1), "+a=?"), 1);
}

int main(void)
{
    RUN(test_hash);
    RUN(test_differ);
    RUN(test_differ_in_much);
    return check_done();
}
