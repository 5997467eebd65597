"""Every frame of some streams, read with `cv2.VideoCapture`, a thread each; answers a line with a count."""

from __future__ import annotations

import json
import sys
import threading

import cv2


def main() -> None:
    """Read until the input ends."""
    cv2.setNumThreads(1)
    seen = [0] * len(sys.argv[1:])

    def read(number: int, uri: str) -> None:
        capture = cv2.VideoCapture(uri, cv2.CAP_FFMPEG)
        while capture.read()[0]:
            seen[number] += 1

    for number, uri in enumerate(sys.argv[1:]):
        threading.Thread(target=read, args=(number, uri), daemon=True).start()
    for _ in sys.stdin:
        print(json.dumps({"frames": sum(seen)}), flush=True)


if __name__ == "__main__":
    main()
