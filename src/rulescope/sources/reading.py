"""Reading files out of folders and archives: in a stable order, never outside them, never a whole disk image into memory."""

from __future__ import annotations

import os
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ..errors import SourceError
from ..model import Failure, RuleFile
from .known import Source, pack_root, source_of

MOST_BYTES = 5_000_000
MOST_FILES = 1_000_000
SKIPPED_FOLDERS = frozenset(
    {".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", ".github", ".idea", ".vscode"}
)


def read(path: str | Path, source: Source | None = None, commit: str = "") -> Iterator[RuleFile | Failure]:
    """Every file of a folder, of a `.zip` or `.tar` archive, or the one file `path`, ordered by path.

    Files over 5 MB, links that lead outside, and unsafe archive members come as Failures. Raises SourceError when `path`
    is not there or is no archive we can read.
    """
    place = Path(path)
    owner = source or source_of(place)
    if place.is_dir():
        yield from _folder(place, owner, commit)
    elif not place.is_file():
        raise SourceError(f"{place}: no such file or folder")
    elif zipfile.is_zipfile(place):
        yield from _zip(place, owner, commit)
    elif tarfile.is_tarfile(place):
        yield from _tar(place, owner, commit)
    else:
        root = pack_root(place.resolve()) if source is None else None
        path_inside = place.resolve().relative_to(root).as_posix() if root else place.name
        yield _file(place, path_inside, owner, commit)


def listed(folder: Path, folders: tuple[str, ...] = ()) -> Iterator[tuple[str, os.stat_result]]:
    """(path relative to `folder` with `/`, stat) of every file in it, ordered; version control and caches left out."""
    for top in sorted(folders) or ("",):
        start = folder / top
        if start.is_dir():
            yield from _walk(start, PurePosixPath(top))


def _walk(folder: Path, relative: PurePosixPath) -> Iterator[tuple[str, os.stat_result]]:
    stack: list[tuple[Path, PurePosixPath]] = [(folder, relative)]
    while stack:
        top, name = stack.pop()
        try:
            entries = sorted(os.scandir(top), key=lambda entry: entry.name)
        except OSError:
            continue
        below = []
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in SKIPPED_FOLDERS:
                    below.append((top / entry.name, name / entry.name))
            elif entry.is_file():
                yield str(name / entry.name), entry.stat()
        stack.extend(reversed(below))


def _folder(folder: Path, source: Source, commit: str) -> Iterator[RuleFile | Failure]:
    base, folders = base_of(folder, source)
    for path, _ in listed(base, folders):
        yield read_one(base, path, source, commit)


def base_of(place: Path, source: Source) -> tuple[Path, tuple[str, ...]]:
    """The folder paths of a source are relative to, and the folders in it to read: a part of a copy stays a part of it."""
    root = pack_root(place.resolve())
    if place.is_dir() and root is not None and root != place.resolve():
        return root, (place.resolve().relative_to(root).as_posix(),)
    return place, source.folders


def read_one(folder: Path, path: str, source: Source, commit: str = "") -> RuleFile | Failure:
    """One file of a folder that `listed` named."""
    place = folder / path
    if place.is_symlink() and not place.resolve().is_relative_to(folder.resolve()):
        return Failure(source.name, path, "a link that leads out of its source", kind="SourceError")
    return _file(place, path, source, commit)


def _file(place: Path, path: str, source: Source, commit: str) -> RuleFile | Failure:
    try:
        size = place.stat().st_size
        if size > MOST_BYTES:
            return _too_large(source, path, size)
        data = place.read_bytes()
    except OSError as error:
        return Failure(source.name, path, f"cannot be read: {error.strerror or error}", kind="SourceError")
    return rule_file(source, path, data, commit)


def rule_file(source: Source, path: str, data: bytes, commit: str = "") -> RuleFile:
    """A RuleFile of `source` with its original's address and its licence."""
    at = commit or source.commit
    return RuleFile(source.name, path, data, at, source.url(path, at), source.licence)


def _too_large(source: Source, path: str, size: int) -> Failure:
    return Failure(source.name, path, f"{size:,} bytes; rule files of at most {MOST_BYTES:,} are read", kind="TooLarge")


def _zip(place: Path, source: Source, commit: str) -> Iterator[RuleFile | Failure]:
    try:
        with zipfile.ZipFile(place) as archive:
            members = sorted((member for member in archive.infolist() if not member.is_dir()), key=lambda m: m.filename)
            strip = _common_folder([member.filename for member in members])
            for member in members[:MOST_FILES]:
                path = member.filename[len(strip) :]
                if not _safe(member.filename):
                    yield Failure(
                        source.name, member.filename, "an archive path that leads outside", kind="SourceError"
                    )
                elif not _wanted(path, source):
                    continue
                elif member.file_size > MOST_BYTES:
                    yield _too_large(source, path, member.file_size)
                else:
                    with archive.open(member) as stream:
                        yield rule_file(source, path, stream.read(MOST_BYTES), commit)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
        raise SourceError(f"{place}: not a readable archive: {error}") from error


def _tar(place: Path, source: Source, commit: str) -> Iterator[RuleFile | Failure]:
    try:
        with tarfile.open(place) as archive:
            members = sorted((member for member in archive.getmembers() if member.isfile()), key=lambda m: m.name)
            strip = _common_folder([member.name for member in members])
            for member in members[:MOST_FILES]:
                path = member.name[len(strip) :]
                if not _safe(member.name):
                    yield Failure(source.name, member.name, "an archive path that leads outside", kind="SourceError")
                elif not _wanted(path, source):
                    continue
                elif member.size > MOST_BYTES:
                    yield _too_large(source, path, member.size)
                else:
                    stream = archive.extractfile(member)
                    yield rule_file(source, path, stream.read(MOST_BYTES) if stream else b"", commit)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise SourceError(f"{place}: not a readable archive: {error}") from error


def _common_folder(paths: list[str]) -> str:
    """`name/` when all paths stand in the one folder an archive of a repository has, else ""."""
    tops = {path.split("/", 1)[0] for path in paths}
    return f"{tops.pop()}/" if len(tops) == 1 and all("/" in path for path in paths) else ""


def _safe(path: str) -> bool:
    pure = PurePosixPath(path.replace("\\", "/"))
    return not pure.is_absolute() and ".." not in pure.parts and ":" not in (pure.parts[0] if pure.parts else "")


def _wanted(path: str, source: Source) -> bool:
    parts = PurePosixPath(path).parts
    if any(part in SKIPPED_FOLDERS for part in parts):
        return False
    return not source.folders or any(path.startswith(folder.rstrip("/") + "/") for folder in source.folders)
