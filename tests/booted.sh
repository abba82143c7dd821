#!/bin/sh
# The installed units under systemd itself, against a fake Jetstream: for a
# machine that is thrown away, as tests/fresh.sh boots one.  Says what it does;
# a line "cannot: REASON", status 77, where the machine does not allow it.
set -eux
cd "$(dirname "$0")/.."
port=8181
etc=/etc/bsky2s2

await() { # COMMAND...
    tries=150
    until "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ]
        sleep 0.2
    done
}
is() { # UNIT PROPERTY VALUE
    [ "$(systemctl show -P "$2" "$1")" = "$3" ]
}
differs() { # UNIT PROPERTY VALUE
    [ "$(systemctl show -P "$2" "$1")" != "$3" ]
}
uid() { # UNIT
    awk '/^Uid:/ { print $2 }' "/proc/$(systemctl show -P MainPID "$1")/status"
}
logged() { # UNIT TEXT
    journalctl -b -q -o cat --no-pager -u "$1" | grep -F -e "$2"
}
status_has() { # UNIT PATTERN
    systemctl show -P StatusText "$1" | grep -e "$2"
}
fails() { # COMMAND...
    if "$@"; then return 1; fi
}
fake() { # UNIT PROGRAM PORT OPTION...
    unit=$1 program=$2 on=$3
    shift 3
    systemd-run -q --unit "$unit" "$PWD/build/peer/$program" --orphan \
        --port "$on" "$@"
}
check_ends() { # STATUS
    systemctl reset-failed s2tail-check.service || true # not so many starts
    systemctl start s2tail-check.service || true
    is s2tail-check.service ExecMainStatus "$1"
}

# shellcheck disable=SC2317 # called by the trap
told() {
    status=$?
    set +x
    [ $status -eq 0 ] || [ $status -eq 77 ] || journalctl -b -o cat \
        --no-pager -n 50 -u '*bsky2s2*' -u '*s2tail*' -u 'fake*'
    exit $status
}
trap told EXIT

systemd-run -q --pipe --wait -p PrivateUsers=yes -p DynamicUser=yes true || {
    echo "cannot: units may not have user namespaces here"
    exit 77
}

# Quicker than they are installed: sleeping is all that they would do more.
for unit in bsky2s2.service bsky2s2@.service; do
    mkdir -p "/etc/systemd/system/$unit.d"
    printf '[Service]\n%s\n%s\n%s\n' WatchdogSec=2s TimeoutAbortSec=1s \
        RestartSec=100ms >"/etc/systemd/system/$unit.d/quick.conf"
done
systemctl daemon-reload
mkdir -p $etc /etc/credstore
url=BSKY2S2_URL=ws://localhost:$port/subscribe
metrics=/run/bsky2s2/metrics.prom
printf '%s\n' $url "OPTIONS=-s earliest --metrics-file $metrics" >$etc/bsky2s2.env
printf '%s\n' $url 'OPTIONS=-s earliest' >$etc/other.env

: "The start does not wait for the far end; a job and the one without a name"
systemctl start bsky2s2@other.service
systemctl start bsky2s2.service
is bsky2s2.service ActiveState active
await status_has bsky2s2.service 'not connected'
fake fakejet fakejet $port \
    --v1 "$PWD/tests/data/events-v1.jsonl" --restamp --pace 8/s

: "STATUS=, once events come"
for unit in bsky2s2.service bsky2s2@other.service; do
    await status_has $unit 'localhost.* lag .* unacked'
done

: "A dynamic user, and the basin is its own"
[ "$(uid bsky2s2.service)" -ge 61184 ]
[ "$(stat -L -c %u /var/lib/bsky2s2/basin.db)" = "$(uid bsky2s2.service)" ]
test -f /var/lib/bsky2s2/other/basin.db
[ "$(stat -L -c %a /var/lib/bsky2s2)" = 700 ]

: "The check reads the basin that is being written, as that user"
echo 'CHECK=-w 2s --crit total<1' >$etc/s2tail-check.env
await check_ends 0
echo 'CHECK=-w 2s --crit total<1000000' >$etc/s2tail-check.env
check_ends 2
printf '%s\n' 'CHECK=-w 2s --crit total<1' \
    S2_BASIN=file:/var/lib/bsky2s2/other/basin.db >$etc/s2tail-check.env
await check_ends 0
logged s2tail-check.service 'S2TAIL OK'

: "The timer"
systemctl start s2tail-check.timer
is s2tail-check.timer SubState waiting

: "The metrics, for others"
await test -s $metrics
systemd-run -q --pipe --wait -p DynamicUser=yes cat $metrics | promtool check metrics

: "HUP"
systemctl reload bsky2s2.service
await logged bsky2s2.service 'read the routes again: '

: "Nobody has missed a sign of life until now; who gives none is restarted"
for unit in bsky2s2.service bsky2s2@other.service; do
    for _ in first second third; do
        at=$(systemctl show -P WatchdogTimestampMonotonic $unit)
        await differs $unit WatchdogTimestampMonotonic "$at"
    done
    is $unit NRestarts 0
done
kill -STOP "$(systemctl show -P MainPID bsky2s2.service)"
await is bsky2s2.service NRestarts 1
await status_has bsky2s2.service 'localhost.* lag '

: "A clean end; then the check still reads, and finds that nothing comes"
systemctl stop bsky2s2.service bsky2s2@other.service
is bsky2s2.service Result success
is bsky2s2.service ExecMainStatus 0
await check_ends 2
logged s2tail-check.service 'S2TAIL CRITICAL'

: "With a credential, TLS and S2; the user may be another one now"
(umask 077 && echo some-token >/etc/credstore/s2-access-token)
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout /root/key.pem -out $etc/ca.pem
fake fakejet-tls fakejet $((port + 1)) --tls $etc/ca.pem /root/key.pem \
    --v1 "$PWD/tests/data/events-v1.jsonl" --restamp --pace 8/s
fake fakes2-tls fakes2 $((port + 2)) --tls $etc/ca.pem /root/key.pem \
    --token some-token --log /tmp/s2.log
s2=https://localhost:$((port + 2))
printf '%s\n' BSKY2S2_URL=wss://localhost:$((port + 1))/subscribe \
    SSL_CERT_FILE=$etc/ca.pem S2_BASIN=s2://some-basin \
    S2_ACCOUNT_ENDPOINT=$s2 S2_BASIN_ENDPOINT=$s2 'OPTIONS=-s earliest' \
    >$etc/cloud.env
systemctl start bsky2s2@cloud.service bsky2s2.service
test -f /run/credentials/bsky2s2@cloud.service/s2-access-token
await status_has bsky2s2@cloud.service 'localhost.* lag .* 0 unacked'
cp $etc/cloud.env $etc/s2tail-check.env
echo 'CHECK=-w 2s --crit total<1' >>$etc/s2tail-check.env
await check_ends 0
grep -q 'Authorization: present' /tmp/s2.log
await status_has bsky2s2.service 'localhost.* lag '
is bsky2s2@cloud.service NRestarts 0
systemctl stop bsky2s2.service bsky2s2@cloud.service
is bsky2s2.service Result success
is bsky2s2@cloud.service Result success

: "What another start does not mend"
echo "x/new not_a+domain" >$etc/routes
echo "OPTIONS=-R $etc/routes" >>$etc/bsky2s2.env
fails systemctl start bsky2s2.service
is bsky2s2.service ActiveState failed
is bsky2s2.service ExecMainStatus 78
is bsky2s2.service NRestarts 0
fails systemctl start bsky2s2@none.service
is bsky2s2@none.service ActiveState inactive

: "All is well"
