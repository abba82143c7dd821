#include "view/term.h"

#include "check.h"
#include "pty.h"

/* The keys that come of ${bytes} when they are read in two parts. */
static void keys_of(struct term *term, int master, struct slice bytes,
                    size_t split, char *out, size_t size)
{
    size_t parts[] = {split, bytes.n - split}, n = 0;
    const char *p = bytes.p;

    for (int i = 0; i < 2; i++) {
        int key;

        CHECK(write(master, p, parts[i]) == (ssize_t)parts[i]);
        p += parts[i];
        for (key = term_key(term); key > 0; key = term_key(term)) {
            if (n + 1 < size)
                out[n++] = (char)key;
        }
        CHECK_INT(key, 0);
    }
    out[n] = '\0';
}

static void test_keys(void)
{
    static const struct {
        struct slice bytes;
        const char *keys;
    } cases[] = {
        {{"q", 1}, "q"},
        {{"a\0s \014z", 6}, "as \014z"},
        {{"\033[Aq", 4}, "q"},
        {{"\033[1;5Cr", 7}, "r"},
        {{"\033[15~s", 6}, "s"},
        {{"\033OPz", 4}, "z"},
        {{"\033OqZ", 4}, "Z"},
        {{"\033[[Aq", 5}, "q"},
        {{"\033\033[Aq", 5}, "q"},
        {{"\033[\033[Aq", 6}, "q"},
        {{"\033[1\033OPq", 7}, "q"},
        {{"\033[200~q\033[201~", 13}, "q"},
        {{"\xC3\xA9q\x7F", 4}, "q"},
    };
    struct pty pty;
    struct term *term;
    char keys[32];

    pty_open(&pty, 20, 3);
    term = NEEDED(term_open(pty.slave, pty.slave, NULL));
    CHECK_INT(term_key(term), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t split = 0; split <= cases[i].bytes.n; split++) {
            keys_of(term, pty.master, cases[i].bytes, split, keys,
                    sizeof(keys));
            CHECK_STR(keys, cases[i].keys);
        }
    }
    /* Escape, and later a key; Alt and a key. */
    keys_of(term, pty.master, SLICE("\033q"), 1, keys, sizeof(keys));
    CHECK_STR(keys, "q");
    keys_of(term, pty.master, SLICE("\033qs"), 0, keys, sizeof(keys));
    CHECK_STR(keys, "s");
    term_close(term, NULL, false);
    pty_close(&pty);
}

/* What is typed for us is not left to the shell. */
static void test_keys_left(void)
{
    struct pty pty;
    struct term *term;
    char byte;

    pty_open(&pty, 20, 3);
    term = NEEDED(term_open(pty.slave, pty.slave, NULL));
    CHECK(write(pty.master, "qq\n", 3) == 3);
    CHECK_INT(term_key(term), 'q');
    term_close(term, NULL, false);
    fcntl(pty.slave, F_SETFL, O_NONBLOCK);
    CHECK_INT(read(pty.slave, &byte, 1), -1);
    pty_close(&pty);
}

int main(void)
{
    RUN(test_keys);
    RUN(test_keys_left);
    return check_done();
}
