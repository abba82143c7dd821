/*
 * What a post can link to, and in which languages it can be, by its text
 * alone, link by link and key by key.
 * In the tables ' stands for ".
 */
#include "peekworld.h"

#define RECORD(members)                                                        \
    "{'did':'a','time_us':1795372744737147,'cursor':7,'kind':'commit',"        \
    "'commit':{'rev':'r','operation':'create',"                                \
    "'collection':'app.bsky.feed.post','rkey':'k',"                            \
    "'record':{'langs':['en']," members "},'cid':'c'}}"
#define FEATURE(members) RECORD("'facets':[{'features':[{" members "}]}]")
#define URI(uri) FEATURE("'uri':'" uri "'")

static const struct peek_row rows_links[] = {
    {RECORD("'x':1"), 0},
    {URI("https://youtube.com/"), 1},
    {URI("http://youtube.com"), 1},
    {URI("HTTP://m.BBC.com."), 1},
    {URI("http://u:p@cnn.com:80?x"), 1},
    {URI("https://notcnn.com"), 0},
    {URI("https://cnn.com.example/"), 0},
    {URI("https://example.com/https://cnn.com"), 0},
    {URI("ftp://bbc.com"), 0},
    {URI("x"), 0},
    {URI(""), 0},
    {URI("h"), 0},
    {URI("mailto:x@cnn.com"), 0},
    /* Where an authority ends, and what is escaped before that or after. */
    {URI("https:\\/\\/bbc.com"), 1},
    {URI("\\u0068ttps://bbc.com"), 1},
    {URI("\\u0048ttps://bbc.com"), 1},
    {URI("at:\\/\\/bbc.com"), 0},
    {URI("h\\u0074tps://bbc.com"), 1},
    {URI("https://\\u0062bc.com"), 1},
    {URI("https://bbc\\u002Ecom"), 1},
    {URI("https://bbc.com\\/x"), 1},
    {URI("https://example\\u002Ecom"), 1},
    {URI("https://bbc.com/\\u0078"), 1},
    {URI("https://example.com/\\u0026"), 0},
    {URI("https://example.com?\\u0026"), 0},
    {URI("https://example.com#\\u0026"), 0},
    {URI("http://x/\\u0026"), 0},
    {URI("http:///bbc.com"), 0},
    {URI("https:///bbc.com"), 0},
    {URI("http://?bbc.com"), 0},
    {URI("http:///\\u0078"), PEEK_ANY},
    {URI("https:///\\u0078"), PEEK_ANY},
    {URI("https://bbc.com/\xC3\xA9?'"), PEEK_ANY},
    {URI("https://a@a@a/@bbc.com"), 0},
    /* Keys and spaces. */
    {FEATURE("'uri' \t\r\n: \t\r\n'https://bbc.com'"), 1},
    {FEATURE("'\\u0075ri':'https://bbc.com'"), 1},
    {FEATURE("'u\\u0072i':'https://bbc.com'"), 1},
    {FEATURE("'ur\\u0069':'https://bbc.com'"), 1},
    {RECORD("'text':'\\u0075'"), 1},
    {RECORD("'text':'\\u0072'"), 1},
    {RECORD("'text':'\\u0069'"), 1},
    {RECORD("'text':'\\u007E'"), 1},
    {RECORD("'text':'\\u0055\\u0052\\u0049\\u0080\\n\\\\'"), 0},
    {RECORD("'text':'\\n\\u0068\\u0075'"), 1},
    {FEATURE("'URI':'https://bbc.com'"), 0},
    {FEATURE("'uri ':'https://bbc.com'"), 0},
    {FEATURE("'xuri':'https://bbc.com'"), 0},
    {FEATURE("'urix':'https://bbc.com'"), 0},
    {FEATURE("'ur':'https://bbc.com'"), 0},
    {FEATURE("'uri':7,'x':'https://bbc.com'"), 0},
    {FEATURE("'uri':['https://bbc.com']"), 0},
    {FEATURE("'uri':{'uri':'https://bbc.com'}"), 1},
    {FEATURE("'x':'uri','y':'https://bbc.com'"), 0},
    {RECORD("'text':'\\'uri\\':\\'https://bbc.com\\''"), 0},
    {RECORD("'text':'\\'uri':'https://bbc.com'"), PEEK_ANY},
    {RECORD("'a':['uri','https://bbc.com']"), 0},
    {RECORD("'uri':'https://x.example','embed':{'external':{'title':'',"
            "'uri':'https://bbc.com'}}"),
     1},
    {RECORD("'embed':{'media':{'external':{'uri':'https://bbc.com'}}}"), 1},
    /* Texts that end. */
    {"'uri':'https://bbc.com'", 1},
    {"'uri':'https://bbc.com", PEEK_ANY},
    {"'uri':'h", PEEK_ANY},
    {"'uri':'", PEEK_ANY},
    {"'uri':  ", 0},
    {"'uri':7https://bbc.com'", 0},
    {"'uri':", 0},
    {"'uri' ", 0},
    {"'uri'", 0},
    {"'ur", 0},
    {"'", 0},
    {"\\u0075", 1},
    {"\\u007", 1},
    {"\\u00", 0},
    {"\\", 0},
};

#define LANGS(langs)                                                           \
    "{'did':'a','time_us':1795372744737147,'cursor':7,'kind':'commit',"        \
    "'commit':{'rev':'r','operation':'create',"                                \
    "'collection':'app.bsky.feed.post','rkey':'k','record':{"                  \
    "'embed':{'external':{'uri':'https://bbc.com'}}" langs "},'cid':'c'}}"

static const struct peek_row rows_english[] = {
    {LANGS(""), 0},
    {LANGS(",'langs':['en']"), 1},
    {LANGS(",'langs':['EN-gb']"), 1},
    {LANGS(",'langs':['de','en']"), 1},
    {LANGS(",'langs' \t\r\n: \t\r\n[ \t\r\n'de' , \r\n'en' ]"), 1},
    {LANGS(",'langs':['de','ja']"), 0},
    {LANGS(",'langs':[ ]"), 0},
    {LANGS(",'langs':[]"), 0},
    {LANGS(",'langs':['','e','eng','-en']"), 0},
    {LANGS(",'langs':'en'"), 0},
    {LANGS(",'langs':{'en':'en'}"), 0},
    {LANGS(",'langs':null"), 0},
    {LANGS(",'langs':[null,'en']"), 1},
    {LANGS(",'langs':[7]"), PEEK_ANY},
    {LANGS(",'langs':[['en']]"), PEEK_ANY},
    {LANGS(",'langs':['\\u0065n']"), 1},
    {LANGS(",'langs':['de','e\\u006E']"), 1},
    {LANGS(",'l\\u0061ngs':['en']"), 1},
    {LANGS(",'\\u006C\\u0061\\u006e\\u0067\\u0073':['en']"), 1},
    {LANGS(",'lang':['en'],'Langs':['en'],'langsx':['en'],'xlangs':['en']"), 0},
    {LANGS(",'x':['langs','en'],'text':'\\'langs\\':[\\'en\\']'"), 0},
    {LANGS(",'x':{'langs':['en']},'langs':['de']"), 1},
    {"'langs':['en'],'uri':'https://bbc.com'", 1},
    {"'uri':'https://bbc.com','langs':['en'", 1},
    {"'uri':'https://bbc.com','langs':['de'", 0},
    {"'uri':'https://bbc.com','langs':['de',", 0},
    {"'uri':'https://bbc.com','langs':['de", PEEK_ANY},
    {"'uri':'https://bbc.com','langs':[", 0},
    {"'uri':'https://bbc.com','langs':", 0},
    {"'uri':'https://bbc.com','langs'", 0},
    {"'uri':'https://x.example','langs':['en']", 0},
};

static const struct peek_row rows_several[] = {
    {LANGS(",'langs':['en']"), 0},
    {LANGS(",'langs':['en-gb']"), 1},
    {LANGS(",'langs':['en-GB-x']"), 0},
    {LANGS(",'langs':['en','pt-BR']"), 1},
    {LANGS(",'langs':['en\\u002dGB']"), 1},
    {LANGS(",'langs':['de\\u002d','pt']"), 1},
};

static const struct peek_row rows_unrouted[] = {
    {URI("https://example.com"), 1}, {URI("https://bbc.com"), 1},
    {URI("mailto:x@y"), 0},          {URI("https://"), 0},
    {URI("https://[::1]/"), 0},      {URI("https:///x"), 0},
    {URI("https://a b/"), 0},
};

static const struct peek_row rows_odd[] = {
    {URI("https://odd.example"), 1},
    {URI("https://x.odd.example"), 1},
    {URI("https://bbc.com"), 0},
};

static void check_links(const struct peek_row *rows, size_t n, int config)
{
    struct peekcheck seen;
    char text[2048];

    for (size_t i = 0; i < n; i++) {
        struct slice json = peek_unquoted(rows[i].text, text, sizeof(text));

        if (!peek_agrees(json, config, &seen))
            check_bad = true;
        if (rows[i].want == PEEK_ANY || seen.possible == (rows[i].want == 1))
            continue;
        check_bad = true;
        printf("# possible is %d, not %d\n", seen.possible, rows[i].want);
        peek_show(json);
    }
}

static void test_links(void)
{
    check_links(rows_links, sizeof(rows_links) / sizeof(rows_links[0]),
                PEEK_ANY_LANGUAGE);
    check_links(rows_unrouted, sizeof(rows_unrouted) / sizeof(rows_unrouted[0]),
                PEEK_UNROUTED);
    check_links(rows_odd, sizeof(rows_odd) / sizeof(rows_odd[0]), PEEK_ODD);
}

static void test_langs(void)
{
    check_links(rows_english, sizeof(rows_english) / sizeof(rows_english[0]),
                PEEK_ENGLISH);
    check_links(rows_several, sizeof(rows_several) / sizeof(rows_several[0]),
                PEEK_LANGS);
}

int main(void)
{
    peek_init();
    RUN(test_links);
    RUN(test_langs);
    peek_release();
    return check_done();
}
