#!/bin/sh
# Write the seeds of the fuzz targets again that are no plain text: frames,
# protobuf, patches of a database, and what begins with bytes of options.
# Usage: seeds.sh [FOLDER], by default the corpus beside this script.
set -eu
cd "${1:-$(dirname "$0")/corpus}"

# FOLDER/NAME FORMAT...: one file out of printf's formats.
seed() {
    mkdir -p "${1%/*}"
    name=$1
    shift
    # shellcheck disable=SC2059 # they are formats
    for part in "$@"; do printf "$part"; done >"$name"
}

# S2S: two bytes for the pieces, then length, flags, payload.
seed frame/two '\003\125' '\000\000\004\000abc' '\000\000\001\000'
seed frame/reconnect '\000\002' '\000\000\003\020ab' '\000\000\002\000c'
seed frame/terminal '\001\007' '\000\000\003\000ab' \
    '\000\000\005\200\001\364{}' 'behind'
seed frame/statusless '\000\003' '\000\000\002\200x'
seed frame/zstd '\004\005' \
    '\000\000\017\040\050\265\057\375\040\005\051\000\000hello' \
    '\000\000\002\000x'
seed frame/badzstd '\000\011' '\000\000\005\040abcd'
seed frame/zero '\000\002' '\000\000\002\000x\000\000\000'
seed frame/huge '\000\004' '\040\000\001\000x'
seed frame/reserved '\000\004' '\000\000\002\001x'
seed frame/gzip '\000\004' '\000\000\002\100x'
seed frame/cut '\000\004' '\000\000\011\000x'

# ReadBatch and AppendAck.
seed wire/batch '\012\010\010\005\020\350\007\042\001a' \
    '\012\010\010\006\020\350\007\042\001b' '\022\005\010\007\020\350\007'
seed wire/headers '\012\024\010\001\020\002\032\006\012\001k\022\001v' \
    '\032\004\012\002kk\042\000'
seed wire/command '\012\017\010\001\032\011\012\000\022\005fence\042\000'
seed wire/ack '\012\004\010\003\020\011' '\022\004\010\005\020\011' \
    '\032\004\010\006\020\012'
seed wire/noend '\012\004\010\003\020\011'
seed wire/backward '\012\004\010\005\020\001' '\022\004\010\003\020\001'
seed wire/unordered '\012\004\010\002\042\000' '\012\004\010\001\042\000'
seed wire/twice '\012\004\010\002\042\000' '\012\004\010\002\042\000'
seed wire/varint '\012\014\010\377\377\377\377\377\377\377\377\377\377\001'
seed wire/most '\012\013\010\377\377\377\377\377\377\377\377\377\001'
seed wire/cut '\012\010\010\005\020'
seed wire/unknown '\012\006\010\001\230\006\001\072\003\010\001\020'

# zstd: options, then a frame of raw or repeated bytes; or what is packed.
seed zst/raw '\000\050\265\057\375\040\005\051\000\000hello'
seed zst/checksum '\040\050\265\057\375\044\002\021\000\000ab\001\002\003\004'
seed zst/unsized '\060\050\265\057\375\000\000\051\000\000hello'
seed zst/window '\000\050\265\057\375\000\130\051\000\000hello'
seed zst/repeat '\010\050\265\057\375\240\000\000\001\000\003\000\010x'
# Libzstd takes this in one piece only.
seed zst/norepeat '\010\050\265\057\375\240\000\000\000\000\003\000\000x'
seed zst/two '\000\050\265\057\375\040\001\010\000\000a\011\000\000b'
seed zst/dictionary \
    '\001\050\265\057\375\043\275\276\024\140\005\051\000\000hello'
seed zst/bomb '\000\050\265\057\375\340\377\377\377\377\377\377\377\177'
seed zst/skippable '\000\120\052\115\030\003\000\000\000abc'
seed zst/pack '\023{"did":"did:plc:7","time_us":1795370912779000}'
seed zst/packunsized '\206{"did":"did:plc:7","did":"did:plc:7"}'
seed zst/empty '\002'

# A basin: options, then patches.
seed file/sound '\001'
seed file/log '\005'
seed file/version '\000\000\074\004\000\000\000\002'
seed file/foreign '\001\000\104\001x'
seed file/magic '\000\000\000\001s'
seed file/short '\001\003\000\000'
seed file/head '\001\000\143\000'
seed file/empty '\011'
seed file/text '\011not a database at all'
seed file/schema '\001\000\200\037CREATE VIEW stream AS SELECT 1'
seed file/pages '\001\002\001\002\377\377\004\005\002\377\377'
seed file/cutlog '\007\002\060\000'
seed file/badlog '\007\000\040\004abcd'
seed file/readonly '\001\000\022\001\377'
seed file/names '\000\005\377\001\061'
seed file/index '\000\021\361\001\015'
seed file/numbers '\001\022\000\037\377\377\377\377\377\377\377\377\377' \
    '\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377' \
    '\377\377\377\377\377\377'

# Charts: options, the size, numbers; title, notice, rows.
seed chart/plain '\061\120\024\001\002\003\004\005\006\000' 'social/\n\n' \
    '\007\021social/youtube\n\003\011social/reddit\n\001\002news/bbc\n'
seed chart/ascii '\171\050\012\001\002\003\004\005\006\040' 'a\nb\n' \
    '\001\002\303\251l\303\250ve\n\003\004\346\274\242\345\255\227\n'
seed chart/narrow '\061\000\000\001\002\003\004\005\006\000' 't\nn\n\001\001x\n'
seed chart/hostile '\161\120\024\001\002\003\377\377\377\160' \
    '\033]0;t\007\n\033[2J\302\233H\n' \
    '\006\006\033[31mred\r\n\010\010\342\200\256rtl\n' \
    '\201\202\342\200\213zero\n\005\005e\314\201\314\201\n' \
    '\011\011\360\237\230\200\357\270\217\n\001\001\377\376\n'
seed chart/many '\121\117\005\001\002\003\004\005\006\061' 'x\n\n' \
    '\001\001a\n\002\002b\n\003\003c\n\004\004d\n\005\005e\n\006\006f\n'
seed chart/waiting '\001\120\024\001\002\003\004\005\006\140' \
    'a prefix\na notice\n'

# Lines: options, top, times; rows.
seed lines/plain '\020\000\100\001' '\007\021social/youtube\n\003\011news/bbc\n'
seed lines/rate '\007\000\100\031' '\007\021a\n\003\011b\n'
seed lines/top '\022\002\100\001' '\001\001a\n\002\002other\n\003\003c\n\004\004d\n'
seed lines/hostile '\030\000\000\001' '\001\001a\tb\\c\vd\n\002\002"q"\\\n' \
    '\003\003\033[2J\n\004\004\302\233\n\005\005\342\200\256\n\006\006\377\n'
seed lines/same '\060\000\001\001' '\001\001\033\n\002\002?\n\003\003\001\n'
seed lines/wide '\020\000\001\001' '\001\001\346\274\242\n\002\002e\314\201\n'
seed lines/none '\000\000\000\000'

# Scrubbing: how much, then the text.
seed text/controls '\377a\tb\033[31mc\177d\302\205e\r\n'
seed text/bidi '\377\342\200\256a\342\201\246b\330\234c\342\200\217'
seed text/zero '\377a\342\200\213\342\201\240b\357\273\277c\302\255d\363\240\200\201'
seed text/invalid '\377\340\220\200\300\200\355\240\200\364\220\200\200\377\342\200'
seed text/cut '\004\346\274\242\345\255\227'
seed text/nul '\377a\000b"\\/'
seed text/url '\377https://a.example/~x?y=1&z=%%20'

# Records in fields: a time, then did, rkey, cid, created_at, offsite, link.
seed record/fields '\000\006\140\351\217\252\247\170' 'did:plc:a\nk\nc\n' \
    '2026-11-22T18:00:02Z\nYouTube.com\nhttps://youtu.be/x'
seed record/odd '\000\000\000\000\000\000\000\000' '"\\\n\303\251\n\001\n' \
    '\n\n\000'
seed record/bytes '\377\377\377\377\377\377\377\377' '\377\nk\nc\nd\ne\nf'

# Keys and sequences of a terminal.
seed keys/plain 'qsrz \014\032'
seed keys/sequences '\033[A\033OPq\033[[Aq\033[1;5Cq\033xq'
seed keys/torn '\033\013[\013A\033[1;\013q\033'
seed keys/words '\200\201\202\203q\204\205\206s\207\210\211'

# How a websocket ends.
seed ws/going '\003\351going away'
seed ws/policy '\003\360\033[2Jslow\nconsumer'
seed ws/short '\003'
seed ws/retry '120\n'
seed ws/hours '7200\n'
seed ws/room '/%0770d'
seed ws/toolong '\003\351%0300d'
seed ws/long '99999999999999999999999\nabc'
seed ws/path '/subscribe?wantedCollections=app.bsky.feed.post&cursor=1\nrest'
seed ws/standin '/the-path-is-put-in-later\n/the-path-is-put-in-later'
seed ws/six '::1\n'
