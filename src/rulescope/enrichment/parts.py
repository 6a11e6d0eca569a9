"""The parts of a query as a reader thinks of them: each set of tables or logs it takes, and what it asks of their entries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..analysis import Placed, placed, plain
from ..analysis.places import Names
from ..analysis.windows import is_threshold, is_time, whole_row
from ..model import (
    Aggregate,
    And,
    Apply,
    As,
    Call,
    Compare,
    Correlate,
    Count,
    Evaluate,
    Expr,
    Extend,
    External,
    Field,
    Filter,
    Find,
    Inline,
    Join,
    Literal,
    MakeSeries,
    Match,
    Named,
    Nested,
    Node,
    Not,
    Op,
    Or,
    Project,
    Query,
    Scan,
    Search,
    TableCall,
    Union,
    Within,
    expressions,
    outline_expr,
    rewrite,
)
from ..model import replace as replaced
from ..schemas.tables import tables

ROLES = {
    "leftanti": "absent", "anti": "absent", "leftantisemi": "absent",
    "rightanti": "unmatched", "rightantisemi": "unmatched", "rightsemi": "fetched",
    "leftouter": "looked up", "rightouter": "kept", "fullouter": "as well",
}  # fmt: skip
"""Kind of join -> role of its right side; any other is joined."""
WATCHLISTS = ("_GetWatchlist", "_GetWatchlistAlias")


@dataclass(slots=True)
class Part:
    """A part, and what becomes of its rows.

    `role` is main, joined, looked up, also (of a union), member (of a union whose rows are asked more together), or the name of a
    correlated rule; absent: main entries with a partner here are left out; unmatched: entries here without a main partner are
    the result; fetched: entries here with a main partner are; kept: entries here are, with a main partner or without; as
    well: so are these; listed: it gives the values of a list called `name`. Conditions on time and on counts are in neither
    `asks` nor `leaves`.
    """

    role: str
    by: tuple[str, ...] = ()  # columns it is matched by
    name: str = ""
    scopes: list[str] = field(default_factory=list)  # its tables or log sources
    asks: list[Expr] = field(default_factory=list)  # conditions on entries
    leaves: list[Expr] = field(default_factory=list)  # those it excludes, each the term under a Not
    later: list[Expr] = field(default_factory=list)  # asked of the sums
    counts: list[Expr] = field(default_factory=list)  # conditions on counted numbers that every row must pass
    computed: dict[str, str] = field(default_factory=dict)  # how the counted columns are computed
    apart: int = 0  # how many of the first `counts` rows of a union beside it need not pass
    filled: list[str] = field(default_factory=list)  # fields of which only that they hold a value is asked
    joint: list[Expr] = field(default_factory=list)  # asked of rows that hold columns of joined parts too
    beside: list[str] = field(default_factory=list)  # the tables of those parts
    watchlists: list[str] = field(default_factory=list)
    fetched: bool = False  # its rows are those of a file outside
    inline: bool = False  # its rows are values of the query itself
    columns: frozenset[str] = frozenset()  # of such a file or list
    given: frozenset[str] = frozenset()  # columns that such a file or list gives to rows joined with it
    instead: bool = False  # a joined one of a union, another of whose parts will do
    members: list[Part] = field(default_factory=list)  # parts of a union that nothing was asked of together yet
    counted: bool = False  # its rows were summed up
    matched: bool = False  # and that before they were joined with others
    times: list[str] = field(default_factory=list)  # conditions on time, as text
    base: Part | None = field(default=None, repr=False)  # the part that a joined one is joined with
    partners: int = 0  # how many of the first `counts` are of rows that only serve as partners of unmatched ones
    keys: set[str] = field(default_factory=set)  # its columns that others are joined by
    groups: set[str] = field(default_factory=set)  # those its sums are made by: what these must hold, each entry must
    aliases: dict[str, str] = field(default_factory=dict)  # what derived columns stood for where they were asked of

    @property
    def elsewhere(self) -> bool:
        """Its rows are those of watchlists or files."""
        return bool(self.watchlists or self.fetched)

    @property
    def bare(self) -> bool:
        """It takes every entry of its tables."""
        return not (
            self.asks or self.joint or self.leaves or self.later or self.counts or self.counted or self.watchlists
        )

    def absorb(self, other: Part) -> None:
        """Takes the rows of `other` as its own."""
        self.scopes += [scope for scope in other.scopes if scope not in self.scopes]
        if not self.counted:
            self.asks += other.asks
            self.leaves += other.leaves
            self.later += other.later
            self.joint += other.joint
            self.aliases.update(other.aliases)
        if not (self.asks or self.counted or other.counted):
            self.members += other.members
        self.beside += other.beside
        self.watchlists += other.watchlists
        self.fetched |= other.fetched
        self.inline |= other.inline
        self.columns |= other.columns
        self.given |= other.given
        self.partners = self.partners if self.counts else other.partners
        self.counts += other.counts
        self.computed.update(other.computed)
        self.counted |= other.counted
        self.matched |= other.matched
        self.times += other.times


def parts(query: Query, stages: tuple[Placed, ...] | None = None) -> tuple[Part, ...]:
    """The main part first, then the others in reading order; those that ask nothing of their entries too."""
    places = {id(place.stage): place for place in (stages if stages is not None else placed(query))}
    return tuple(_parts(query, "main", places, {}))


def _parts(
    query: Query, role: str, places: Mapping[int, Placed], lets: Mapping[str, Query], by: tuple[str, ...] = ()
) -> list[Part]:
    known = {**lets, **{let.name: let.query for let in query.lets}}
    own = rows = Part(role, by)
    others: list[Part] = []

    def take(inner: Query, outer: Mapping[str, Query]) -> None:
        first, *rest = _parts(inner, role, places, outer, by)
        own.absorb(first)
        others.extend(rest)
        for each in rest:
            each.base = own if each.base is first else each.base

    for number, stage in enumerate(query.stages):
        match stage:
            case As(name):
                known[name] = replaced(query, lets=(), stages=query.stages[:number])
            case Scan(table) if table in known:
                take(known[table], {name: each for name, each in known.items() if name != table})
            case Scan(table, logsource=logsource):
                own.scopes += [name for name in (table, logsource) if name and name not in own.scopes]
            case TableCall(name, args) if name in WATCHLISTS:
                own.watchlists += [str(each.value) for each in args[:1] if isinstance(each, Literal)]
            case TableCall("table", (Literal(str() as name), *_)) | TableCall(name):
                own.scopes.append(name)
            case External(columns):
                own.fetched, own.columns = True, frozenset(column.name for column in columns)
            case Inline():
                own.inline = True
            case Nested(inner):
                take(inner, known)
            case Search(predicate, tables) if not own.counted:
                own.scopes += tables
                _filter(own, predicate, places.get(id(stage)))
            case Filter(predicate) | Find(predicate):
                for source in stage.tables if isinstance(stage, Find) else ():
                    take(source, known)
                _filter(rows, predicate, places.get(id(stage)))
                for within in expressions(predicate, Within):
                    others += _lists(within.query, places, known)
            case Evaluate("ipv4_lookup" | "ipv6_lookup", (Field(table), address, *more)):
                if Named("return_unmatched", Literal(True, "bool")) not in [_bare(each) for each in more]:
                    ranges = known.get(table, Query((Scan(table),)))
                    others += _parts(ranges, "joined", places, known, (outline_expr(address),))
            case Apply(query=inner) if (steps := _applied(inner)) is not None:
                for step in steps:  # an entry none of whose values pass is gone
                    for term in _terms(step.predicate):
                        if not isinstance(term, Not):  # what one value must not be, another may be
                            _filter(rows, term, places.get(id(step)))
            case Extend(columns) | Project(columns):
                own.keys -= {each.name for each in columns if outline_expr(each.value) != each.name}
            case Aggregate(aggregates) if all(whole_row(column.value) for column in aggregates):
                pass  # the newest row of each, or each once: rows stay rows
            case Aggregate(by=keyed):
                groups = {name for each in keyed for name in each.names or (_name(each.value),)}
                rows.groups = rows.groups & groups if rows.counted else groups
                rows.counted = True
            case Count() | MakeSeries():
                rows.counted, rows.groups = True, set()
            case Join(right, on, kind):
                how = ROLES.get(kind, "joined")
                keys = tuple(dict.fromkeys(outline_expr(key.left) for key in on))
                found = _parts(right, how, places, known, keys)
                found = _turned(found, keys) if how == "joined" else found
                found[0].base = own
                own.matched |= own.counted
                own.partners = len(own.counts) if how == "unmatched" else own.partners
                if how != "joined":  # what it is joined with in turn says nothing of the main rows
                    for each in found[1:]:
                        each.role = "looked up" if each.role == "joined" else each.role
                others += found
                if how in ("unmatched", "fetched"):  # from here on the rows are those of the right side
                    rows = found[0]
                if kind not in ("rightouter", "fullouter"):
                    own.keys |= {key.left.name for key in on if isinstance(key.left, Field)}
                if how not in ("absent", "unmatched", "fetched"):
                    own.given |= found[0].columns - {
                        expr for key in on for expr in map(outline_expr, (key.left, key.right))
                    }
                    own.beside += [scope for each in found for scope in each.scopes]
            case Union(queries):
                inside = "also" if role in ("main", "also") else role
                own.apart = len(own.counts)
                inners = [_parts(inner, inside, places, known, by) for inner in queries]
                alone = [found for found in inners if len(found) == 1 and found[0].bare]
                others += [each for found in inners if found not in alone for each in found]
                for found in inners[1:]:
                    found[0].instead = role == "joined"
                for found in alone:
                    own.absorb(found[0])
                if not own.asks and not own.counted:
                    own.members += [found[0] for found in inners if found not in alone and found[0].role == "also"]
            case Correlate(_, rules):
                for rule in rules:
                    others += _parts(rule.query, rule.name, places, known)
            case _:
                pass
    own.asks = list(_telling(own.asks))
    if own.asks and own.members:
        for each in own.members:
            each.role = "member"
            own.scopes += [scope for scope in each.scopes if scope not in own.scopes]
            own.watchlists += each.watchlists if not each.scopes else []
        own.members = []
    return [own, *others]


def _name(expr: Expr) -> str:
    return expr.name if isinstance(expr, Field) else ""


def _applied(query: Query) -> list[Filter] | None:
    """What is asked of each value of an entry, in `mv-apply` within it too; None where rows become others."""
    found: list[Filter] = []
    for step in query.stages:
        match step:
            case Filter():
                found.append(step)
            case Apply(query=inner) if (within := _applied(inner)) is not None:
                found += within
            case Scan() | Extend() | Project():
                pass
            case _:
                return None
    return found


def _turned(found: list[Part], keys: tuple[str, ...]) -> list[Part]:
    """Parts of which the first gives none of the rows: those of one it is right joined with come first then."""
    first, *rest = found
    rows = next((each for each in rest if each.role in ("unmatched", "fetched") and each.base is first), None)
    if rows is None:
        return found
    first.role = "absent" if rows.role == "unmatched" else "joined"
    first.by, first.base = rows.by, rows
    rows.role, rows.by = "joined", keys
    return [rows, first, *(each for each in rest if each is not rows)]


def _bare(expr: Expr) -> Expr:
    """An argument without where it stands."""
    match expr:
        case Named(name, Literal(value, type)):
            return Named(name, Literal(value, type))
    return expr


def _lists(query: Query, places: Mapping[int, Placed], lets: Mapping[str, Query]) -> list[Part]:
    """The lists that values are looked up in, and those that these rest on."""
    match query.stages:
        case (Scan(table), *_) if table in lets:
            found = _parts(query, "listed", places, lets)
            return [replace(found[0], name=table), *(each for each in found[1:] if each.role == "listed")]
    return []


def _filter(part: Part, predicate: Expr, place: Placed | None) -> None:
    names = place.names.aliases if place is not None else {}
    renamed = _renamed(part, names)
    part.aliases.update((name, of) for name, of in names.items() if name not in renamed)
    for told in _terms(predicate):
        term = _meant(told, renamed)
        if place is not None and _about(told, is_time, place):
            part.times.append(_moment(term))
            continue
        if place is not None and _about(told, is_threshold, place):
            part.counts.append(term)
            part.computed.update(place.names.counted)
            continue
        present = _presence(term)
        found = isinstance(present, Field) and place is not None and present.name in place.names.picked
        if present is not None and not found:
            part.filled.append(outline_expr(present))
            continue
        if present is not None:
            term = Not(Match(present, Op.EMPTY))
        if part.counted and not _of_keys(told, part.groups):
            part.later.append(term)
        elif isinstance(term, Not) and not found and (not part.beside or _of_keys(told, part.keys)):
            if not (isinstance(term.term, Match) and term.term.op in (Op.EMPTY, Op.EXISTS)):
                part.leaves.extend(term.term.terms if isinstance(term.term, Or) else (term.term,))
        elif (part.beside or _given(part, term)) and not _of_keys(told, part.keys):
            part.joint.append(term)
            part.computed.update(place.names.counted if place is not None else {})
        else:
            part.asks.append(term)


def _of_keys(term: Expr, keys: set[str]) -> bool:
    """Whether it asks of nothing but columns that rows are joined by: what they hold is that of the entry itself."""
    names = {each.name for each in expressions(term, Field)}
    return bool(names) and names <= keys


def _given(part: Part, term: Expr) -> bool:
    """Whether a condition is on a column that only a list gives that rows are joined with."""
    known = {name for scope in part.scopes for name in tables("sentinel+defender").get(scope, {})}
    return bool(part.given) and any(each.name in part.given - known for each in expressions(term, Field))


def _telling(asks: Sequence[Expr]) -> Iterator[Expr]:
    """The conditions without those that a field holds a value at all which another one asks more of."""
    more = {outline_expr(each.subject) for each in asks if isinstance(each, Match)}
    for each in asks:
        if not (isinstance(each, Not) and isinstance(each.term, Match) and outline_expr(each.term.subject) in more):
            yield each


def _renamed(part: Part, names: Mapping[str, str]) -> dict[str, str]:
    """What columns stand for by now that stood for something else where they were asked of before."""
    before = (*part.asks, *part.leaves, *part.joint, *part.later, *part.counts)
    used = {each.name for term in before for each in expressions(term, Field)}
    return {name: of for name, of in names.items() if name in used and part.aliases.get(name, name) != of}


def _meant(term: Expr, names: Mapping[str, str]) -> Expr:
    """A condition on the fields that these columns stand for."""
    inner = {id(each) for query in expressions(term, Query) for each in expressions(query, Field)}

    def change(node: Node) -> Node:
        if isinstance(node, Field) and node.name in names and id(node) not in inner:
            return replaced(node, name=names[node.name])
        return node

    found: Expr = rewrite(term, change) if names else term
    return found


def _moment(term: Expr) -> str:
    """What a time is compared with, and on which side of it it must lie."""
    match term:
        case Compare(_, Op.GT | Op.GE, right):
            return f"> {outline_expr(right)}"
        case Compare(_, Op.LT | Op.LE, right):
            return f"< {outline_expr(right)}"
    return outline_expr(term)


def _terms(predicate: Expr) -> Iterator[Expr]:
    predicate = plain(predicate)
    if isinstance(predicate, And):
        for term in predicate.terms:
            yield from _terms(term)
    else:
        yield predicate


def _about(term: Expr, said: Callable[[Expr, Names], bool], place: Placed) -> bool:
    inner = term.term if isinstance(term, Not) else term
    return isinstance(inner, Match | Compare) and said(inner, place.names)


def _presence(term: Expr) -> Expr | None:
    """What a test that a value is there at all is about: it says nothing of the activity."""
    match term:
        case Match(subject, Op.EXISTS) | Not(Match(subject, Op.EMPTY) | Match(subject, Op.EQ, ("",))):
            return subject
        case Call("isnotnull", (subject, *_)):
            return subject
    return None


__all__ = ["Part", "parts"]
