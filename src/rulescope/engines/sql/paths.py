"""`graph-match` and `graph-shortest-paths`: joins over the edges of a graph and, for rows of edges, recursive queries.

A match starts at the node with the most conditions of its own and grows edge by edge. Rows of edges carry what `all`, `any` and
`map` ask of them while they grow, so that nothing is looked up afterwards.
Source: https://learn.microsoft.com/kusto/query/graph-match-operator and graph-shortest-paths-operator
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import Call, GraphMatch, walk
from .frame import Col, Frame
from .graph_patterns import OVER, Pattern, Step
from .values import quote, to_json, unsupported

if TYPE_CHECKING:
    from .plan import Plan

CYCLES = ("unique_edges", "none", "all")


def graph_match(plan: Plan, stage: GraphMatch, frame: Frame) -> Frame:
    """A row for each way the pattern fits, or for the shortest of them."""
    named = plan.named_parts(stage, frame)
    pattern = Pattern(plan, stage, frame)
    shortest = stage.keyword == "graph-shortest-paths"
    outputs = [(name, pattern.output(expr)) for name, expr in named]
    rest = [pattern.stated(term) for term in pattern.rest]
    growth = (_Shortest if shortest else _Growth)(plan, pattern)
    found = growth.matches()
    rows = growth.with_properties(found)
    at = plan.expressions(rows)
    conditions = [f"coalesce({at.holds(term)}, FALSE)" for term in rest]
    values = [at.value(expr) for _, expr in outputs]
    made = [(value, plan.column(name, value.type)) for (name, _), value in zip(outputs, values, strict=True)]
    return plan.stage(rows, made, f"WHERE {' AND '.join(conditions)}" if conditions else "")


class _Growth:
    """The matches of one pattern as a CTE that grows: the number of each node and edge bound so far, lists for rows of edges."""

    def __init__(self, plan: Plan, pattern: Pattern) -> None:
        self.plan, self.pattern, self.graph = plan, pattern, pattern.graph
        self.cycles = pattern.stage.cycles or "unique_edges"
        if self.cycles not in CYCLES:
            raise unsupported(f"{pattern.stage.keyword} cycles={self.cycles}")
        if pattern.stage.output and pattern.stage.keyword == "graph-match":
            raise unsupported("graph-match output")
        if len(pattern.stage.patterns) > 1 and self.cycles == "none":
            raise unsupported("graph-match of several sequences with cycles=none")
        self.ids: dict[str, str] = {}  # part: the column of its number, or of the list of its edges
        self.inner: dict[str, str] = {}  # row of edges: the column of the list of its inner nodes
        self.cte = ""

    def matches(self) -> str:
        """All edges bound, those next to what is bound already first, single edges before rows of them."""
        alone = self.pattern.alone
        start = max(self.pattern.nodes, key=lambda name: len(alone[name]))
        self.ids[start] = self.plan.fresh()
        number = self.graph.number
        self.cte = self.plan.cte(f"SELECT {number} AS {self.ids[start]} FROM {self._kept(start)}")
        waiting = list(self.pattern.steps)
        while waiting:
            near = [step for step in waiting if step.left in self.ids or step.right in self.ids]
            if not near:
                raise unsupported("a graph pattern in several parts that share no node")
            step = min(near, key=lambda step: (step.edge.several, not {step.left, step.right} <= self.ids.keys()))
            waiting.remove(step)
            (self._several if step.edge.several else self._single)(step)
        if len(self.pattern.nodes) > len(self.ids.keys() & set(self.pattern.nodes)):
            raise unsupported("a graph pattern in several parts that share no node")
        return self.cte

    def _kept(self, name: str) -> str:
        """The CTE of the rows a node or edge may be, by its own conditions."""
        kind = self.pattern.kinds[name]
        frame = self.pattern.frame(kind)
        terms = self.pattern.alone[name]
        if not terms:
            return frame.cte
        columns = {column.name: column for column in frame.columns}
        conditions = []
        for term in terms:
            stated = self.pattern.stated(term)
            mapped = [
                Col(column.name, column.type, columns[of].id)
                for (part, of), column in self.pattern.properties.items()
                if part == name
            ]
            conditions.append(self.plan.expressions(Frame("", tuple(mapped))).holds(stated))
        return self.plan.cte(f"SELECT * FROM {frame.cte} WHERE {' AND '.join(conditions)}")

    # ---------------------------------------------------------------- single edges

    def _both_ways(self, cte: str, direction: str, more: str = "") -> str:
        """Edges from `k_a` to `k_b` as the pattern walks them from left to right."""
        graph = self.graph
        right = f"SELECT {graph.source} AS k_a, {graph.target} AS k_b, {graph.edge} AS k_e{more} FROM {cte}"
        left = f"SELECT {graph.target} AS k_a, {graph.source} AS k_b, {graph.edge} AS k_e{more} FROM {cte}"
        if direction == "any":  # an edge from a node to itself once
            return f"{right} UNION ALL {left} WHERE {graph.source} <> {graph.target}"
        return right if direction == "right" else left

    def _single(self, step: Step) -> None:
        edges = self.plan.cte(self._both_ways(self._kept(step.name), step.edge.direction))
        forward = step.left in self.ids
        known, new = (step.left, step.right) if forward else (step.right, step.left)
        near, far = ("k_a", "k_b") if forward else ("k_b", "k_a")
        conditions = [f"k_g.{near} = k_m.{self.ids[known]}"]
        closing = new in self.ids
        if closing:
            conditions.append(f"k_g.{far} = k_m.{self.ids[new]}")
        conditions += self._edge_apart("k_g.k_e")
        items = ["k_m.*", f"k_g.k_e AS {self._name(step.name)}"]
        if not closing:
            conditions += self._node_apart(f"k_g.{far}", "")
            items.append(f"k_g.{far} AS {self._name(new)}")
        elif self.cycles == "none":
            conditions.append("FALSE")
        join = f"SELECT {', '.join(items)} FROM {self.cte} k_m JOIN {edges} k_g ON {' AND '.join(conditions)}"
        self._grown(join, "" if closing else new)

    def _grown(self, sql: str, new: str) -> None:
        """The matches after one more edge, its new node kept only where its own conditions hold."""
        if new and self.pattern.alone[new]:
            sql = f"SELECT * FROM ({sql}) WHERE {self.ids[new]} IN (SELECT {self.graph.number} FROM {self._kept(new)})"
        self.cte = self.plan.cte(sql)

    def _name(self, part: str) -> str:
        self.ids[part] = self.plan.fresh()
        return self.ids[part]

    def _edge_apart(self, edge: str) -> list[str]:
        """That an edge is none of those bound before."""
        if self.cycles != "unique_edges":
            return []
        found = []
        for name, id in self.ids.items():
            if self.pattern.kinds[name] == "edge":
                found.append(f"{edge} <> k_m.{id}")
            elif self.pattern.kinds[name] == "edges":
                found.append(f"NOT list_contains(k_m.{id}, {edge})")
        return found

    def _node_apart(self, node: str, but: str) -> list[str]:
        """That a node is none of those bound before, apart from `but`."""
        if self.cycles != "none":
            return []
        found = [
            f"{node} <> k_m.{id}" for name, id in self.ids.items() if self.pattern.kinds[name] == "node" and name != but
        ]
        return found + [f"NOT list_contains(k_m.{id}, {node})" for id in self.inner.values()]

    # ---------------------------------------------------------------- rows of edges

    def _several(self, step: Step) -> None:
        forward = step.left in self.ids
        known, new = (step.left, step.right) if forward else (step.right, step.left)
        closing = new in self.ids
        paths = self.paths(step, f"SELECT DISTINCT {self.ids[known]} FROM {self.cte}", forward)
        conditions = [f"k_p.k_start = k_m.{self.ids[known]}", f"k_p.k_count >= {step.edge.least}"]
        if closing:
            conditions.append(f"k_p.k_end = k_m.{self.ids[new]}")
            if self.cycles == "none":
                conditions.append("k_p.k_count = 0" if new == known else "FALSE")
        conditions += self._list_apart()
        if self.cycles == "none" and not closing:
            apart = self._node_apart("k_p.k_end", known)
            conditions.append(f"(k_p.k_count = 0 OR ({' AND '.join(apart)}))" if apart else "TRUE")
        items = ["k_m.*", f"k_p.k_edges AS {self._name(step.name)}"]
        self.inner[step.name] = self.plan.fresh()
        items.append(f"k_p.k_inner AS {self.inner[step.name]}")
        if not closing:
            items.append(f"k_p.k_end AS {self._name(new)}")
        items += [f"k_p.{gathered.column.id}" for gathered in step.gathered]
        join = f"SELECT {', '.join(items)} FROM {self.cte} k_m JOIN {paths} k_p ON {' AND '.join(conditions)}"
        self._grown(join, "" if closing else new)

    def _list_apart(self) -> list[str]:
        """That a row of edges shares no edge, or no inner node, with what is bound before."""
        found = []
        if self.cycles == "unique_edges":
            for name, id in self.ids.items():
                if self.pattern.kinds[name] == "edge":
                    found.append(f"NOT list_contains(k_p.k_edges, k_m.{id})")
                elif self.pattern.kinds[name] == "edges":
                    found.append(f"NOT list_has_any(k_p.k_edges, k_m.{id})")
        elif self.cycles == "none":
            found += [
                f"NOT list_contains(k_p.k_inner, k_m.{id})"
                for name, id in self.ids.items()
                if self.pattern.kinds[name] == "node"
            ]
            found += [f"NOT list_has_any(k_p.k_inner, k_m.{id})" for id in self.inner.values()]
        return found

    def adjacent(self, step: Step, forward: bool) -> tuple[str, list[str]]:
        """The edges a row may take, from `k_near` to `k_far`, and SQL of the value each gathering adds at one of them.

        `k_open`: whether the row may go on through `k_near`, as one of its inner nodes.
        """
        plan, pattern = self.plan, self.pattern
        at, inner_at = plan.expressions(pattern.edges), plan.expressions(pattern.rows)
        conditions = [at.holds(pattern.element(term, False)) for term in step.edges_hold]
        names = [plan.fresh() for _ in step.gathered]
        edge_items: list[str] = []
        node_items: list[str] = []
        for gathered, name in zip(step.gathered, names, strict=True):
            expr = pattern.element(gathered.expr, gathered.inner)
            where = inner_at if gathered.inner else at
            sql = to_json(where.value(expr)).sql if gathered.kind == "map" else where.holds(expr)
            (node_items if gathered.inner else edge_items).append(f"{sql} AS {name}")
        more = "".join(f", {item}" for item in edge_items)
        tail = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        graph = self.graph
        chosen = f"SELECT {graph.source}, {graph.target}, {graph.edge}{more} FROM {pattern.edges.cte}{tail}"
        kept = plan.cte(chosen, materialized=True)
        passed = "".join(f", {item.rsplit(' AS ', 1)[1]}" for item in edge_items)
        both = self._both_ways(kept, step.edge.direction, passed)
        near, far = ("k_a", "k_b") if forward else ("k_b", "k_a")
        opened = " AND ".join(f"coalesce({inner_at.holds(pattern.element(t, True))}, FALSE)" for t in step.nodes_hold)
        nodes = f"SELECT {graph.number} AS k_number, {opened or 'TRUE'} AS k_open"
        nodes += "".join(f", {item}" for item in node_items) + f" FROM {pattern.rows.cte}"
        made = ", ".join([f"k_g.{near} AS k_near", f"k_g.{far} AS k_far", "k_g.k_e", "k_n.k_open", *names])
        cte = f"SELECT {made} FROM ({both}) k_g JOIN ({nodes}) k_n ON k_n.k_number = k_g.{near}"
        return plan.cte(cte, materialized=True), names

    def paths(self, step: Step, starts: str, forward: bool) -> str:
        """All rows of edges from the nodes `starts`: where they start and end, their edges, inner nodes and what they gather."""
        edges, names = self.adjacent(step, forward)
        conditions = [f"k_p.k_count < {step.edge.most}", "(k_p.k_count = 0 OR k_g.k_open)"]
        if self.cycles == "unique_edges":
            conditions.append("NOT list_contains(k_p.k_edges, k_g.k_e)")
        elif self.cycles == "none":
            conditions += [
                "k_g.k_far <> k_p.k_start",
                "k_g.k_far <> k_p.k_end",
                "NOT list_contains(k_p.k_inner, k_g.k_far)",
            ]
        seed = (
            f"SELECT k_s.k_one, k_s.k_one, 0, []::BIGINT[], []::BIGINT[]{self.starts(step)} FROM ({starts}) k_s(k_one)"
        )
        return self.recursion(step, seed, edges, names, conditions, forward)

    def starts(self, step: Step) -> str:
        return "".join(f", {gathered.start}" for gathered in step.gathered)

    def recursion(
        self, step: Step, seed: str, edges: str, names: list[str], conditions: list[str], forward: bool, more: str = ""
    ) -> str:
        """A recursive CTE of rows of edges that grow by one of `edges` where `conditions` hold."""
        name = self.plan.fresh("t")
        columns = ["k_start", "k_end", "k_count", "k_edges", "k_inner", *(g.column.id for g in step.gathered)]
        grow = "list_append({0}, {1})" if forward else "list_prepend({1}, {0})"
        through = grow.format("k_p.k_inner", "k_p.k_end")
        items = ["k_p.k_start", "k_g.k_far", "k_p.k_count + 1", grow.format("k_p.k_edges", "k_g.k_e")]
        items.append(f"CASE WHEN k_p.k_count > 0 THEN {through} ELSE k_p.k_inner END")
        for gathered, value in zip(step.gathered, names, strict=True):
            grown = gathered.grown(f"k_g.{value}", forward)
            items.append(
                f"CASE WHEN k_p.k_count > 0 THEN {grown} ELSE {gathered.column.id} END" if gathered.inner else grown
            )
        where = " AND ".join(conditions)
        body = (
            f"SELECT {', '.join(items)} FROM {name} k_p JOIN {edges} k_g ON k_g.k_near = k_p.k_end{more} WHERE {where}"
        )
        self.plan.recursive = True
        self.plan.ctes.append(f"{name}({', '.join(columns)}) AS ({seed} UNION ALL {body})")
        return name

    # ---------------------------------------------------------------- output

    def with_properties(self, cte: str) -> Frame:
        """Matches with the properties that conditions and columns read."""
        columns = []
        items, joins = [], []
        groups = self.pattern.edges.groups
        wanted: dict[str, list[tuple[str, Col]]] = {}
        for (part, name), column in self.pattern.properties.items():
            wanted.setdefault(part, []).append((name, column))
        if groups:
            wanted.setdefault(self.pattern.nodes[0], [])
        for place, (part, found) in enumerate(wanted.items()):
            kind = self.pattern.kinds[part]
            frame = self.pattern.frame(kind)
            number = self.graph.number if kind == "node" else self.graph.edge
            joins.append(f" JOIN {frame.cte} j{place} ON j{place}.{number} = k_m.{self.ids[part]}")
            for name, column in found:
                items.append(f"j{place}.{frame.column(name).id} AS {column.id}")
                columns.append(column)
            if groups and part == self.pattern.nodes[0]:
                items += [f"j{place}.{group}" for group in groups]
        for step in self.pattern.steps:
            for gathered in step.gathered:
                id = gathered.column.id
                items.append(f"to_json(k_m.{id}) AS {id}" if gathered.kind == "map" else f"k_m.{id}")
                columns.append(gathered.column)
        sql = f"SELECT {', '.join(items) or '1 AS k_none'} FROM {cte} k_m{''.join(joins)}"
        return Frame(self.plan.cte(sql), tuple(columns), groups=groups)


class _Shortest(_Growth):
    """The rows of the fewest edges between two nodes: first how far each node is, then only ways that come nearer."""

    def __init__(self, plan: Plan, pattern: Pattern) -> None:
        super().__init__(plan, pattern)
        stage = pattern.stage
        self.every = stage.output == "all"
        if stage.output not in ("", "any", "all"):
            raise unsupported(f"graph-shortest-paths output={stage.output}")
        if stage.cycles:
            raise unsupported("graph-shortest-paths cycles")
        if len(pattern.steps) != 1 or not pattern.steps[0].edge.several:
            raise unsupported("graph-shortest-paths of anything but one variable length edge")
        if len(pattern.nodes) < 2:
            raise unsupported("graph-shortest-paths from a node to itself")
        if any(isinstance(node, Call) and node.name in OVER for term in pattern.rest for node in walk(term)):
            raise unsupported("graph-shortest-paths with a condition on a whole path")

    def matches(self) -> str:
        plan, step, alone = self.plan, self.pattern.steps[0], self.pattern.alone
        forward = bool(alone[step.left]) or not alone[step.right]
        known, new = (step.left, step.right) if forward else (step.right, step.left)
        edges, names = self.adjacent(step, forward)
        starts = f"SELECT {self.graph.number} FROM {self._kept(known)}"
        reached = plan.fresh("t")
        far = f"SELECT k_r.k_start, k_g.k_far, k_r.k_count + 1 FROM {reached} k_r JOIN {edges} k_g ON k_g.k_near = k_r.k_end"
        far += f" WHERE k_r.k_count < {step.edge.most} AND (k_r.k_count = 0 OR k_g.k_open)"
        seed = f"SELECT k_s.k_one, k_s.k_one, 0 FROM ({starts}) k_s(k_one)"
        plan.recursive = True
        plan.ctes.append(f"{reached}(k_start, k_end, k_count) AS ({seed} UNION {far})")
        best = f"SELECT k_start, k_end, min(k_count) AS k_count FROM {reached} GROUP BY k_start, k_end"
        distances = plan.cte(best, materialized=True)
        onward = f"SELECT k_d.k_start, k_g.* FROM {edges} k_g JOIN {distances} k_d ON k_d.k_end = k_g.k_near"
        onward += f" JOIN {distances} k_f ON k_f.k_end = k_g.k_far AND k_f.k_start = k_d.k_start AND k_f.k_count = k_d.k_count + 1"
        onward += " WHERE (k_d.k_count = 0 OR k_g.k_open)"
        if not self.every:
            onward += " QUALIFY row_number() OVER (PARTITION BY k_d.k_start, k_g.k_far ORDER BY k_g.k_e) = 1"
        ways = plan.cte(onward, materialized=True)
        seed = (
            f"SELECT k_s.k_one, k_s.k_one, 0, []::BIGINT[], []::BIGINT[]{self.starts(step)} FROM ({starts}) k_s(k_one)"
        )
        found = self.recursion(step, seed, ways, names, ["TRUE"], forward, " AND k_g.k_start = k_p.k_start")
        items = [f"k_p.k_start AS {self._name(known)}", f"k_p.k_end AS {self._name(new)}"]
        items += [
            f"k_p.k_edges AS {self._name(step.name)}",
            *(f"k_p.{gathered.column.id}" for gathered in step.gathered),
        ]
        refusal = quote("UnsupportedError: graph-shortest-paths where the shortest has fewer edges than the pattern")
        least = step.edge.least
        kept = f"(SELECT {self.graph.number} AS k_one FROM {self._kept(new)})"
        long_enough = (
            f"CASE WHEN k_n.k_one IS NULL THEN FALSE WHEN k_p.k_count = 0 THEN {least} = 0"
            f" WHEN k_p.k_count < {least} THEN error({refusal})::BOOLEAN ELSE TRUE END"
        )
        sql = f"SELECT {', '.join(items)} FROM {found} k_p LEFT JOIN {kept} k_n ON k_n.k_one = k_p.k_end WHERE {long_enough}"
        self.cte = plan.cte(sql)
        return self.cte
