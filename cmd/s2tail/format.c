#include "format.h"

#define WORD(name, ...) "|" #name
#define NUMBER(name, ...) NUMBER_##name,
#define ROW(name, ...) [NUMBER_##name] = {.lines = lines_##name, __VA_ARGS__},

enum { NUMBER_chart = FORMAT_AUTO + 1, LINES_FORMATS(NUMBER) };

const char format_words[] = "auto|chart" LINES_FORMATS(WORD);

const struct lines_format format_chart = {.bare = true, .last = true};
const struct lines_format format_check = {.last = true};

static const struct lines_format formats[] = {LINES_FORMATS(ROW)};

const struct lines_format *format_chosen(int word, bool tty)
{
    if (word == FORMAT_AUTO)
        word = tty ? NUMBER_chart : NUMBER_tsv;
    return word == NUMBER_chart ? &format_chart : &formats[word];
}
