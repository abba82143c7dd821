# The plan of tests/soak_live.sh: what happens when, all of it decided by a
# seed.  Lines MS WHO WHAT, to be sorted:
#
#   MS jet|s2 LINE[;LINE]...     the proxy on that link goes by another script
#   MS source kill|term AWAY_MS  the Jetstream server ends, and comes back
#   MS writer|tail kill|term|stop MS
#                                started again, or going on, so much later
#   MS writer second MS          a second instance, while the first is stopped
#                                for so long
#
#   awk -v seed=1 -v seconds=3600 -f soak_live.awk | sort -n

# A number from 0 to k - 1: the minimal standard generator, exact in doubles.
function pick(k) {
    random = random * 16807 % 2147483647
    return random % k
}

function between(low, high) {
    return low + pick(high - low + 1)
}

# The same, but small ones are as likely as large ones.
function about(low, high) {
    return int(low * exp(log(high / low) * pick(100000) / 100000))
}

# The next card of a deck, which is shuffled when it is used up: each comes as
# often as any other.
function deal(deck, cards,    n, names, i, j, t) {
    if (left[deck] == 0) {
        n = split(cards, names, ",")
        for (i = n; i > 0; i--) {
            j = pick(i) + 1
            t = names[i]
            names[i] = names[j]
            names[j] = t
            card[deck, i] = names[i]
        }
        left[deck] = n
    }
    return card[deck, left[deck]--]
}

# Which connections, and behind how many bytes.
function aim(most,    text) {
    text = pick(3) == 0 ? "" : " every " between(2, 3)
    return text (pick(4) == 0 ? "" : " after " about(100, most))
}

# What is done to the bytes of a link.
function bytes(link, side, kind,    heavy) {
    # The events themselves are 2 MB a second.
    heavy = link == "jet" && side == "downstream"
    if (kind == "latency")
        return side " latency " about(1, 400) " " pick(200)
    if (kind == "bandwidth")
        return side " bandwidth " (heavy ? about(200000, 5000000) \
            : about(3000, 300000))
    if (kind == "slicer")
        return side " slicer " (heavy ? about(300, 4000) : about(40, 400)) \
            " 30 1"
    if (kind == "slowclose")
        return side " slowclose " about(100, 3000)
    if (kind == "hole")
        return side " 1-2 after " about(100, heavy ? 1000000 : 10000) \
            " timeout 0"
    if (kind == "timeout" || kind == "down" || kind == "late")
        kind = kind " " about(50, 3000)
    # A websocket's client says little.
    return side aim(heavy ? 2000000 : link == "jet" ? 500 : 100000) " " kind
}

# What is done to some requests.
function requests(kind,    often) {
    often = " prob 0." sprintf("%02d", about(2, 40)) " " pick(1000) " "
    if (kind == "late" || kind == "delay")
        return "on append" often kind " " about(20, 2000)
    if (kind == "down")
        return "on append " about(5, 200) " down " about(100, 3000)
    if (kind == "read")
        return "on read" often "half"
    if (kind == "any" || kind == "tail")
        return "on " kind often "lost"
    return "on append" often kind
}

# One link: faults of one kind each, every third time none.
function wire(link,    ms, hand, part, long, line) {
    for (ms = 0; ms < end; ms += long) {
        long = between(4000, 24000)
        if (pick(3) == 0) {
            print ms, link, "upstream none"
            continue
        }
        hand = deal(link, BYTES (link == "s2" ? REQUESTS : ""))
        split(hand, part, " ")
        if (part[1] == "request") {
            line = requests(part[2]) ";" requests(part[2])
        } else {
            line = bytes(link, part[1], part[2])
            # Nobody but the tool ends it: it needs time to find out.
            if (part[2] == "hole" && end >= 600000)
                long = between(30000, 100000)
        }
        print ms, link, line
    }
}

function source(    ms) {
    for (;;) {
        ms += 4000 + pick(end / 20 > 8000 ? int(end / 20) : 8000)
        if (ms >= end)
            return
        print ms, "source", pick(2) ? "kill" : "term", pick(10) == 0 ? \
            about(1000, end >= 600000 ? 30000 : 8000) : about(100, 8000)
    }
}

# Storms of kills, and lulls, a long one among them, that give memory the time
# to grow.
function processes(    ms, storm, lull, stop, next_tail, lot, rested) {
    for (ms = 0; ms < end; ms += lull) {
        storm = ms + (end / 20 > 10000 ? int(end / 20) : 10000)
        lull = int(end / 12)
        if (!rested && storm > end * 0.55)
            rested = lull = int(end / 4)
        next_tail = ms + between(2000, 20000)
        for (ms += between(500, 5000); ms < storm && ms < end;
            ms += between(1000, 8000)) {
            lot = pick(20)
            stop = about(300, 12000)
            if (lot < 10)
                print ms, "writer kill", about(10, 3000)
            else if (lot < 13)
                print ms, "writer term", about(10, 3000)
            else if (lot < 16)
                print ms, "writer stop", stop
            else
                print ms, "writer second", pick(2) ? stop : 0
        }
        for (; next_tail < ms && next_tail < end;
            next_tail += between(3000, 20000))
            print next_tail, "tail", deal("tail", "kill,kill,term,stop"), \
                about(10, 6000)
        # One that stands still amid the lull.
        lot = ms + pick(lull)
        if (lot < end)
            print lot, "writer stop", about(1000, 30000)
    }
}

BEGIN {
    BYTES = "upstream latency,upstream bandwidth,upstream slicer," \
        "upstream slowclose,upstream timeout,upstream hole,upstream reset," \
        "upstream limit,upstream down,upstream late,downstream latency," \
        "downstream bandwidth,downstream slicer,downstream slowclose," \
        "downstream timeout,downstream hole,downstream reset," \
        "downstream limit,downstream down"
    REQUESTS = ",request dropped,request dropped,request late,request late," \
        "request lost,request delay,request read,request tail,request any," \
        "request down"
    # Not 0, and far apart for seeds that are near each other.
    random = (seed * 69621 + 12345) % 2147483646 + 1
    for (i = 0; i < 20; i++)
        pick(2)
    end = seconds * 1000
    wire("jet")
    wire("s2")
    source()
    processes()
}
