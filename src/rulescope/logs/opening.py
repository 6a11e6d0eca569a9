"""Opening a log: gzip seen through, text decoded by its byte-order mark, lines without an end kept bounded."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from ..errors import LogError

LONGEST_LINE = 16_000_000
"""Characters of a line at most; the rest of a longer line is read as a line of its own, and fails as such."""

HEAD = 65_536
"""Bytes that recognition looks at."""

GZIP = b"\x1f\x8b"
ANY_SIZE = 1 << 30
"""Bytes that a gzip may hold whatever its own size."""
MOST_FOLD = 200
"""Times its own size that a larger gzip may hold; logs shrink 5 to 100 times, bombs 1000 times."""


class _Bounded(gzip.GzipFile):
    """A gzip that ends with an error when it holds far more than a log of its size can."""

    def __init__(self, raw: IO[bytes], most: int) -> None:
        super().__init__(fileobj=raw)
        self._left = most

    def read1(self, size: int = -1) -> bytes:
        return self._counted(super().read1(size))

    def read(self, size: int | None = -1) -> bytes:
        return self._counted(super().read(size))

    def readinto(self, buffer: Any) -> int:
        found = self._counted(super().read(len(buffer)))
        buffer[: len(found)] = found
        return len(found)

    def _counted(self, found: bytes) -> bytes:
        self._left -= len(found)
        if self._left < 0:
            raise OSError(f"decompresses to more than {MOST_FOLD} times its size")
        return found


def open_bytes(path: Path) -> IO[bytes]:
    """The bytes of `path`, decompressed when they are gzip. Raises LogError when the file cannot be opened."""
    try:
        raw = path.open("rb")
    except OSError as error:
        raise LogError(f"{path}: {error.strerror or error}") from error
    start = raw.read(2)
    raw.seek(0)
    if start == GZIP:
        most = max(ANY_SIZE, path.stat().st_size * MOST_FOLD)
        return io.BufferedReader(_Bounded(raw, most))
    return raw


def head(path: Path, size: int = HEAD) -> bytes:
    """The first `size` bytes, decompressed; what there is of them in a damaged gzip. Raises LogError when that is nothing."""
    start = bytearray()
    with open_bytes(path) as stream:
        try:
            while len(start) < size and (more := stream.read1(size - len(start))):  # type: ignore[attr-defined]
                start += more
        except (OSError, EOFError, zlib.error) as error:
            if not start:
                raise LogError(f"{path}: {error}") from error
    return bytes(start)


def encoding_of(start: bytes) -> str:
    """The text encoding that the first bytes show: a byte-order mark, or NUL bytes in every second place, else UTF-8."""
    if start.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    sample = start[:512]
    if len(sample) >= 8:
        even, odd = sample[0::2].count(0), sample[1::2].count(0)
        if odd > len(sample) // 4 > even:
            return "utf-16-le"
        if even > len(sample) // 4 > odd:
            return "utf-16-be"
    return "utf-8"


def open_text(path: Path) -> IO[str]:
    """`path` as text; bytes that are no text become U+FFFD, line ends stay as they are."""
    stream = open_bytes(path)
    return io.TextIOWrapper(stream, encoding=encoding_of(head(path, 1024)), errors="replace", newline="\n")


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines from 1, without their line ends (LF or CRLF).

    A file that breaks off (damaged gzip) ends there with a `LogError` after what could be read.
    """
    number = 0
    with open_text(path) as text:
        while True:
            try:
                line = text.readline(LONGEST_LINE)
            except (OSError, EOFError, zlib.error, UnicodeError) as error:
                raise LogError(f"{path}: broken off after line {number}: {error}") from error
            if not line:
                return
            number += 1
            yield number, line.rstrip("\r\n")
