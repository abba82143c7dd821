#include "format.h"

#include "view/lines.h"

/* FORMAT(word, what is not 0 of struct format) */
#define FORMATS(FORMAT)                                                        \
    FORMAT(chart, .drawn = true)                                               \
    FORMAT(table, .lines = lines_table, .facts = true)                         \
    FORMAT(tsv, .lines = lines_tsv, .each = true)                              \
    FORMAT(json, .lines = lines_json, .facts = true, .each = true)             \
    FORMAT(prom, .lines = lines_prom, .facts = true,                           \
           .replaced = "# HELP s2tail_")

#define WORD(word, ...) "|" #word
#define NUMBER(word, ...) NUMBER_##word,
#define ROW(word, ...) [NUMBER_##word] = {__VA_ARGS__},

enum { NUMBER_auto = FORMAT_AUTO, FORMATS(NUMBER) };

const char format_words[] = "auto" FORMATS(WORD);

static const struct format formats[] = {FORMATS(ROW)};

const struct format format_check = {.facts = true};

const struct format *format_chosen(int word, bool tty)
{
    if (word == FORMAT_AUTO)
        word = tty ? NUMBER_chart : NUMBER_tsv;
    return &formats[word];
}
