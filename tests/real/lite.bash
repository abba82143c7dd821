# The real S2 server for tests; needs common and s2.

# The S2 CLI: looked for now, while HOME is still the user's.
S2=${S2:-$(sh "$BATS_TEST_DIRNAME/../s2.sh" --cached)}

# Without it the test is skipped.
lite_setup() {
    [ -n "$S2" ] || skip "the S2 CLI is not here: tests/s2.sh builds it"
}

# A free port of this machine, by asking a peer for one and letting it go.
free_port() {
    peer fakes2
    kill "${PIDS[-1]}"
    wait "${PIDS[-1]}" 2>/dev/null || true
}

# Start "s2 lite" OPTION..., on the port it had before; the tools are pointed
# to it.  $LITE is its process.
lite() {
    [ -n "${PORT-}" ] || free_port
    "$S2" lite --port "$PORT" "$@" >lite.log 2>&1 3>&- &
    PIDS+=($!)
    LITE=$!
    s2_at "http://localhost:$PORT"
    export S2_BASIN=real-basin
    await curl -fs "http://localhost:$PORT/health" -o health
}
