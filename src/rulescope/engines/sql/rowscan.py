"""`scan`: a state machine over ordered rows, as a recursive query that takes one row of each partition a turn.

Each step holds at most one open match: for every step up to it, the last row that step took with its declared columns. A row is
offered to the steps from the last to the first. A step takes it out of the match of the step before, which that step then no
longer holds, or, when nothing is open there, into its own match; the first step always may begin one.
Source: https://learn.microsoft.com/kusto/query/scan-operator
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from ...model import Expr, Field, Index, Literal, Node, ScanRows, ScanStep, rewrite, walk
from .expressions import Expressions
from .frame import Col, Frame, OrderKey
from .stages_order import ordered
from .values import Value, convert, null, quote, unsupported

if TYPE_CHECKING:
    from .plan import Plan


class Hit(NamedTuple):
    """Columns of one step at one turn: whether it took the row, of which match, whether that began a series, what it assigned."""

    flag: str
    match: str
    begun: str
    kept: list[str]


def scan_rows(plan: Plan, stage: ScanRows, frame: Frame) -> Frame:
    """A row for each step a row was taken by, with the declared columns as that step left them."""
    for step in stage.steps:
        if step.output not in ("all", "last", "none") or step.optional:
            raise unsupported(f"scan step with {'optional' if step.optional else f'output={step.output}'}")
    groups = list(frame.groups)
    for column in stage.partition_by:
        value = plan.expressions(frame).value(column.value)
        key = plan.column("", value.type)
        frame = replace(frame, cte=plan.cte(plan.select(frame, [*plan.kept(frame), (value, key)])))
        frame = replace(frame, groups=(*frame.groups, key.id))
    if stage.order_by:
        frame = ordered(plan, frame, stage.order_by)
    row = plan.column("\x00row", "long")
    whole = plan.column("\x00whole", "long")
    numbered = plan.select(
        frame,
        [
            *plan.kept(frame),
            (Value(f"row_number() {frame.over()}", "long"), row),
            (Value(f"row_number() OVER ({f'ORDER BY {frame.order_sql}' if frame.order else ''})", "long"), whole),
        ],
    )
    rows = replace(frame, cte=plan.cte(numbered, materialized=True))
    return _Machine(plan, stage, rows, row, whole).frame(tuple(groups))


@dataclass(slots=True)
class _Machine:
    """The SQL of one scan: `rows` numbered by `row` in their partition and by `whole` over all."""

    plan: Plan
    stage: ScanRows
    rows: Frame
    row: Col
    whole: Col
    _columns: dict[tuple[int, int, str], Col] = field(default_factory=dict)
    _defaults: dict[str, Value] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)
    _match: list[str] = field(default_factory=list)

    def frame(self, groups: tuple[str, ...]) -> Frame:
        plan, rows = self.plan, self.rows
        declared = [plan.column(typed.name, typed.type) for typed in self.stage.declared]
        name, turn = plan.fresh("t"), plan.fresh()
        columns, first = self._state(declared)
        parts = [plan.fresh() for _ in rows.groups]
        hits = [
            Hit(plan.fresh(), plan.fresh(), plan.fresh(), [plan.fresh() for _ in declared]) for _ in self.stage.steps
        ]
        began = plan.fresh()
        plain = [name for hit in hits for name in (*hit[:3], *hit.kept)]
        nothing = ("FALSE", "NULL::BIGINT", "FALSE", *(null(column.type).sql for column in declared))
        blank = [item for _ in hits for item in nothing]
        start = ["0::BIGINT", "-1::BIGINT", *blank, *first, *rows.groups]
        names = [turn, began, *plain, *columns, *parts]
        head = plan.cte(f"SELECT DISTINCT {', '.join(rows.groups)} FROM {rows.cte}") if parts else ""
        body = self._turn(name, turn, began, parts, declared, hits)
        seed = f"SELECT {', '.join(start)}{f' FROM {head}' if head else ''}"
        plan.recursive = True
        plan.ctes.append(f"{name}({', '.join(names)}) AS ({seed} UNION ALL {body(names)})")
        return self._output(name, turn, parts, declared, hits, groups)

    # ---------------------------------------------------------------- state

    def _used(self) -> dict[str, list[str]]:
        """Columns of each step that some condition or assignment reads."""
        known = {step.name for step in self.stage.steps}
        used: dict[str, list[str]] = {name: [] for name in known}
        for step in self.stage.steps:
            for node in walk(step):
                if isinstance(node, Index) and isinstance(node.base, Field) and node.base.name in known:
                    if not (isinstance(node.key, Literal) and isinstance(node.key.value, str)):
                        raise unsupported("a computed column of a scan step")
                    if node.key.value not in used[node.base.name]:
                        used[node.base.name].append(node.key.value)
        return used

    def _state(self, declared: list[Col]) -> tuple[list[str], list[str]]:
        """Names of the columns of the state, and their values at first."""
        self._columns: dict[tuple[int, int, str], Col] = {}
        kinds = {column.name: column.type for column in (*self.rows.columns, *declared)}
        at = Expressions(self.plan, Frame("", ()))
        self._defaults = {
            column.name: convert(at.value(given), column.type) if given is not None else null(column.type)
            for column, given in zip(declared, self.stage.defaults or (None,) * len(declared), strict=True)
        }
        used = self._used()
        names, values = [], []
        self._open, self._match = [], []
        for holder in range(len(self.stage.steps)):
            self._open.append(self.plan.fresh())
            self._match.append(self.plan.fresh())
            names += [self._open[-1], self._match[-1]]
            values += ["FALSE", "NULL::BIGINT"]
            for member in range(holder + 1):
                for name in used[self.stage.steps[member].name]:
                    if name not in kinds:
                        raise unsupported(f"unknown column {name!r} of a scan step")
                    column = self.plan.column("", kinds[name])
                    self._columns[holder, member, name] = column
                    names.append(column.id)
                    values.append((self._defaults.get(name) or null(column.type)).sql)
        return names, values

    def _turn(
        self,
        name: str,
        turn: str,
        began: str,
        parts: list[str],
        declared: list[Col],
        hits: list[Hit],
    ) -> Callable[[list[str]], str]:
        """The step from one row to the next: nested selects, one a step of the scan, from the last to the first."""

        def body(names: list[str]) -> str:
            same = [f"{self.row.id} = {turn} + 1"]
            same += [
                f"{mine} IS NOT DISTINCT FROM {theirs}" for mine, theirs in zip(parts, self.rows.groups, strict=True)
            ]
            sql = f"SELECT * FROM {name} JOIN {self.rows.cte} ON {' AND '.join(same)}"
            for place in range(len(self.stage.steps) - 1, -1, -1):
                sql = self._step(place, self.stage.steps[place], sql, began, declared, hits[place])
            done = ", ".join(self.row.id if column == turn else column for column in names)
            return f"SELECT {done} FROM ({sql})"

        return body

    def _step(self, place: int, step: ScanStep, sql: str, began: str, declared: list[Col], hit: Hit) -> str:
        """`sql` after a row was offered to one step: its columns with the step's state replaced."""
        promoted, repeated = self.plan.fresh(), self.plan.fresh()
        earlier = self._at(place - 1, declared)
        own = self._at(place, declared)
        active = f"{self._open[place]} OR TRUE" if place == 0 else self._open[place]
        one = (
            f"({self._open[place - 1]} AND coalesce({self._holds(step, place, earlier)}, FALSE))" if place else "FALSE"
        )
        two = f"(({active}) AND coalesce({self._holds(step, place, own)}, FALSE))"
        sql = f"SELECT *, {one} AS {promoted}, NOT {one} AND {two} AS {repeated} FROM ({sql})"
        taken = f"({promoted} OR {repeated})"
        changed: dict[str, str] = {}
        made = [
            f"CASE WHEN {promoted} THEN {a} ELSE {b} END"
            for a, b in zip(
                self._assigned(step, place, earlier, declared) if place else self._assigned(step, place, own, declared),
                self._assigned(step, place, own, declared),
                strict=True,
            )
        ]
        values = {column.name: sql_of for column, sql_of in zip(declared, made, strict=True)}
        for (holder, member, name), column in self._columns.items():
            if holder != place:
                continue
            if member == place:
                new = values.get(name) or self.rows.column(name).id
                changed[column.id] = f"CASE WHEN {taken} THEN {new} ELSE {column.id} END"
            else:
                before = self._columns[place - 1, member, name].id
                changed[column.id] = f"CASE WHEN {promoted} THEN {before} ELSE {column.id} END"
        if place == 0:
            begins = f"{repeated} AND NOT {self._open[0]}"
            changed[began] = f"CASE WHEN {begins} THEN {began} + 1 ELSE {began} END"
            changed[self._match[0]] = f"CASE WHEN {begins} THEN {began} + 1 ELSE {self._match[0]} END"
        else:
            changed[self._match[place]] = (
                f"CASE WHEN {promoted} THEN {self._match[place - 1]} ELSE {self._match[place]} END"
            )
            for (holder, _, name), column in self._columns.items():
                if holder == place - 1:
                    blank = (self._defaults.get(name) or null(column.type)).sql
                    changed[column.id] = f"CASE WHEN {promoted} THEN {blank} ELSE {column.id} END"
            changed[self._open[place - 1]] = f"{self._open[place - 1]} AND NOT {promoted}"
        changed[self._open[place]] = f"{self._open[place]} OR {taken}"
        changed[hit.flag] = taken
        changed[hit.match] = changed[self._match[place]]
        changed[hit.begun] = f"{repeated} AND NOT {self._open[0]}" if place == 0 else promoted
        changed |= dict(zip(hit.kept, made, strict=True))
        items = ", ".join(f"{value} AS {column}" for column, value in changed.items())
        return f"SELECT * EXCLUDE ({promoted}, {repeated}) REPLACE ({items}) FROM ({sql})"

    def _at(self, holder: int, declared: list[Col]) -> Expressions:
        """Expressions over the current row and the match that a step holds."""
        columns = [*self.rows.columns]
        columns += [Col(column.name, column.type, self._defaults[column.name].sql) for column in declared]
        for (of, member, name), column in self._columns.items():
            if of == holder:
                columns.append(Col(f"\x00{self.stage.steps[member].name}.{name}", column.type, column.id))
        return Expressions(self.plan, Frame("", tuple(columns)))

    def _holds(self, step: ScanStep, place: int, at: Expressions) -> str:
        return at.holds(self._stated(step.condition, at, place))

    def _assigned(self, step: ScanStep, place: int, at: Expressions, declared: list[Col]) -> list[str]:
        """The declared columns as a step leaves them: what it does not assign is the default."""
        known = {column.name for column in declared}
        if any(assigned.name not in known for assigned in step.assignments):
            raise unsupported("scan that assigns to a column it does not declare")
        given = {assigned.name: self._stated(assigned.value, at, place) for assigned in step.assignments}
        return [
            convert(at.value(given[column.name]), column.type).sql
            if column.name in given
            else self._defaults[column.name].sql
            for column in declared
        ]

    def _stated(self, expr: Expr, at: Expressions, place: int) -> Expr:
        """`expr` with `step.column` made the column of the state; of a step that has taken nothing there, its null."""
        kinds = {column.name: column.type for column in self.rows.columns}
        kinds |= {column.name: column.type for column in self.stage.declared}
        steps = {step.name for step in self.stage.steps}

        def change(node: Node) -> Node:
            if isinstance(node, Index) and isinstance(node.base, Field) and node.base.name in steps:
                assert isinstance(node.key, Literal)
                name = f"\x00{node.base.name}.{node.key.value}"
                if at.frame.find(name) is None:
                    return Literal(None, kinds[str(node.key.value)])
                return Field(name)
            return node

        changed: Expr = rewrite(expr, change)
        return changed

    # ---------------------------------------------------------------- output

    def _last(self, name: str, turn: str, flag: str, begun: str, parts: list[str]) -> tuple[str, str]:
        """The turns of a step of which only the last of a series is given, and the condition for that.

        A series ends where the next row that the step takes begins one anew. Whether a row that it leaves out in between ends
        one too, and whether two series without such a row are one, is not documented: then the run ends.
        """
        over = f"({f'PARTITION BY {chr(44).join(parts)} ' if parts else ''}ORDER BY {turn})"
        following = f"lead({turn}) OVER {over} AS k_turn, lead({begun}) OVER {over} AS k_begun"
        taken = self.plan.cte(f"SELECT *, {following} FROM {name} WHERE {flag}")
        refusal = quote(
            "UnsupportedError: scan with output=last where a series of matches is interrupted or followed by another"
        )
        last = (
            f"CASE WHEN k_s.k_turn IS NULL THEN TRUE WHEN k_s.k_begun = (k_s.k_turn = k_s.{turn} + 1)"
            f" THEN error({refusal})::BOOLEAN ELSE k_s.k_begun END"
        )
        return taken, last

    def _output(
        self,
        name: str,
        turn: str,
        parts: list[str],
        declared: list[Col],
        hits: list[Hit],
        groups: tuple[str, ...],
    ) -> Frame:
        """The rows each step took, in order of the rows; of one row the later step first, as it was offered."""
        plan, rows = self.plan, self.rows
        match = plan.column(self.stage.match_id, "long") if self.stage.match_id else None
        spot = plan.fresh()
        same = [f"k_r.{self.row.id} = k_s.{turn}"]
        same += [
            f"k_r.{theirs} IS NOT DISTINCT FROM k_s.{mine}" for mine, theirs in zip(parts, rows.groups, strict=True)
        ]
        chosen = []
        silent = all(step.output == "none" for step in self.stage.steps)
        for place, (step, (flag, number, begun, kept)) in enumerate(zip(self.stage.steps, hits, strict=True)):
            if step.output == "none" and not silent:
                continue
            taken = name
            if step.output == "last":
                taken, flag = self._last(name, turn, flag, begun, parts)
            items = [f"k_r.{column.id}" for column in rows.columns]
            items += [f"k_s.{mine} AS {column.id}" for mine, column in zip(kept, declared, strict=True)]
            if match is not None:
                items.append(f"k_s.{number} AS {match.id}")
            items += [f"k_r.{self.whole.id}", f"{-place} AS {spot}", *(f"k_r.{group}" for group in groups)]
            chosen.append(
                f"SELECT {', '.join(items)} FROM {rows.cte} k_r JOIN {taken} k_s ON {' AND '.join(same)} WHERE {flag if step.output == 'last' else f'k_s.{flag}'}{' AND FALSE' if silent else ''}"
            )
        columns = (*rows.columns, *declared, *((match,) if match is not None else ()))
        order = (OrderKey(self.whole.id, False, False), OrderKey(spot, False, False))
        return Frame(plan.cte(" UNION ALL ".join(chosen)), columns, order=order, groups=groups, serialized=True)
