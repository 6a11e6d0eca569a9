"""Ingest: folders, archives and sources into a catalogue; only what changed is read again, on several processes when much."""

from __future__ import annotations

import datetime
import logging
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import msgspec

from .. import sources
from ..catalogue import Catalogue, FileEntry, SourceFacts, Tally, Writing, digest
from ..errors import SourceError
from ..model import Failure, RuleFile
from ..sources.git import commit_of
from .entries import entries_of

log = logging.getLogger(__name__)

BATCH = 40
MANY = 400
AHEAD = 6
DEEPEST_COPY = 4
"""Levels below a named folder on which copies of known sources are looked for."""
TESTS = "regression_data"
"""The folder in which a source keeps recorded events beside its rules."""
ENCODER = msgspec.msgpack.Encoder()
DECODER = msgspec.msgpack.Decoder(tuple[FileEntry, ...])


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an ingest is: files looked at so far, of them read anew, rules found in these."""

    source: str
    files: int
    read: int
    rules: int


@dataclass(frozen=True, slots=True)
class Ingested:
    """What an ingest did, and the tally of the whole catalogue after it."""

    files: int
    read: int
    removed: int
    rules: int
    seconds: float
    tally: Tally


@dataclass(frozen=True, slots=True)
class _Candidate:
    file: RuleFile
    size: int
    mtime: int


def ingest(
    places: str | Path | Iterable[str | Path],
    catalogue: Catalogue,
    progress: Callable[[Progress], None] | None = None,
    processes: int | None = None,
    now: str = "",
    remove: bool = True,
) -> Ingested:
    """Brings `catalogue` up to date with folders, archives and single files, and gives what was done with the tally.

    A place belongs to the source whose copy its path ends with (`sources.toml`), else to one named after its folder.
    Files that are as they were are not read again; rules whose files are gone are dropped (not when `remove` is False).
    Raises SourceError when a place does not exist; nothing is stored then.
    """
    started = time.monotonic()
    listed = [places] if isinstance(places, str | Path) else list(places)
    roots = [root for place in listed for root in _roots(Path(place))]
    counted = _Counter(progress)
    moment = now or datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with catalogue.writing(moment) as session:
        for root in roots:
            _one(root, catalogue, session, counted, processes, moment, remove)
    if counted.read:
        _run_tests(roots, catalogue)
    tally = catalogue.tally()
    seconds = time.monotonic() - started
    log.info("ingested files=%d read=%d rules=%d seconds=%.1f", counted.files, counted.read, counted.rules, seconds)
    return Ingested(counted.files, counted.read, counted.removed, counted.rules, seconds, tally)


def _roots(place: Path) -> list[Path]:
    """A folder that holds the copies of several sources we know is each of them; anything else is itself."""
    if not place.exists():
        raise SourceError(f"{place}: no such file or folder")
    if not place.is_dir() or sources.pack_root(place.resolve()) == place.resolve():
        return [place]
    ends = tuple("/" + pack for source in sources.known().values() for pack in source.packs)
    found, passed = _copies(place.resolve(), ends)
    if found and passed:
        named = ", ".join(path.name for path in passed[:6]) + (" ..." if len(passed) > 6 else "")
        log.warning("only the sources we know below %s are read, not %s", place, named)
    return found or [place]


def _copies(folder: Path, ends: tuple[str, ...], depth: int = DEEPEST_COPY) -> tuple[list[Path], list[Path]]:
    """The copies of known sources in a folder, and the folders beside them that hold none; a copy is not looked into."""
    found: list[Path] = []
    passed: list[Path] = []
    for child in sorted(child for child in folder.iterdir() if child.is_dir() and not child.name.startswith(".")):
        if child.as_posix().endswith(ends):
            found.append(child)
            continue
        inside, beside = _copies(child, ends, depth - 1) if depth > 1 else ([], [])
        found += inside
        passed += beside if inside else [child]
    return found, passed


def _run_tests(roots: list[Path], catalogue: Catalogue) -> None:
    """Runs the rules that came with recorded events over these, so that the catalogue knows which fire."""
    for root in roots:
        source = sources.source_of(root)
        base, _ = sources.base_of(root, source)
        if (base / TESTS).is_dir():
            from .evidence import record_tests  # brings the engines: only when there is something to run

            record_tests(catalogue, base, source.name)


class _Counter:
    def __init__(self, progress: Callable[[Progress], None] | None) -> None:
        self.progress = progress
        self.files = self.read = self.rules = self.removed = 0
        self.source = ""

    def tell(self) -> None:
        if self.progress:
            self.progress(Progress(self.source, self.files, self.read, self.rules))


def _one(
    root: Path,
    catalogue: Catalogue,
    session: Writing,
    counted: _Counter,
    processes: int | None,
    now: str,
    remove: bool,
) -> None:
    source = sources.source_of(root)
    counted.source = source.name
    commit = commit_of(root) if root.is_dir() else ""
    base, folders = sources.base_of(root, source)
    whole = root.is_dir() and folders == source.folders
    known = catalogue.files(source.name)
    seen: set[str] = set()
    changed = _changed(base, folders, source, commit, known, seen, session, counted)
    for files in _read(changed, processes):
        for file in files:
            counted.read += 1
            counted.rules += len(file.entries)
            session.store(file)
        counted.tell()
    if remove and whole:
        gone = [path for path in known if path not in seen]
        counted.removed += len(gone)
        session.forget(source.name, gone)
    facts = SourceFacts(
        source.name, source.title or source.name, source.licence, source.licence_url, source.show_bodies,
        source.repository, commit or source.commit, now, 0, 0, 0, 0, 0,
    )  # fmt: skip
    session.source(facts, str(root))


def _changed(
    root: Path,
    folders: tuple[str, ...],
    source: sources.Source,
    commit: str,
    known: dict[str, tuple[bytes, int, int]],
    seen: set[str],
    session: Writing,
    counted: _Counter,
) -> Iterator[_Candidate | FileEntry]:
    """Files that are new or differ; in folders, a file of the same size and time stamp is not even opened."""
    if root.is_dir():
        for path, stat in sources.listed(root, folders):
            seen.add(path)
            counted.files += 1
            old = known.get(path)
            if old and old[1:] == (stat.st_size, stat.st_mtime_ns):
                continue
            yield from _candidate(
                sources.read_one(root, path, source, commit), old, stat.st_size, stat.st_mtime_ns, session
            )
        return
    for item in sources.read(root, source, commit):
        seen.add(item.path)
        counted.files += 1
        size = len(item.data) if isinstance(item, RuleFile) else 0
        yield from _candidate(item, known.get(item.path), size, 0, session)


def _candidate(
    item: RuleFile | Failure, old: tuple[bytes, int, int] | None, size: int, mtime: int, session: Writing
) -> Iterator[_Candidate | FileEntry]:
    if isinstance(item, Failure):
        yield FileEntry(item.source, item.path, digest(item.message), size, mtime, (), (item,))
    elif old and old[0] == _mark(item):
        if old[1:] != (size, mtime):
            session.touch(item.source, item.path, size, mtime)
    else:
        yield _Candidate(item, size, mtime)


def _mark(file: RuleFile) -> bytes:
    return digest(file.data.decode("latin-1"))


def _read(changed: Iterator[_Candidate | FileEntry], processes: int | None) -> Iterator[tuple[FileEntry, ...]]:
    """The files' rules, in batches; few files in this process, many in several, with few batches waiting at a time."""
    wanted = processes if processes is not None else min(4, os.cpu_count() or 1)
    first: list[_Candidate] = []
    for item in changed:
        if isinstance(item, FileEntry):
            yield (item,)
            continue
        first.append(item)
        if wanted > 1 and len(first) >= MANY:
            yield from _read_many(first, changed, wanted)
            return
        if wanted <= 1 and len(first) >= BATCH:
            yield read_batch(first)
            first = []
    for start in range(0, len(first), BATCH):
        yield read_batch(first[start : start + BATCH])


def _read_many(
    first: list[_Candidate], rest: Iterator[_Candidate | FileEntry], processes: int
) -> Iterator[tuple[FileEntry, ...]]:
    # forking a process that runs threads may hang the child
    method = "fork" if threading.active_count() == 1 and "fork" in multiprocessing.get_all_start_methods() else "spawn"
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context(method)) as pool:
        waiting: list[Future[bytes]] = []
        batch: list[_Candidate] = []

        def send() -> None:
            if batch:
                waiting.append(pool.submit(_read_batch_packed, list(batch)))
                batch.clear()

        for start in range(0, len(first), BATCH):
            batch.extend(first[start : start + BATCH])
            send()
        for item in rest:
            if isinstance(item, FileEntry):
                yield (item,)
                continue
            batch.append(item)
            if len(batch) >= BATCH:
                send()
                while len(waiting) > AHEAD * processes:
                    yield DECODER.decode(waiting.pop(0).result())
        send()
        while waiting:
            yield DECODER.decode(waiting.pop(0).result())


def _read_batch_packed(batch: list[_Candidate]) -> bytes:
    return ENCODER.encode(read_batch(batch))


def read_batch(batch: list[_Candidate]) -> tuple[FileEntry, ...]:
    """The rules of some files. Whatever a rule holds, its file comes back: as rules, or as failures that say why."""
    found = []
    for candidate in batch:
        file = candidate.file
        entries, failures = entries_of(file)
        found.append(FileEntry(file.source, file.path, _mark(file), candidate.size, candidate.mtime, entries, failures))
    return tuple(found)


def printed(done: Ingested, most: int = 12) -> str:
    """An ingest as text for a terminal: counts, what is not understood, failures by message."""
    tally = done.tally
    lines = [
        f"{done.files:,} files, {done.read:,} read, {done.removed:,} removed in {done.seconds:.1f} s",
        f"{tally.rules:,} rules, {tally.parsed:,} parsed, {tally.understood:,} understood",
    ]
    lines += [
        f"  {name:<10} {rules:>7,} rules {parsed:>7,} parsed {whole:>7,} understood"
        for name, rules, parsed, whole in tally.languages
    ]
    if tally.opaque:
        lines.append("not understood: " + ", ".join(f"{keyword} {times}" for keyword, times in tally.opaque[:most]))
    if tally.failures:
        lines.append(f"{sum(times for _, _, times in tally.failures):,} failures:")
        lines += [f"  {times:>6,}  {kind}: {message}" for kind, message, times in tally.failures[:most]]
    return "\n".join(lines)
