# The rules of `promtool check metrics` and of the text format 0.0.4 that our
# metrics could break; prints what is wrong and exits 1.
function bad(text) {
    print FILENAME ":" FNR ": " text
    failed = 1
}
/^# HELP / {
    help[$3]++
    if (help[$3] > 1) bad($3 ": a second HELP")
    if (NF < 4) bad($3 ": an empty HELP")
    next
}
/^# TYPE / {
    if ($3 in type) bad($3 ": a second TYPE")
    if (!($3 in help)) bad($3 ": TYPE without HELP")
    if ($3 in seen) bad($3 ": TYPE behind a sample")
    if ($4 !~ /^(counter|gauge)$/) bad($3 ": type " $4)
    if ($4 == "counter" && $3 !~ /_total$/) bad($3 ": counter without _total")
    if ($4 != "counter" && $3 ~ /_total$/) bad($3 ": _total, but no counter")
    if ($3 ~ /_(ms|us|milliseconds|minutes|hours|kb|mb)(_|$)/)
        bad($3 ": no base unit")
    if ($3 ~ /_(counter|gauge|info_total)$/) bad($3 ": type in the name")
    type[$3] = $4
    family = $3
    next
}
/^#/ || /^$/ { bad("a comment or an empty line"); next }
{
    name = $0
    sub(/[{ ].*/, "", name)
    if (name !~ /^[a-z_][a-z0-9_]*$/) bad("name " name)
    if (!(name in type)) bad(name ": no TYPE")
    if (name != family) bad(name ": not with its family")
    key = $0
    sub(/ [^ ]*$/, "", key)
    if (key in seen_sample) bad("a second sample of " key)
    seen_sample[key] = 1
    seen[name] = 1
    rest = substr($0, length(name) + 1)
    if (rest !~ /^(\{[a-z_]+="([^"\\]|\\["\\n])*"(,[a-z_]+="([^"\\]|\\["\\n])*")*\})? -?[0-9]+(\.[0-9]+)?$/)
        bad("no sample: " $0)
}
END {
    for (n in type) if (!(n in seen)) { print n ": no sample"; failed = 1 }
    for (n in seen) count++
    if (!count) { print "no metrics at all"; failed = 1 }
    exit failed
}
