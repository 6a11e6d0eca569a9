"""Fetching a git repository at one commit: shallow, without hooks, without asking anybody for a password."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from ..errors import SourceError
from .known import Source

SAFE = (
    "-c", "core.hooksPath=/dev/null",
    "-c", "protocol.file.allow=user",
    "-c", "protocol.ext.allow=never",
    "-c", "core.symlinks=false",
    "-c", "credential.helper=",
    "-c", "submodule.recurse=false",
    "-c", "advice.detachedHead=false",
)  # fmt: skip
ADDRESS = re.compile(r"(?:https://|ssh://|file://|/|[\w.-]+@[\w.-]+:)[^\s]+")


def sync(source: Source, folder: Path, commit: str = "", timeout: int = 600) -> str:
    """Brings `folder` to `commit` (or the source's, or its branch's newest) and gives the commit's full name.

    Only that commit is fetched. Raises SourceError with git's own words when it cannot be.
    """
    if not source.repository or not ADDRESS.fullmatch(source.repository) or source.repository.startswith("-"):
        raise SourceError(f"{source.name}: {source.repository!r} is no address of a git repository")
    wanted = commit or source.commit or source.branch or "HEAD"
    if wanted.startswith("-") or re.search(r"[\s~^:?*\[\\]", wanted):
        raise SourceError(f"{source.name}: {wanted!r} is no commit or branch")
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ".git").is_dir():
        _git(folder, "init", "--quiet", timeout=timeout)
    _git(folder, "fetch", "--quiet", "--depth=1", "--no-tags", source.repository, wanted, timeout=timeout)
    _git(folder, "checkout", "--quiet", "--force", "--detach", "FETCH_HEAD", timeout=timeout)
    return _git(folder, "rev-parse", "HEAD", timeout=timeout).strip()


def commit_of(folder: Path) -> str:
    """The commit a folder stands at, "" when it is no git work tree of its own."""
    if not (folder / ".git").exists():
        return ""
    try:
        return _git(folder, "rev-parse", "HEAD", timeout=20).strip()
    except SourceError:
        return ""


def _git(folder: Path, *words: str, timeout: int) -> str:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "C",
    }
    command = ["git", *SAFE, "-C", str(folder), *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment, check=False)
    except FileNotFoundError as error:
        raise SourceError("git is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"git {words[0]} took longer than {timeout} seconds") from error
    if done.returncode:
        raise SourceError(f"git {words[0]}: {done.stderr.strip() or f'exit code {done.returncode}'}")
    return done.stdout
