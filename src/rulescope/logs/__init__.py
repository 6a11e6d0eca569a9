"""Logs: files of any usual kind, recognised by content, as bounded batches of flat rows. Writes nothing, keeps nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..errors import LogError
from .batch import Batch as Batch
from .batch import Broken as Broken
from .batch import Row as Row
from .batch import batches
from .delimited import cells as cells
from .detect import KINDS as KINDS
from .detect import Recognised as Recognised
from .detect import recognise as recognise

NEVER_LOGS = frozenset({".md", ".yml", ".yaml", ".py", ".png", ".pdf", ".zip", ".html", ".sha256"})


def detect(path: str | Path) -> str:
    """The kind of a log file, by its content; empty when it is none we know. Raises LogError when it cannot be read."""
    return recognise(Path(path)).kind


def files(path: str | Path) -> Iterator[Path]:
    """The log files of a path: itself, or every file below a folder, sorted; hidden ones and documents left out."""
    path = Path(path)
    if not path.exists():
        raise LogError(f"{path}: no such file or folder")
    if path.is_file():
        yield path
        return
    for found in sorted(path.rglob("*")):
        hidden = any(part.startswith((".", "_")) for part in found.relative_to(path).parts)
        if found.is_file() and not hidden and found.suffix.lower() not in NEVER_LOGS:
            yield found


def read(path: str | Path, kind: str = "") -> Iterator[Batch]:
    """The events of a log file, or of all log files of a folder, in bounded batches, in order.

    `kind` forces a kind of `KINDS`. Broken records are listed in the batches and stop nothing. Raises LogError when a
    single file is no log we know or cannot be read; in a folder use `files` and read each to go on after such a file.
    """
    path = Path(path)
    if path.is_dir():
        for found in files(path):
            yield from read(found, kind)
        return
    seen = recognise(path)
    if kind:
        seen = Recognised(kind, seen.stream, seen.delimiter)
    if not seen.kind:
        raise LogError(f"{path}: not a log of a kind we know")
    if seen.kind not in KINDS:
        raise LogError(f"{path}: no log kind {seen.kind!r}; there are {', '.join(KINDS)}")
    yield from batches(KINDS[seen.kind](path, seen), str(path), seen.kind, seen.stream)
