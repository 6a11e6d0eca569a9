"""The rule sources we know by name: where they live, their licence, whether their rules' bodies may be shown."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from urllib.parse import quote

import msgspec

from ..errors import SourceError

SHIPPED = Path(__file__).with_name("sources.toml")


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule source. `repository` is a git address, empty for a folder of one's own.

    `original` is a URL template of a file at a commit, with `{commit}` and `{path}`; `folders` are what holds rules (all
    when empty); `show_bodies` says whether its licence lets a site show the rules' text; `licence` is an SPDX id or name.
    """

    name: str
    title: str = ""
    repository: str = ""
    branch: str = ""
    commit: str = ""
    original: str = ""
    licence: str = ""
    licence_url: str = ""
    show_bodies: bool = True
    attribution: str = ""
    folders: tuple[str, ...] = ()
    packs: tuple[str, ...] = ()  # ends of folder paths that hold a copy of this source

    def url(self, path: str, commit: str = "") -> str:
        """The address of a file's original, or "" when this source has none. Unpinned sources point at the branch."""
        at = commit or self.commit or self.branch
        return self.original.format(commit=at, path=quote(path)) if self.original and at else ""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    source: tuple[Source, ...]


def load(path: Path) -> Mapping[str, Source]:
    """The sources of a TOML file of `[[source]]` blocks, by name. Raises SourceError that says what is wrong with it."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        sources = msgspec.convert(values, _File).source
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SourceError(f"{path}: {error}") from error
    return {source.name: source for source in sources}


@cache
def known() -> Mapping[str, Source]:
    """The sources that ship with rulescope, by name."""
    return load(SHIPPED)


def source_of(path: Path) -> Source:
    """The source a folder or file belongs to: one we know by the end of its folder's path, else one named after it."""
    resolved = path.resolve()
    root = pack_root(resolved)
    if root is not None:
        ends = {pack: source for source in known().values() for pack in source.packs}
        fits = (source for pack, source in ends.items() if root.as_posix().endswith("/" + pack))
        return next(fits, None) or known()[root.name]
    if resolved.is_dir():
        name = resolved.name
    elif resolved.suffix.lower() in (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz"):
        name = resolved.name.split(".", 1)[0]
    else:
        name = resolved.parent.name
    return Source(name or "rules", title=name or "rules")


def pack_root(path: Path) -> Path | None:
    """The folder at or above `path` that is the copy of a source we know: by its path's end, or a work tree of that name."""
    packs = tuple("/" + pack for source in known().values() for pack in source.packs)
    for folder in (path, *path.parents):
        if folder.as_posix().endswith(packs) or (folder.name in known() and (folder / ".git").is_dir()):
            return folder
    return None
