"""Sync: a known public source brought to a folder at a commit, ready to be ingested."""

from __future__ import annotations

import logging
from pathlib import Path

from .. import sources
from ..errors import SourceError

log = logging.getLogger(__name__)


def sync(name: str, folder: str | Path, commit: str = "", newest: bool = False) -> Path:
    """Fetches a source of `sources.toml` into `folder/<name>` and gives that place; ingest knows the source by its name.

    `commit` wins over the pinned one; `newest` takes the branch's head. Raises SourceError for an unknown name, and when
    git cannot fetch it.
    """
    source = sources.known().get(name)
    if source is None:
        raise SourceError(f"no source {name!r}; there are {', '.join(sources.known())}")
    place = Path(folder) / source.name
    at = sources.sync(source, place, commit or (source.branch if newest else ""))
    log.info("synced source=%s commit=%s", name, at)
    return place
