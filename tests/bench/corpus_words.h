/*
 * What the posts of the corpus say, in which languages, and what they link to.
 * All of it is invented, but for the names of the nine default sites.
 */
#ifndef BENCH_CORPUS_WORDS_H
#define BENCH_CORPUS_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define PHRASES 12
#define SITE_HOSTS 4

struct tongue {
    unsigned share;   /* of 1000 posts */
    const char *tags; /* what stands in langs; NULL: no langs at all */
    bool english;
    const char *gap; /* between phrases */
    const char *phrases[PHRASES];
};

#define ENGLISH_PHRASES                                                        \
    {                                                                          \
        "The kettle went off halfway through the meeting and nobody moved",    \
            "I finally fixed the garden gate, and it only took two winters",   \
            "my neighbour calls this \"weather\", I call it a warning",        \
            "Good morning to everyone except whoever designed this form",      \
            "so the library is open late on Thursdays now?",                   \
            "Reading the minutes of the town council so that you need not.",   \
            "ok but have you tried it with more lemon",                        \
            "that's the third train today & still no seat",                    \
            "Honest question: who keeps the keys once the shop has closed?",   \
            "I drew this over lunch, the colours come tomorrow",               \
            "can't believe it <3", "same",                                     \
    }

/*
 * Shares: in the measured sample 9 of 17 posts have an English tag (7 "en", 1
 * each of the pairs below) and 1 has no langs.  So small a sample says little
 * of languages: 40% English and the order of the others are assumed.
 */
static const struct tongue tongues[] = {
    {350, "\"en\"", true, " ", ENGLISH_PHRASES},
    {25, "\"en-US\",\"en\"", true, " ", ENGLISH_PHRASES},
    {25, "\"es\",\"en\"", true, " ", ENGLISH_PHRASES},
    {215,
     "\"ja\"",
     false,
     "",
     {"今日は朝からずっと雨が降っている。", "新しい靴を買ったのに",
      "駅前のパン屋さんが閉まっていた……", "猫が窓のそばで寝ています💤",
      "明日の会議の資料がまだできていない", "ありがとうございます！",
      "昨日描いた絵を少し直しました", "お昼はカレーにしようかな",
      "電車が遅れて遅刻しそうです", "わかる", "庭の柿が赤くなってきた🍂",
      "続きは来週の金曜日に公開します。"}},
    {90,
     "\"pt\"",
     false,
     " ",
     {"hoje o ônibus passou mais cedo e eu fiquei para trás", "que saudade",
      "Alguém sabe se a feira abre no domingo?", "bom dia, gente",
      "a avó disse: \"menos açúcar\", e tinha razão", "não aguento mais",
      "terminei o livro às três da manhã", "café, pão e sossego",
      "Amanhã tem ensaio na praça da matriz.", "kkkkkkk", "o gato sumiu",
      "a chuva levou a placa da rua outra vez"}},
    {70,
     "\"de\"",
     false,
     " ",
     {"Der Aufzug ist seit Montag kaputt, also gibt es Sport", "Guten Morgen!",
      "Weiß jemand, wann die Bücherei wieder öffnet?", "na ja",
      "Im Garten blüht schon die erste Kirsche", "genau das",
      "Die Gemeinde hat \"nachgedacht\", sagt sie.", "Feierabend",
      "Zwei Stunden Verspätung & kein Kaffee", "das wäre schön gewesen",
      "heute nur kurz: der Kuchen ist gelungen", "Grüße aus dem Süden"}},
    {50,
     "\"es\"",
     false,
     " ",
     {"mañana empieza la feria y aún no hay carteles", "¿quién trae el pan?",
      "El río ha bajado dos palmos desde ayer.", "buenas noches",
      "mi hermana dice que exagero", "no puede ser", "otra vez lunes",
      "Qué alegría veros a todos en la plaza", "me quedé sin tinta azul",
      "la película dura tres horas y sobra una", "jajaja", "pues sí"}},
    {60,
     NULL,
     false,
     " ",
     {"zítra se v ulici neteče voda", "vlak má zase zpoždění", "děkuji",
      "Na náměstí dnes hraje kapela, vstup je volný.", "dobré ráno",
      "kdo nechal v kuchyni otevřené okno?", "to snad ne", "tak jo",
      "Výstava potrvá do konce měsíce a pak se stěhuje", "hezký večer",
      "babička upekla buchty & poslala půlku sousedům", "aha"}},
    {35,
     "\"ko\"",
     false,
     " ",
     {"오늘은 하루 종일 비가 왔다", "커피 한 잔만 더", "감사합니다~",
      "고양이가 또 상자 안에 들어갔어요 ㅋㅋ", "내일 시험인데 큰일이다",
      "새로 그린 그림입니다.", "버스를 놓쳤다…", "좋은 아침이에요",
      "창밖에 첫눈이 내린다", "맞아요", "점심은 국수로 정했다", "정말?"}},
    {30,
     "\"fr\"",
     false,
     " ",
     {"le marché ferme à midi, il faut se dépêcher", "bonne soirée",
      "Qui a laissé la lumière allumée à l'étage ?", "c'est noté",
      "J'ai retrouvé mes clés dans le frigo…", "voilà",
      "la répétition est reportée à jeudi", "encore un lundi",
      "un café, une chaise et du silence", "mais non", "bref",
      "On a repeint la barque en bleu hier."}},
    {30,
     "\"ru\"",
     false,
     " ",
     {"сегодня на даче расцвела яблоня", "доброе утро", "ну вот опять",
      "Автобус пришёл раньше, и я опоздал.", "спасибо большое",
      "кто оставил окно открытым на ночь?", "кот спит на клавиатуре 🔥",
      "завтра дорисую и выложу", "чай с лимоном спасает", "согласен",
      "Первая глава готова, вторая будет в среду", "ладно"}},
    {20,
     "\"tr\"",
     false,
     " ",
     {"bugün vapur yine geç kaldı", "günaydın", "çay bitti, sabır bitti",
      "Kütüphane pazar günü açık mı acaba?", "çok güzel olmuş", "aynen",
      "komşunun kedisi balkonu sahiplendi", "olmaz öyle şey", "eyvallah",
      "yağmur dinince çarşıya ineceğiz", "hadi bakalım", "neyse"}},
};

static const char *const emoji[] = {
    "😂", "🔥", "💦", "👇", "🎉", "❤️", "🌧️", "🙏", "🫠", "👩‍🌾"};

static const char *const tags[] = {
    "gardening", "NowPlaying", "写真",   "caturday", "retrocomputing",
    "art",       "お絵描き",   "Bücher", "football", "slowbread",
};

/* Hosts that no default route takes.  The names are reserved for examples. */
static const char *const elsewhere[] = {
    "www.example.com",        "example.org",          "news.example.net",
    "gazette.example.com",    "img.example.net",      "blog.somebody.example",
    "www.harbour.example",    "t.example.com",        "video.example.org",
    "shop.handmade.example",  "gifs.example.com",     "live.stream.example",
    "www.longreads.example",  "podcast.example.net",  "data.gov.example",
    "forum.example.org:8443", "cdn.photo.example.com"};

/* What looks like a default site and is none. */
static const char *const lookalikes[] = {
    "https://notyoutube.example.com/watch",
    "https://www.example.com/?u=https://youtube.com/watch",
    "https://youtube.com.example.org/watch",
    "https://www.example.net/reddit.com/r/gardening",
    "https://betsy.example/listing",
    "https://cnn.com@example.org/story",
    "https://my-ebay.example.com/itm",
};

/* Hosts of the nine default streams, one stream a line. */
static const char *const sites[][SITE_HOSTS] = {
    {"www.amazon.com", "amzn.to", "www.amazon.co.uk", "a.co"},
    {"www.ebay.com", "www.ebay.co.uk", "ebay.us", "ebay.de"},
    {"www.etsy.com", "gardenshed.etsy.com", "etsy.me", "etsy.com"},
    {"www.facebook.com", "m.facebook.com", "fb.watch", "facebook.com"},
    {"www.reddit.com", "old.reddit.com", "redd.it", "reddit.com"},
    {"www.youtube.com", "youtu.be", "m.youtube.com", "music.youtube.com"},
    {"www.bbc.com", "www.bbc.co.uk", "bbc.in", "bbc.co.uk"},
    {"www.cbc.ca", "cbc.ca", "ici.cbc.ca", "www.cbc.ca"},
    {"www.cnn.com", "edition.cnn.com", "cnn.it", "lite.cnn.com"},
};

#endif
