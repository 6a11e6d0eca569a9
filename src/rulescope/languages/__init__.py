"""Rule languages: text to queries, and for some back again. One module a language, imported on first use."""

from __future__ import annotations

from ..model import Query
from ..registry import Registry

LANGUAGES = Registry(
    "language", {"kusto": "rulescope.languages.kusto", "sigma": "rulescope.languages.sigma"}
)  # fmt: skip


def parse(text: str, language: str, path: str = "", line: int = 1) -> Query:
    """The query `text` means in `language`; `line` is the line its first line is on in the file at `path`.

    Raises QuerySyntaxError with every fault of the text, KeyError for a language we do not have.
    """
    query: Query = LANGUAGES[language].parse(text, path, line)
    return query
