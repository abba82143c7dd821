"""tail.py tuned by hand: tail_tuned.py S2_ENDPOINT BASIN PREFIX [WINDOW]

The same work, but a stream is read in pages, of which the next one is asked
for ahead.
"""

import json
import sys

from bytewax.inputs import StatefulSourcePartition
from s2 import PooledS2, check, records_path
from tail import StreamsSource, count

CONNECTIONS = 16
PAGE = 1000  # records, S2's limit


class Pages(StatefulSourcePartition):
    """A stream to its tail of now."""

    def __init__(self, s2, name, seq_num):
        self.s2 = s2
        self.name = name
        self.path = records_path(name)
        self.next = seq_num
        answer = json.loads(check(s2.get(self.path + "/tail", {})))
        self.tail = answer["tail"]["seq_num"]
        self.ask()

    def ask(self):
        if self.next < self.tail:
            self.page = self.s2.threads.submit(
                self.s2.get,
                self.path,
                {
                    "seq_num": str(self.next),
                    "count": str(min(PAGE, self.tail - self.next)),
                },
            )

    def next_batch(self):
        if self.next >= self.tail:
            raise StopIteration()
        records = json.loads(check(self.page.result()))["records"]
        if not records:
            raise StopIteration()
        self.next = records[-1]["seq_num"] + 1
        self.ask()
        return [(self.name, record) for record in records]

    def snapshot(self):
        return self.next


class PagesSource(StreamsSource):
    partition = Pages


def main():
    endpoint, basin, prefix, *window = sys.argv[1:]
    s2 = PooledS2(endpoint, basin, CONNECTIONS)
    count(PagesSource(s2, prefix), window)


if __name__ == "__main__":
    main()
