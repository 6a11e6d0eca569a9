"""Rules read and parsed before, kept in a folder of the user's: by the content of their files and the version of our readers.

What is kept is only ever what reading again would give; a damaged or foreign file is as good as none.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from ..model import MODEL_VERSION, Failure, Node, Query, Rule, RuleFile

log = logging.getLogger(__name__)

NAME = "rules.msgpack"
MOST = 60_000
"""Entries kept at most; the ones not asked for lately go first."""

READERS = ("languages", "formats", "model", "yamltext.py", "text.py", "regex.py", "errors.py")
"""What of the package decides how a rule is read."""


class ReadFile(Node, frozen=True):
    """What a file gave: its rules, and what of it is none."""

    rules: tuple[Rule, ...]
    failures: tuple[Failure, ...]


ENCODER = msgspec.msgpack.Encoder()
STORED = msgspec.msgpack.Decoder(dict[str, msgspec.Raw])
FILES = msgspec.msgpack.Decoder(ReadFile)
QUERIES = msgspec.msgpack.Decoder(Query)


def default_folder() -> Path:
    """The user's folder for what can be made again, as their system has it."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "rulescope"


class RuleCache:
    """Read rules and queries by content. `folder` None keeps nothing and knows nothing."""

    def __init__(self, folder: str | Path | None = None) -> None:
        self._path = Path(folder) / NAME if folder is not None else None
        self._known = _load(self._path) if self._path else {}
        self._asked: dict[str, msgspec.Raw] = {}
        self._new = 0

    def file(self, file: RuleFile, read: Callable[[], tuple[list[Rule], list[Failure]]]) -> ReadFile:
        """What `read` gives for a file, from the cache when it was read before."""
        if self._path is None:
            rules, failures = read()
            return ReadFile(tuple(rules), tuple(failures))
        key = _key("file", file.source, file.path, file.commit, file.data)
        stored = self._stored(key)
        if stored is not None:
            try:
                return FILES.decode(stored)
            except msgspec.MsgspecError:
                log.warning("cache entry unreadable path=%s", file.path)
        rules, failures = read()
        found = ReadFile(tuple(rules), tuple(failures))
        self._keep(key, found)
        return found

    def query(self, rule: Rule, parse: Callable[[], Query], context: str = "") -> Query:
        """What `parse` gives for a rule; `context` is whatever else the query depends on."""
        if self._path is None:
            return parse()
        key = _key("query", rule.language, rule.path, str(rule.line), rule.text, context)
        stored = self._stored(key)
        if stored is not None:
            try:
                return QUERIES.decode(stored)
            except msgspec.MsgspecError:
                log.warning("cache entry unreadable rule=%s", rule.id)
        found = parse()
        self._keep(key, found)
        return found

    def save(self) -> None:
        """Writes what is new. A folder that cannot be written to is no error: nothing is lost but time."""
        if self._path is None or not self._new:
            return
        kept = dict(self._asked)
        for key, value in self._known.items():
            if len(kept) >= MOST:
                break
            kept.setdefault(key, value)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=NAME)
            with os.fdopen(handle, "wb") as stream:
                stream.write(ENCODER.encode({"version": _version()}) + ENCODER.encode(kept))
            Path(name).replace(self._path)
        except OSError as error:
            log.warning("cache not written path=%s error=%s", self._path, error)
        self._new = 0

    def _stored(self, key: str) -> msgspec.Raw | None:
        found = self._known.get(key)
        if found is not None:
            self._asked[key] = found
        return found

    def _keep(self, key: str, found: ReadFile | Query) -> None:
        try:
            self._asked[key] = msgspec.Raw(ENCODER.encode(found))
        except RecursionError:  # nested too deeply to be written
            return
        self._new += 1


def _load(path: Path) -> dict[str, msgspec.Raw]:
    head = ENCODER.encode({"version": _version()})
    try:
        data = path.read_bytes()
        return STORED.decode(data[len(head) :]) if data.startswith(head) else {}
    except (OSError, msgspec.MsgspecError):
        return {}


def _key(*parts: str | bytes) -> str:
    made = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        made.update(len(data).to_bytes(8, "big") + data)
    return made.hexdigest()


@cache
def _version() -> str:
    """Changes with the model and with every change to the code that reads rules."""
    root = Path(str(files("rulescope")))
    made = hashlib.blake2b(str(MODEL_VERSION).encode(), digest_size=16)
    for name in READERS:
        place = root / name
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            stat = path.stat()
            made.update(f"{path.relative_to(root)} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return made.hexdigest()
