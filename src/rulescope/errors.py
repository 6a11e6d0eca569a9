"""The error tree.

RulescopeError
├── RuleError               this rule is malformed: a failure row, the run goes on
│   ├── FormatError         the file around the query
│   └── QuerySyntaxError    the query itself; every fault of the text in `.errors`
├── UnsupportedError        understood, but this target or engine cannot say it: a Loss or a NotRun
├── RunError                a query that its limits of time and memory, or its data, stopped: a NotRun
├── LogError                a log file that cannot be read at all (single records are counted, not raised)
├── SourceError             a folder, archive or repository that cannot be read
├── SchemaError             shipped or user schema data that contradicts itself
└── CatalogueError          a catalogue file that is not one, or of another version
"""

from __future__ import annotations

import msgspec

from .text import Place, Span, caret


class Fault(msgspec.Struct, frozen=True):
    """One fault of a text: what is wrong, where, what was found and what was expected."""

    message: str
    place: Place
    span: Span
    found: str = ""
    expected: str = ""
    suggestion: str = ""  # what to write instead, when it is known

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class RulescopeError(Exception):
    """Root of everything rulescope raises on purpose."""


class RuleError(RulescopeError):
    """A rule that is malformed; `.place` says where, when it is known."""

    def __init__(self, message: str, place: Place | None = None) -> None:
        self.message = message
        self.place = place
        super().__init__(f"{place}: {message}" if place else message)


class FormatError(RuleError):
    """The file around the query is malformed."""


class QuerySyntaxError(RuleError):
    """A query that is not well formed; `.errors` holds every fault found, in text order."""

    def __init__(self, errors: tuple[Fault, ...], text: str = "") -> None:
        self.errors = errors
        self.text = text
        first = errors[0]
        super().__init__(first.message, first.place)

    def report(self) -> str:
        """All faults as a compiler would print them: place, message, source line, carets."""
        return "\n".join(
            f"{fault}\n{caret(self.text, fault.span)}" if self.text else str(fault) for fault in self.errors
        )


class UnsupportedError(RulescopeError):
    """`target` understands but cannot express or run `construct`."""

    def __init__(self, target: str, construct: str, span: Span | None = None) -> None:
        self.target = target
        self.construct = construct
        self.span = span
        super().__init__(f"{target} cannot express {construct}")


class RunError(RulescopeError):
    """A query that could not be finished within its limits of time and memory, or that failed on its data."""


class LogError(RulescopeError):
    """A log file that cannot be read at all."""


class SourceError(RulescopeError):
    """A rule source that cannot be read."""


class SchemaError(RulescopeError):
    """Schema data that contradicts itself or names what does not exist."""


class CatalogueError(RulescopeError):
    """A catalogue file that cannot be opened or is of another version."""
