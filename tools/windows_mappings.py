"""Write the entries of schemas/data/mappings/windows-events.toml and event-table.toml that follow from logsources.tsv.

Usage: python tools/windows_mappings.py. A log source of Windows events is a channel and event numbers of WindowsEvent and of
Event. What else the two files hold (SecurityEvent, columns of fields) stands outside the lines `MADE` and `END`, by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rulescope.schemas.data import rows

MAPPINGS = Path(__file__).parent.parent / "src" / "rulescope" / "schemas" / "data" / "mappings"
MADE = "# From here: made by tools/windows_mappings.py from logsources.tsv."
END = "# To here."
OWN_FIELDS = {"windefend": "defender", "antivirus": "antivirus"}
"""Log sources whose fields have other names in the event: the group of [fields.x] that says so."""

AUDIT = "Security"
"""The channel whose events of a category (4688, 5156, 4657) are not Sysmon's: mapped by hand where they are."""


@dataclass(frozen=True)
class Target:
    """A table: the columns of the channel and of the event's data, and what an entry says of keywords and other fields."""

    file: str
    table: str
    channel: str
    keywords: str
    others: str
    without: tuple[str, ...] = ()

    def data(self, name: str, values: list[str]) -> str:
        """A condition on a field of the event's data."""
        if self.table == "WindowsEvent":
            return _equals(f"EventData.{name}", values)
        return "EventData contains " + "|".join(f'<Data Name=\\"{name}\\">{value}</Data>' for value in values)


TARGETS = (
    Target("windows-events.toml", "WindowsEvent", "Channel", '["json EventData", "Provider", "Computer"]', "EventData"),
    Target(
        "event-table.toml",
        "Event",
        "EventLog",
        '["RenderedDescription", "xml EventData", "Source", "Computer"]',
        "xml EventData",
        ("security",),
    ),
)


def main() -> None:
    for target in TARGETS:
        path = MAPPINGS / target.file
        path.write_text(made(target, path.read_text(encoding="utf-8")), encoding="utf-8")


def made(target: Target, text: str) -> str:
    """The file `text` with the entries between `MADE` and `END` made anew."""
    before, _, rest = text.partition(MADE)
    after = rest.partition(END)[2]
    return "\n\n".join((before.rstrip(), MADE, *entries(target), END + after))


def entries(target: Target) -> Iterator[str]:
    """One `[[map]]` for each log source that is a channel; a category is also that of rules without a product."""
    seen: set[tuple[str, str]] = set()
    for row in rows("logsources.tsv"):
        name = row["category"] or row["service"]
        own = (row["category"], row["service"])
        if not row["channel"] or not name or own in seen or name in target.without:
            continue
        if row["category"] and row["channel"] == AUDIT:
            continue
        seen.add(own)
        where = [_equals(target.channel, row["channel"].split(";"))]
        if row["event_ids"]:
            where.append(_equals("EventID", row["event_ids"].split()))
        for test in filter(None, row["where"].split(";")):
            field, _, values = test.partition("=")
            where.append(target.data(field, values.split("|")))
        fields = ["event", *([OWN_FIELDS[name]] if name in OWN_FIELDS else [])]
        yield "\n".join(
            (
                "[[map]]",
                f'category = "{row["category"]}"' if row["category"] else f'service = "{row["service"]}"',
                f"product = {_listed(_products(row))}",
                f'table = "{target.table}"',
                f"where = {_listed(where)}",
                f"fields = {_listed(fields)}",
                f"keywords = {target.keywords}",
                f'others = "{target.others}"',
            )
        )


def _products(row: dict[str, str]) -> list[str]:
    product = row["product"] or "windows"
    return [product, ""] if row["category"] and product == "windows" else [product]


def _equals(column: str, values: list[str]) -> str:
    return f"{column} {'in' if len(values) > 1 else '=='} {'|'.join(values)}"


def _listed(values: list[str]) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"


if __name__ == "__main__":
    main()
