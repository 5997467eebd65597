"""A child process that writes until it is killed: `writer_for_tests.py DIRECTORY`.

It prints a line for each transaction that returned: the numbers that are promised from then on.
"""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from devices.ids import uuid7
from edge.keep import NodeStore
from tests.edge.messages_for_tests import NOON, a_condition, an_evidence


def main(directory: Path) -> None:
    store = NodeStore.open(directory, "n1", now=lambda: NOON, new_id=uuid7)
    for number in count():
        jpeg = f"photo {number} of {store.figures().series}".encode()
        sha256, _ = store.save_photo(jpeg)
        with store.transaction() as tx:
            alarm = tx.queue(a_condition(), NOON)
            evidence = tx.queue(an_evidence(sha256, len(jpeg)), NOON)
            tx.put_state("last", "written", str(alarm.seq).encode())
        print(alarm.seq, evidence.seq, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
