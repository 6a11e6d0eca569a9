"""`parse_xml`: elements, attributes and text as JSON, in the order of the document.

Source: https://learn.microsoft.com/kusto/query/parse-xml-function (text of at most 1 MB; all but elements, attributes and text is
skipped, so that sections of CDATA are). Names keep their prefixes, and declarations of namespaces are attributes.
"""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

from ...errors import RunError
from . import Scalar
from .arrays import dumps

LONGEST = 1_048_576
DEEPEST = 200


class _Builder:
    """The JSON of a document as its parts are read: one bag an element that is open, and the text since its last child."""

    def __init__(self) -> None:
        self.root: dict[str, Any] = {}
        self.open: list[dict[str, Any]] = [self.root]
        self.text: list[str] = []
        self.skipping = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.open) > DEEPEST:
            raise RunError(f"parse_xml: elements more than {DEEPEST} deep")
        self.flush()
        self.open.append({f"@{key}": value for key, value in attributes.items()})

    def end(self, name: str) -> None:
        self.flush()
        found = self.open.pop()
        value: Any = found["#text"] if list(found) == ["#text"] else found or None
        _add(self.open[-1], name, value)

    def data(self, text: str) -> None:
        if not self.skipping:
            self.text.append(text)

    def section(self, skipping: bool) -> None:
        self.skipping = skipping

    def flush(self) -> None:
        text = "".join(self.text).strip()
        self.text.clear()
        if text:
            _add(self.open[-1], "#text", text)

    def document_type(self, *args: Any) -> None:
        raise RunError("parse_xml: of text with a document type")


def _add(bag: dict[str, Any], name: str, value: Any) -> None:
    """A second value of a name makes a list."""
    if name not in bag:
        bag[name] = value
    elif isinstance(bag[name], list):
        bag[name].append(value)
    else:
        bag[name] = [bag[name], value]


def parse_xml(text: str) -> str | None:
    """The document as JSON; None for what is none, or is too long."""
    content = text.strip().encode("utf-8", "surrogatepass")
    if not content or len(content) > LONGEST:
        return None
    builder = _Builder()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.ordered_attributes = False
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartCdataSectionHandler = lambda: builder.section(True)
    parser.EndCdataSectionHandler = lambda: builder.section(False)
    parser.StartDoctypeDeclHandler = builder.document_type
    try:
        parser.Parse(content, True)
    except expat.ExpatError:
        return None
    return dumps(builder.root)


FUNCTIONS = [Scalar("parse_xml", "s>s", parse_xml)]
