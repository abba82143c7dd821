/*
 * Any bytes from a terminal: no key is made up, none is lost, and whole
 * sequences give none, wherever they stand.
 */
#include "fuzz.h"

#include "view/term_key.h"

/* Nothing but the bytes that came; without ESC all that are keys. */
static void check_bytes(struct slice in)
{
    enum term_key_state state = TERM_KEY_PLAIN;
    bool escaped = false;

    for (size_t i = 0; i < in.n; i++) {
        unsigned char byte = (unsigned char)in.p[i];
        int key = term_key_feed(&state, byte);

        escaped = escaped || byte == 0x1B;
        PROMISE(key == 0 || (key == byte && key != 0x1B && key < 0x7F));
        PROMISE(escaped || key == (byte < 0x7F ? byte : 0));
        if (byte % 11 == 0)
            term_key_pause(&state);
    }
    /* Two bytes of text end whatever was torn apart. */
    term_key_feed(&state, 'x');
    term_key_feed(&state, 'x');
    PROMISE(term_key_feed(&state, 'q') == 'q');
}

/* What a byte of input stands for. */
static const char *word_of(unsigned byte)
{
    static const char *const words[] = {
        "\033[A",    "\033OP",     "\033[[A", "\033[1;5C",  "\033x",
        "\033[200~", "\033[?1;2c", "\033[M",  "\033[<0;1m", "\033\033[A"};

    return words[byte % (sizeof(words) / sizeof(words[0]))];
}

/* Keys and whole sequences, one after the other. */
static void check_words(struct slice in)
{
    enum term_key_state state = TERM_KEY_PLAIN;

    while (in.n > 0) {
        unsigned byte = fuzz_byte(&in);

        if (byte < 128) {
            unsigned char key = (unsigned char)(' ' + byte % 95);

            PROMISE(term_key_feed(&state, key) == key);
            continue;
        }
        for (const char *p = word_of(byte); *p != '\0'; p++)
            PROMISE(term_key_feed(&state, (unsigned char)*p) == 0);
        PROMISE(state == TERM_KEY_PLAIN);
    }
    /* The key itself: alone, and then another. */
    PROMISE(term_key_feed(&state, 0x1B) == 0);
    term_key_pause(&state);
    PROMISE(term_key_feed(&state, 'q') == 'q');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    check_bytes(fuzz_input(data, n));
    check_words(fuzz_input(data, n));
    return 0;
}
