"""What a caller may choose about a translation: names, layout, header, time filter, losses, proof."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """Choices, each with the one a careful author would make.

    style: `long` (one condition a line) or `short` (one line). prefix: `im` or `_Im_`, the names of ASIM functions.
    lookback: a Kusto timespan such as `1d` for a time filter on the table's time column, "" for none.
    header: comments with the rule's title, id, authors, licence and address. allow_loss: write what can be said when
    not all can. prove: run source and translation on events. examples: how many events to make of the rule at most.
    """

    style: str = "long"
    prefix: str = "im"
    lookback: str = ""
    header: bool = False
    allow_loss: bool = False
    prove: bool = True
    examples: int = 48


DEFAULTS = Options()
