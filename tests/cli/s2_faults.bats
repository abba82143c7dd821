#!/usr/bin/env bats
# An S2 basin that fails in every way: nothing is lost, doubled or out of
# order, -o tells each record once, and each fault was really injected.

load common
load s2
setup() { common_setup; }
teardown() { s2_teardown; }

# N first copies have come too late.
late() { # N
    [ "$(count '^late .* applied: 412$' log)" = "$1" ]
}

@test "refusals that say that nothing was applied: 409, 429, 502, 503" {
    survives 'on append news/cnn 1-2 status 503 server_draining' \
        'on append news/bbc 1-2 status 409 transaction_conflict' \
        'on append social/reddit 1-2 status 429 rate_limited' \
        'on append social/youtube 1-2 status 502 hot_server'
    injected 'status 409 transaction_conflict' 'status 429 rate_limited' \
        'status 502 hot_server' 'status 503 server_draining'
    # What is known to have had no effect needs no reading back.
    same "$(count 'op=read' log)" 0
}

@test "errors that leave open what was applied, and nothing was" {
    survives 'on append news/bbc 1-2 status 504 upstream_timeout' \
        'on append news/cnn 1-2 status 500 storage' \
        'on append social/youtube 1-2 status 408 request_timeout' \
        'on append social/reddit 1-2 status 500 other' \
        'on append social/facebook 1-2 status 503 unavailable'
    injected 'status 408 request_timeout' 'status 500 other' \
        'status 503 unavailable' 'status 504 upstream_timeout' \
        'status 500 storage'
}

@test "errors that leave open what was applied, and all was" {
    survives 'on append social/youtube 1 applied 408 request_timeout' \
        'on append social/reddit 1 applied 499 client_hangup' \
        'on append social/facebook 1 applied 500 storage' \
        'on append news/bbc 1 applied 500 other' \
        'on append news/cnn 1 applied 503 unavailable' \
        'on append news/cbc 1 applied 504 upstream_timeout' \
        'on append ecommerce/ebay 1 applied 502 bad_gateway' \
        'on append ecommerce/etsy 1 applied 429 too_many'
    injected 'applied 408 request_timeout' 'applied 499 client_hangup' \
        'applied 500 storage' 'applied 500 other' 'applied 503 unavailable' \
        'applied 504 upstream_timeout' 'applied 502 bad_gateway' \
        'applied 429 too_many'
    # Each was found by a 412 and one page of a read.
    same "$(count 'op=append .* 412$' log)" 8
    same "$(count 'op=read .* 200$' log)" 8
    same "$(count 'read back up to [0-9]+: [0-9]+ of ours were there$')" 8
}

@test "Retry-After is waited for" {
    survives \
        'on append social/youtube 1 status 429 rate_limited Retry-After: 1' \
        'on append news/bbc 1 status 503 unavailable Retry-After: 1'
    injected 'status 429 rate_limited' 'status 503 unavailable'
    grep -q '^bsky2s2: social/youtube: .* 429 .*; trying again in 1.000 s$' \
        <<<"$stderr"
    grep -q '^bsky2s2: news/bbc: .* 503 .*; trying again in 1.000 s$' \
        <<<"$stderr"
}

@test "the ack of the first, a middle, the last batch is lost" {
    s2 'on append social/youtube 1 drop' 'on append news/bbc 10 drop' \
        'on append ecommerce/etsy 20 drop' 'on append news/cnn 7-9 drop'
    posts 180 >input
    lockstep input 9
    injected 'op=append stream=social/youtube n=1 drop' \
        'op=append stream=news/bbc n=10 drop' \
        'op=append stream=ecommerce/etsy n=20 drop' \
        'op=append stream=news/cnn n=8 drop'
    holds input
    told records
}

@test "the same, of full batches, with more waiting behind" {
    s2 'on append 1 droplate 300' 'on append 3 drop' 'on append every 4 drop'
    posts 5000 1700000000 bbc.com >input
    bsky2s2 -i input -o records
    injected 'droplate 300' 'n=3 drop' 'n=[48] drop'
    # More than one page of a read.
    grep -q 'count=1000 ' log
    holds input
    told records
}

@test "a third of all acks is lost, at random" {
    s2 'on append prob 0.33 42 drop'
    posts 90 >input
    lockstep input 9
    [ "$(count ' drop$' log)" -gt 20 ]
    holds input
    told records
}

@test "requests that never arrive" {
    survives 'on append every 2 lost' 'on create every 2 lost' \
        'on tail every 2 lost'
    injected 'op=append .* lost' 'op=create .* lost' 'op=tail .* lost'
}

@test "the first copy lands after the retry: it is refused" {
    s2 'on append social/youtube 1 late 700' 'on append news/bbc 1 late 700' \
        'on append ecommerce/etsy 1 late 700'
    bsky2s2 -i "$EVENTS" -o records
    injected 'late 700'
    await late 3
    holds "$EVENTS"
    told records
}

@test "the first copy lands before the retry does" {
    # The first retry finds nobody, so that the copy comes between.
    s2 'on append social/youtube 1 late 50' \
        'on append social/youtube 2 status 429 rate_limited Retry-After: 1'
    bsky2s2 -i "$EVENTS" -o records
    injected 'late 50' 'status 429 rate_limited'
    same "$(count '^late .* applied: 200$' log)" 1
    same "$(count 'op=append stream=social/youtube 412$' log)" 1
    holds "$EVENTS"
    told records
}

@test "answers that cannot be understood" {
    survives 'on append social/youtube 1 midbody' \
        'on append social/reddit 1 truncated' \
        'on append social/facebook 1 wrongtype' \
        'on append news/bbc 1 garbage' \
        'on append news/cnn 1-2 midbody' \
        'on append news/cbc 1 slow 100'
    injected midbody truncated wrongtype garbage 'slow 100'
    same "$(count 'op=read .* 200$' log)" 5
}

@test "reading back fails too" {
    survives 'on append news/bbc 1 drop' 'on read news/bbc 1-3 lost' \
        'on append news/cnn 1 drop' 'on read news/cnn 1 drop' \
        'on append news/cbc 1 drop' 'on read news/cbc 1 midbody' \
        'on append social/youtube 1 drop' \
        'on read social/youtube 1 slow 20000' \
        'on append social/reddit 1 drop' \
        'on read social/reddit 1-2 status 503 unavailable'
    injected 'op=read .* status 503 unavailable' 'op=read .* lost' \
        'op=read .* drop' 'op=read .* midbody' 'op=read .* slow 20000'
}

@test "creating a stream fails, or succeeds without an answer" {
    survives 'on create 1 status 409 transaction_conflict' \
        'on create 2 applied 500 other' 'on create 3 drop' \
        'on create 4 status 409 stream_deletion_pending' \
        'on create 5 status 503 unavailable' 'on create 6 lost' \
        'on create 7 midbody' 'on tail 1 status 500 other' 'on tail 2 drop'
    injected 'status 409 transaction_conflict' 'applied 500 other' drop \
        'status 409 stream_deletion_pending' 'status 503 unavailable' lost \
        midbody 'op=tail .* status 500 other' 'op=tail .* drop'
}

@test "learning what is there fails at first" {
    s2 'on read every 2 status 500 other' 'on tail 10-12 lost' \
        'on read 5 drop'
    posts 5000 >input
    bsky2s2 -i input
    tool bsky2s2 -i input -o again
    same "$status" 0
    injected 'op=tail .* lost' 'op=read .* status 500 other' 'op=read .* drop'
    holds input
    same "$(wc -l <again)" 0
}

@test "another writer's records in between" {
    s2 'on append social/youtube 1 foreign 3' 'on append every 4 foreign 2'
    bsky2s2 -i "$EVENTS" -o records
    injected 'foreign 3' 'foreign 2'
    holds "$EVENTS"
    told records
    [ "$(count '	FOREIGN-' dump)" -ge 5 ]
}

@test "another writer wrote the first of our batch: it is not written twice" {
    s2 'on append social/youtube 1 foreign copy' \
        'on append news/bbc 1 foreign copy' 'on append news/bbc 1 foreign 1'
    tool bsky2s2 -i "$EVENTS" -o records
    same "$status" 0
    injected 'foreign copy' 'foreign 1'
    same "$(count ' 1 of ours were there$')" 2
    # What another writer delivered is its to tell.
    same "$(wc -l <records)" 139
    holds "$EVENTS"
}

@test "a read-back that is half ours, half another's" {
    # Ours lands and its ack is lost; then others write; then we try again.
    s2 'on append social/youtube 1 drop' \
        'on append social/youtube 2 foreign 5' \
        'on append news/bbc 1 foreign copy' 'on append news/bbc 1 drop'
    bsky2s2 -i "$EVENTS" -o records
    injected drop 'n=2 foreign 5' 'foreign copy'
    holds "$EVENTS"
    told records
    same "$(count '	FOREIGN-' dump)" 5
}

@test "a stream is deleted in between: a gap is said, the rest is right" {
    s2 'on append news/bbc 6 delete' \
        'on create news/bbc 2-4 status 409 stream_deletion_pending'
    posts 180 >input
    lockstep input 9
    injected 'n=6 delete' 'n=4 status 409 stream_deletion_pending'
    grep -q '^bsky2s2: news/bbc: gap: ' err
    same "$(count ': gap: ' err)" 1
    s2_end
    bsky2s2 -n -i input >decided
    bodies decided | awk -F '\t' '$1 != "news/bbc" || ++n > 5' >wanted
    cut -f 1,4 dump >held
    diff wanted held
    # -o has told of those that are gone, too.
    same "$(wc -l <records)" 180
}

@test "what a deleted stream held is written again if it comes again" {
    s2 'on append 11 delete'
    posts 20 1700000000 bbc.com >input
    head -10 input >again
    cat again >>input
    lockstep input 1
    injected delete
    s2_end
    sed 1,10d input >left
    bsky2s2 -n -i left >decided
    diff <(bodies decided) <(cut -f 1,4 dump)
}

@test "a stream is deleted, and another writer makes it anew first" {
    # It writes the first of what we are about to write: not twice.
    s2 'on append 2 delete' 'on append 3 foreign copy'
    posts 3000 1700000000 bbc.com >input
    bsky2s2 -i input --linger 5s -o records
    injected delete 'foreign copy'
    s2_end
    same "$(cut -f 4 dump | sort | uniq -d)" ""
    same "$(wc -l <dump)" 2000
}

@test "all streams are gone: a gap each, and on" {
    s2 'on append 91 wipe'
    posts 180 >input
    lockstep input 9
    injected wipe
    same "$(count ': gap: ' err)" 9
    s2_end
    same "$(wc -l <dump)" 90
    bsky2s2 -n -i input >decided
    tail -90 decided >second
    diff <(bodies second) <(cut -f 1,4 dump)
}

@test "trimmed while reading back: a gap is said, all that is left is once" {
    s2 'on append social/youtube 1 drop' 'on read social/youtube 1 trim 1000'
    tool bsky2s2 -i "$EVENTS"
    same "$status" 0
    injected drop 'trim 1000'
    same "$(count 'social/youtube: gap: ')" 1
    holds "$EVENTS"
}

@test "trimmed in part while reading back: each is there once" {
    s2 'on append social/youtube 1 drop' 'on read social/youtube 1 trim 20'
    tool bsky2s2 -i "$EVENTS"
    same "$status" 0
    injected drop 'trim 20'
    same "$(count 'social/youtube: gap: ')" 1
    s2_end
    bsky2s2 -n -i "$EVENTS" >decided
    diff <(bodies decided | sort) <(cut -f 1,4 dump | sort)
}

@test "trimmed before a restart, in part and whole" {
    s2 'on tail social/youtube 2 trim 1000' 'on tail news/bbc 2 trim 10'
    bsky2s2 -i "$EVENTS"
    tool bsky2s2 -i "$EVENTS" -o records
    same "$status" 0
    injected 'trim 1000' 'trim 10'
    # What is gone cannot be recognised: it is written again, and only that.
    same "$(jq -r .stream records | sort | uniq -c | tr -s ' ')" \
        " 10 news/bbc
 42 social/youtube"
    s2_end
    bsky2s2 -n -i "$EVENTS" >decided
    diff <(bodies decided | sort) <(cut -f 1,4 dump | sort)
}
