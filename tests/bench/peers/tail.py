"""Count what is in S2, with Bytewax: tail.py S2_ENDPOINT BASIN PREFIX [WINDOW]

Reads every stream whose name begins with PREFIX from its head to the tail it
has now, over S2's v1 HTTP API, and prints a line "STREAM COUNT" for each.
With WINDOW, seconds, the records of each stream are counted in windows of that
length by their timestamps, as s2tail does, and the sums of these are printed.
It is built as the users of bytewax-s2 had it.
"""

import sys
from datetime import datetime, timedelta, timezone
from operator import add
from queue import Empty, SimpleQueue
from threading import Thread

import bytewax.operators as op
import bytewax.operators.windowing as win
from bytewax.connectors.stdio import StdOutSink
from bytewax.dataflow import Dataflow
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.run import cli_main
from s2 import S2

# How long a stream that has nothing to give is left alone.
IDLE = timedelta(milliseconds=10)
# Bytewax lets the clock of a stream go on while it reads: without some patience
# a replay has late records.
LATENESS = timedelta(minutes=1)


class Stream(StatefulSourcePartition):
    """A stream to its tail; a thread of its own reads it."""

    def __init__(self, s2, name, seq_num):
        self.s2 = s2
        self.name = name
        self.next = seq_num
        self.idle = False
        self.queue = SimpleQueue()
        Thread(target=self.read, args=(seq_num,), daemon=True).start()

    def read(self, seq_num):
        try:
            for records in self.s2.read(self.name, seq_num):
                self.queue.put(records)
            self.queue.put(StopIteration())
        except Exception as error:
            self.queue.put(error)

    def next_batch(self):
        try:
            records = self.queue.get_nowait()
        except Empty:
            records = []
        self.idle = not records
        if isinstance(records, Exception):
            raise records
        if records:
            self.next = records[-1]["seq_num"] + 1
        return [(self.name, record) for record in records]

    def next_awake(self):
        return datetime.now(timezone.utc) + IDLE if self.idle else None

    def snapshot(self):
        return self.next


class StreamsSource(FixedPartitionedSource):
    partition = Stream

    def __init__(self, s2, prefix):
        self.s2 = s2
        self.names = s2.streams(prefix)

    def list_parts(self):
        return self.names

    def build_part(self, step_id, for_part, resume_state):
        return self.partition(self.s2, for_part, resume_state or 0)


def stream_of(item):
    return item[0]


def time_of(item):
    return datetime.fromtimestamp(item[1]["timestamp"] / 1000, timezone.utc)


def count_windows(records, seconds):
    windows = win.count_window(
        "windows",
        records,
        win.EventClock(time_of, wait_for_system_duration=LATENESS),
        win.TumblingWindower(
            length=timedelta(seconds=seconds),
            align_to=datetime.fromtimestamp(0, timezone.utc),
        ),
        stream_of,
    )
    counts = op.map_value("window_count", windows.down, lambda pair: pair[1])
    return op.reduce_final("sum", counts, add)


def count(source, window):
    flow = Dataflow("tail")
    records = op.input("s2", flow, source)
    if window:
        counts = count_windows(records, float(window[0]))
    else:
        counts = op.count_final("count", records, stream_of)
    lines = op.map("line", counts, lambda pair: f"{pair[0]} {pair[1]}")
    op.output("out", lines, StdOutSink())
    cli_main(flow)


def main():
    endpoint, basin, prefix, *window = sys.argv[1:]
    count(StreamsSource(S2(endpoint, basin), prefix), window)


if __name__ == "__main__":
    main()
