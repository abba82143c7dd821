#include "format.h"

#define WORD(name, ...) "|" #name
#define NUMBER(name, ...) NUMBER_##name,
#define ROW(name, ...) [NUMBER_##name] = {.lines = lines_##name, __VA_ARGS__},

enum { NUMBER_chart = FORMAT_AUTO + 1, LINES_FORMS(NUMBER) };

const char format_words[] = "auto|chart" LINES_FORMS(WORD);

const struct lines_form format_chart = {.bare = true, .last = true};
const struct lines_form format_check = {.last = true};

static const struct lines_form forms[] = {LINES_FORMS(ROW)};

const struct lines_form *format_chosen(int word, bool tty)
{
    if (word == FORMAT_AUTO)
        word = tty ? NUMBER_chart : NUMBER_tsv;
    return word == NUMBER_chart ? &format_chart : &forms[word];
}
