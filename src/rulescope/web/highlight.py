"""Rule text as highlighted HTML: everything escaped, classes only, no inline style."""

from __future__ import annotations

from functools import lru_cache
from html import escape

from markupsafe import Markup
from pygments import highlight as _highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

LEXERS = {
    "kusto": "kusto", "sigma": "yaml", "eql": "text", "esql": "sql", "lucene": "text", "kuery": "text", "spl": "text",
    "yaral": "text", "json": "json", "yaml": "yaml", "sql": "sql",
}  # fmt: skip
LONGEST = 30_000
"""Characters; longer texts are shown without colours."""

FORMATTER = HtmlFormatter(nowrap=True)


@lru_cache(maxsize=500)
def highlight(text: str, language: str) -> Markup:
    """`text` as HTML spans with Pygments' short classes, to stand inside a `<pre>`."""
    if len(text) > LONGEST:
        return Markup(escape(text))
    try:
        lexer = get_lexer_by_name(LEXERS.get(language, "text"), stripnl=False, ensurenl=False)
    except ClassNotFound:
        return Markup(escape(text))
    return Markup(_highlight(text, lexer, FORMATTER))
