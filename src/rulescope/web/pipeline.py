"""The pipeline of a query as a picture: a box per stage, branches (joins, unions, lets) as rows that flow in."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from markupsafe import Markup

from ..analysis import Stage

BOX_HEIGHT = 30
GAP = 22
ROW = 46
MOST = 40


def pipeline(stages: Sequence[Stage]) -> Markup:
    """An SVG drawing of up to 40 stages; empty for one stage or for more."""
    if not 2 <= len(stages) <= MOST:
        return Markup("")
    rows: dict[tuple[int, str], int] = {}
    x_of: dict[int, int] = {}
    boxes: list[str] = []
    arrows: list[str] = []
    last: dict[int, tuple[int, int]] = {}
    width = 0
    for index, stage in enumerate(stages):
        row = rows.setdefault((stage.depth, stage.branch), len(rows))
        size = max(52, 8 * len(stage.keyword) + 22)
        x = x_of.get(
            row,
            max((end for at, (end, _) in last.items() if at != row and stage.depth), default=0) // 4
            if row not in x_of
            else 0,
        )
        y = row * ROW + 4
        if row in last:
            arrows.append(_arrow(last[row][0], y + BOX_HEIGHT // 2, x, y + BOX_HEIGHT // 2))
        classes = "box opaque" if stage.kind.startswith("Opaque") else "box"
        title = escape(f"{index + 1}. {stage.keyword}")
        boxes.append(
            f'<g class="{classes}"><title>{title}</title><rect x="{x}" y="{y}" width="{size}" height="{BOX_HEIGHT}" rx="7"/>'
            f'<text x="{x + size // 2}" y="{y + 20}" text-anchor="middle">{escape(stage.keyword)}</text></g>'
        )
        last[row] = (x + size, y + BOX_HEIGHT // 2)
        x_of[row] = x + size + GAP
        width = max(width, x + size)
    height = len(rows) * ROW
    labels = [
        f'<text class="branch" x="0" y="{row * ROW - 1}">{escape(branch)}</text>'
        for (_, branch), row in rows.items()
        if branch and row
    ]
    return Markup(
        f'<div class="scroll" tabindex="0" role="region" aria-label="Pipeline"><svg class="pipeline-picture" width="{width + 2}" height="{height}" viewBox="-1 0 {width + 2} {height}" '
        f'role="img" aria-label="{len(stages)} stages"><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>{"".join(arrows)}{"".join(boxes)}{"".join(labels)}</svg></div>'
    )


def _arrow(x: int, y: int, to_x: int, to_y: int) -> str:
    return f'<path class="flow" d="M{x} {y}L{to_x} {to_y}" marker-end="url(#tip)"/>'
