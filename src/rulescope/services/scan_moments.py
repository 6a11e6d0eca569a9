"""When a scheduled rule runs over a log: the moments whose look-back holds a row the rule could choose.

A service runs a rule every `frequency`; over a log of years with a day of events that is mostly over nothing. A rule whose
first stages choose rows one by one, and whose later stages make nothing of nothing, can only give rows when its look-back
holds a row those first stages choose; the first stages alone, run once over the whole log, say which rows those are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ..model import (
    Aggregate,
    And,
    Apply,
    As,
    Call,
    Column,
    Compare,
    Consume,
    Distinct,
    Evaluate,
    Expand,
    Expr,
    Extend,
    External,
    Field,
    Filter,
    Find,
    Inline,
    Invoke,
    Join,
    Let,
    Limit,
    Literal,
    Node,
    Op,
    Parse,
    ParseKv,
    Print,
    Project,
    Query,
    Range,
    Rename,
    Render,
    SampleDistinct,
    Scan,
    Schedule,
    Search,
    Select,
    Serialize,
    Sort,
    Star,
    Step,
    TableCall,
    Top,
    TopHitters,
    TopNested,
    ToScalar,
    Within,
    replace,
)
from ..model.walk import walk
from .scan_origins import MARK, SEEING

TIMES = ("TimeGenerated", "Timestamp")
"""Columns that say when a row was, the first that a table has counts."""

MOST_RUNS = 1_000
"""Times a scheduled rule is run at most; a longer log is covered from its end."""

CLOCK = frozenset({"now", "ago"})
ORDERED = frozenset(
    {"prev", "next", "row_number", "row_cumsum", "row_rank_dense", "row_rank_min", "row_window_session"}
)
ONE_BY_ONE = (Filter, Extend, Parse, ParseKv, Project, Rename, Expand, As)
"""Stages that look at a row at a time."""

NOTHING_OF_NOTHING = (
    Filter, Extend, Parse, ParseKv, Project, Rename, Expand, As, Select, Distinct, Sort, Limit, Top, TopNested, TopHitters,
    SampleDistinct, Serialize, Apply, Render, Consume,
)  # fmt: skip
"""Stages that give no row when they get none; so do `summarize ... by` and joins that keep to the left side."""

LEFT = frozenset({"inner", "innerunique", "leftouter", "leftanti", "anti", "leftantisemi", "leftsemi"})
SOURCES = (Scan, TableCall, External, Search, Find, Inline, Print, Range, Evaluate, Invoke)
HERE = Scan("")
Times = npt.NDArray[np.int64]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Choosing:
    """The first stages of a query, which give the mark of every row of `table` it could choose at any time.

    `lookback` is how many seconds back such a row may be when that is less than the rule's look-back, else that.
    `clocked`: the same rows may give other results at another moment. `alone`: the query reads no other rows than these.
    """

    query: Query
    table: str
    lookback: float
    clocked: bool
    alone: bool


def choosing(query: Query, lookback: float, times: Callable[[str], frozenset[str]]) -> Choosing | None:
    """What `query`, a rule with that look-back in seconds, can choose; None when rows it never chose can matter.

    `times` names the columns of a table that say when a row was.
    """
    found = _flat(query.stages, query.lets)
    if found is None:
        return None
    first, rest = found
    columns = times(first.table)
    stages: list[Step] = [first]
    bounds = [lookback]
    trivial = 0
    for number, stage in enumerate(rest):
        if isinstance(stage, Filter):
            bound, always = _bounds(stage.predicate, columns, lookback)
            bounds.append(bound)
            trivial += always
        made = _one_by_one(stage)
        if made is None:
            if not all(_keeps_nothing(later) for later in rest[number:]):
                return None
            break
        columns = _untouched(stage, columns)
        stages += made
    stages.append(Project((Column((MARK,), Field(MARK)),)))
    flat = Query((first, *rest))
    alone = sum(isinstance(node, SOURCES) and node != HERE for node in walk(flat)) == 1
    clocks = sum(isinstance(node, Call) and node.name in CLOCK for node in walk(flat if alone else query))
    chosen = Query(tuple(stages), language=query.language)
    return Choosing(chosen, first.table, min(bounds), clocks > trivial, alone)


def _bounds(predicate: Expr, columns: frozenset[str], lookback: float) -> tuple[float, int]:
    """How many seconds back a condition lets a row be, at most `lookback`; how many of its clocks say only that."""
    if isinstance(predicate, And):
        found = [_bounds(term, columns, lookback) for term in predicate.terms]
        return min((bound for bound, _ in found), default=lookback), sum(trivial for _, trivial in found)
    match predicate:
        case Compare(Field(name), Op.GE | Op.GT, Call("ago", (Literal(int(ticks), "timespan"),))) if name in columns:
            seconds = ticks / 1e7
            return min(seconds, lookback), int(seconds >= lookback)
        case Compare(Field(name), Op.LE, Call("now", ())) if name in columns:
            return lookback, 1
    return lookback, 0


def _untouched(stage: Step, columns: frozenset[str]) -> frozenset[str]:
    """Which of `columns` surely still are what they were after a stage."""
    if isinstance(stage, Filter | As):
        return columns
    if isinstance(stage, Extend | Project):
        given = {each.name: each.value for each in stage.columns if each.name}
        return frozenset(name for name in columns if given.get(name, Field(name)) == Field(name))
    return frozenset()


def _flat(stages: Sequence[Step], lets: Sequence[Let]) -> tuple[Scan, list[Step]] | None:
    """The table `stages` start with, through the `let` queries between, and all stages after it."""
    first, rest = (stages[0], list(stages[1:])) if stages else (None, [])
    if not isinstance(first, Scan) or first.scope or "*" in first.table:
        return None
    for number in range(len(lets) - 1, -1, -1):
        if lets[number].name == first.table:
            inner = lets[number].query
            before = _flat(inner.stages, (*lets[:number], *inner.lets))
            return None if before is None else (before[0], before[1] + rest)
    return first, rest


def _one_by_one(stage: Step) -> list[Step] | None:
    """What of a stage can be asked of a row at any time, as stages that keep its mark; None when nothing can."""
    if not isinstance(stage, ONE_BY_ONE):
        return None
    if isinstance(stage, Filter):
        terms = stage.predicate.terms if isinstance(stage.predicate, And) else (stage.predicate,)
        kept = tuple(term for term in terms if _timeless(term))
        return [replace(stage, predicate=And(kept))] if kept else []
    if not _timeless(stage):
        return None
    if isinstance(stage, Project):
        return [replace(stage, columns=(*stage.columns, Column((MARK,), Field(MARK))))]
    return [stage]


def _timeless(part: Expr | Step) -> bool:
    """Whether a part says the same of a row at any moment, whatever other rows there are."""
    return not any(_tells(node) for node in walk(part))


def _tells(node: Node) -> bool:
    if isinstance(node, Call):
        return node.name in CLOCK or node.name in ORDERED or node.name in SEEING
    return isinstance(node, Within | ToScalar | Star)


def _keeps_nothing(stage: Step) -> bool:
    if isinstance(stage, Aggregate):
        return bool(stage.by)
    if isinstance(stage, Join):
        return stage.kind in LEFT
    return isinstance(stage, NOTHING_OF_NOTHING)


@dataclass(frozen=True)
class Moments:
    """The moments a rule runs at, in order; how many there are in the log; since when those given see rows."""

    moments: tuple[datetime, ...]
    wanted: int
    since: datetime | None = None


class Clock:
    """When the rows of tables were, by their marks."""

    def __init__(self, tables: Mapping[str, pa.Table]) -> None:
        self._times: dict[str, Times] = {}
        self._marks: dict[str, Times] = {}
        for name, table in tables.items():
            times = _times(table)
            if times is None:
                continue
            self._times[name] = times
            if MARK in table.column_names:
                self._marks[name] = table[MARK].to_numpy()
        known = self.all(self._times)
        self.newest = int(known.max()) if len(known) else None

    def __contains__(self, table: str) -> bool:
        return table in self._times

    def numbers(self, table: str) -> bool:
        """Whether the rows of a table carry marks, which `of` can ask for."""
        return table in self._marks

    def all(self, tables: Iterable[str]) -> Times:
        """When the rows of `tables` were: microseconds since 1970, in no order."""
        found = [self._times[name] for name in tables if name in self._times]
        return _known(np.concatenate(found)) if found else np.empty(0, np.int64)

    def of(self, table: str, marks: Times) -> Times:
        """When the rows of a table with these marks were."""
        known = self._marks[table]  # rows are marked in the order they come
        return _known(self._times[table][np.searchsorted(known, np.unique(marks))])


def moments(
    end: datetime,
    schedule: Schedule,
    times: Times,
    lookback: float | None = None,
    changing: Times | None = None,
    newest: int | None = None,
) -> Moments:
    """The runs, every `frequency` back and forth from `end`, that see one of `times` in their last `lookback` seconds.

    Without `lookback` the schedule's counts. With `changing`, the times of all rows that matter to a rule that asks no clock,
    a run that sees the same of them as the run before is left out. None runs a whole step after `newest`, the time of the last
    row. The last `MOST_RUNS` are given when there are more.
    """
    step = max(1, round(schedule.frequency * 1e6))
    whole = round(schedule.lookback * 1e6)
    back = whole if lookback is None else min(whole, round(lookback * 1e6) + 1)
    last = (end - EPOCH) // MICROSECOND
    # run n is at end - n * step, and sees a row at t when end - n * step - back < t <= end - n * step
    starts, stops = (last - back - times) // step + 1, (last - times) // step
    if newest is not None:
        starts = np.maximum(starts, (last - newest) // step)
    starts, stops = _merged(starts, stops)
    if not len(starts):
        return Moments((), 0)
    if changing is None:
        wanted = int((stops - starts + 1).sum())
        numbers = list(_first(starts, stops, MOST_RUNS))
    else:
        changes = np.unique(np.concatenate(((last - changing) // step, (last - whole - changing) // step)))
        place = np.searchsorted(starts, changes, side="right") - 1
        seen = changes[(place >= 0) & (changes <= stops[place])]
        wanted, numbers = len(seen), seen[:MOST_RUNS].tolist()
    chosen = tuple(sorted(_at(last - number * step) for number in numbers))
    since = _at(last - numbers[-1] * step - back) if wanted > MOST_RUNS else None
    return Moments(chosen, wanted, since)


def _merged(starts: Times, stops: Times) -> tuple[Times, Times]:
    """Spans of numbers (both ends in) as the fewest that hold the same, in order; spans that hold none are left out."""
    order = np.argsort(starts, kind="stable")
    starts, stops = starts[order], stops[order]
    inside = starts <= stops
    starts, stops = starts[inside], stops[inside]
    if not len(starts):
        return starts, stops
    reach = np.maximum.accumulate(stops)
    new = np.concatenate(([True], starts[1:] > reach[:-1] + 1))
    ends = np.concatenate((np.flatnonzero(new)[1:] - 1, [len(starts) - 1]))
    return starts[new], reach[ends]


def _first(starts: Times, stops: Times, most: int) -> Iterator[int]:
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        for number in range(start, min(stop, start + most - 1) + 1):
            yield number
            most -= 1
            if not most:
                return


def _at(microseconds: int) -> datetime:
    try:
        return EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if microseconds > 0 else datetime.min.replace(tzinfo=UTC)


NEVER = np.iinfo(np.int64).min


def _known(times: Times) -> Times:
    known: Times = times[times != NEVER]
    return known


def _times(table: pa.Table) -> Times | None:
    column = time_column(table)
    if column is None:
        return None
    moments = table[column].cast(pa.timestamp("us", "UTC"), safe=False).cast(pa.int64())
    times: Times = moments.fill_null(NEVER).to_numpy()
    return times


def time_columns(table: pa.Table) -> frozenset[str]:
    """The columns that say when a row was: the one of that use, and another of such a name that holds the same."""
    first = time_column(table)
    if first is None:
        return frozenset()
    return frozenset(name for name in TIMES if name in table.column_names and table[name].equals(table[first]))


def time_column(table: pa.Table) -> str | None:
    """The column that says when a row was; None for a table without times."""
    name = next((name for name in TIMES if name in table.column_names), None)
    return name if name is not None and pa.types.is_timestamp(table.schema.field(name).type) else None
