"""Regular expressions that cannot run away: RE2. The only door to re2."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol

import re2

from .errors import UnsupportedError


class Pattern(Protocol):
    """What we use of a compiled RE2 pattern."""

    def search(self, text: str) -> object | None: ...
    def fullmatch(self, text: str) -> object | None: ...


@lru_cache(maxsize=20_000)
def compiled(pattern: str, cased: bool = True) -> Pattern:
    """`pattern` as RE2. Raises UnsupportedError on what RE2 does not have (look-around, back references)."""
    options = re2.Options()
    options.case_sensitive = cased
    options.log_errors = False
    try:
        found: Pattern = re2.compile(pattern, options)
    except re2.error as error:
        message = error.args[0].decode(errors="replace") if error.args and isinstance(error.args[0], bytes) else error
        raise UnsupportedError("RE2", f"regular expression {pattern!r}: {message}") from error
    return found


def any_of(texts: Iterable[str], memory: int = 1 << 28) -> Pattern | None:
    """A pattern that finds any of `texts` as they stand, in one pass; None when it would need more than `memory` bytes."""
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = memory
    try:
        found: Pattern = re2.compile("|".join(re2.escape(text) for text in sorted(texts)), options)
    except re2.error:
        return None
    return found
