"""What usual mistakes are told: one golden text of queries and their messages."""

from __future__ import annotations

from pathlib import Path

from rulescope.languages.kusto.parser import parse_text

FOLDER = Path(__file__).parent
MISTAKES = FOLDER / "mistakes.txt"


def test_messages_of_usual_mistakes(update_golden: bool) -> None:
    said = ""
    for query in MISTAKES.read_text().splitlines():
        faults = parse_text(query).faults
        assert faults, query
        for fault in faults:
            caret = " " * (fault.place.column - 1) + "^" * max(1, fault.span.end - fault.span.start)
            said += f"{query}\n{caret}\n{fault.message}\n\n"
    expected = MISTAKES.with_suffix(".messages")
    if update_golden:
        expected.write_text(said)
    assert said == expected.read_text()


def test_what_helps_is_kept_apart_too() -> None:
    [fault] = parse_text("T | wher a == 1").faults
    assert fault.suggestion == "did you mean where?"
    assert fault.message == f"expected {fault.expected}, found {fault.found}; {fault.suggestion}"


def test_a_bracket_is_placed_in_its_file() -> None:
    [fault] = parse_text("T\n| where (a == 1", "f.kql", 10).faults
    assert fault.suggestion == "the ( at 11:9 is not closed"
