"""Graph operators: what the language reference says of them, and every match against a search of our own."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulescope.engines.duck import Engine
from rulescope.engines.functions.graphs import components
from rulescope.errors import UnsupportedError
from rulescope.languages.kusto import parse

TABLES = """
let Flows = datatable(From: string, To: string, Port: long) [
    "web", "app", 443, "app", "db", 5432, "app", "cache", 6379, "db", "backup", 22, "cache", "app", 6379, "kiosk", "printer", 631,
];
let Hosts = datatable(Name: string, Zone: string, Rank: long) [
    "web", "dmz", 1, "app", "inner", 2, "db", "inner", 3, "cache", "inner", 4, "kiosk", "lobby", 5, "spare", "lobby", 6,
];
"""
GRAPH = "Flows | make-graph From --> To with Hosts on Name"
BARE = "Flows | make-graph From --> To with_node_id=Id"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    made = Engine({}, timeout=30.0)
    yield made
    made.close()


def rows(engine: Engine, text: str) -> list[list[Any]]:
    found = engine.run(parse(TABLES + text))
    return sorted(([*row.values()] for row in found.to_pylist()), key=repr)


MATCHES = [
    ("(a)-[e]->(b) where a.Name == 'app' project b.Name, e.Port", [["cache", 6379], ["db", 5432]]),
    ("(a)<-[e]-(b) where a.Name == 'app' project b.Name", [["cache"], ["web"]]),
    ("(a)-[e]-(b) where a.Name == 'app' project b.Name", [["cache"], ["cache"], ["db"], ["web"]]),
    ("(a)-->(b)-->(c) where a.Name == 'web' project b.Name, c.Name", [["app", "cache"], ["app", "db"]]),
    ("(a)-->(b)-->(a) project a.Name", [["app"], ["cache"]]),
    ("cycles=none (a)-->(b)-->(a) project a.Name", []),
    ("(a)-[e*2..2]->(b) where a.Name == 'web' project b.Name", [["cache"], ["db"]]),
    ("(a)-[e*0..1]->(b) where a.Name == 'web' project b.Name, array_length(map(e, Port))", [["app", 1], ["web", 0]]),
    ("(a)-[e*1..9]->(b) where a.Name == 'web' and b.Name == 'backup' project map(e, To)",
     [['["app","cache","app","db","backup"]'], ['["app","db","backup"]']]),
    ("cycles=none (a)-[e*1..9]->(b) where a.Name == 'web' and b.Name == 'backup' project map(inner_nodes(e), Zone)",
     [['["inner","inner"]']]),
    ("(a)-[e*1..3]->(b) where a.Name == 'web' and all(e, Port > 443 or To == 'app') project b.Name",
     [["app"], ["app"], ["cache"], ["db"]]),
    ("(a)-[e*1..3]->(b) where a.Name == 'web' and any(e, Port == 22) project b.Name", [["backup"]]),
    ("(a)-[e*1..3]->(b) where a.Name == 'web' and not(all(inner_nodes(e), Rank < 3)) project b.Name", [["app"], ["backup"]]),
    ("(a)-[e*1..2]->(b) where a.Name == 'web' and e.Port < 6000 project b.Name", [["app"], ["db"]]),
    ("(a)-[e*2..2]->(b) where a.Name == 'web' project p = e.Port", [["[443,5432]"], ["[443,6379]"]]),
    ("(a)-->(hub)-->(b), (hub)-->(c) where b.Name < c.Name project a.Name, b.Name, c.Name",
     [["cache", "cache", "db"], ["web", "cache", "db"]]),
    ("(a)-->(b) where a.Rank + 1 == b.Rank project a.Name, b.Name", [["app", "db"], ["web", "app"]]),
    ("(a)-->(b) where b.Name == 'printer' project b.Zone, b.Rank", [["", None]]),
    ("(a) where node_degree_out(a) == 2 project a.Name, i = node_degree_in(a), node_id(a), labels(a)", [["app", 2, "app", "[]"]]),
    ("(a)-[e*2..2]->(b) where a.Name == 'web' project map(inner_nodes(e), strcat(node_id(), node_degree_in()))",
     [['["app2"]'], ['["app2"]']]),
    ("(a)-->(b) where a.Name == 'kiosk' project a.Name, a.Name, x = strcat(a.Name, '!'), tolong(a.Rank)", [["kiosk", "kiosk", "kiosk!", 5]]),
]  # fmt: skip


@pytest.mark.parametrize(("match", "expected"), MATCHES, ids=lambda case: case if isinstance(case, str) else "")
def test_a_pattern_matches(engine: Engine, match: str, expected: list[list[Any]]) -> None:
    assert rows(engine, f"{GRAPH} | graph-match {match}") == sorted(expected, key=repr)


SHORTEST = [
    ("(a)-[e*1..9]->(b) where a.Name == 'web' and b.Name == 'backup' project map(e, Port)", [["[443,5432,22]"]]),
    ("(a)-[e*1..9]->(b) where b.Name == 'backup' project a.Name, array_length(map(e, Port))",
     [["app", 2], ["cache", 3], ["db", 1], ["web", 3]]),
    ("(a)-[e*1..9]-(b) where a.Name == 'backup' and all(inner_nodes(e), Name != 'cache') project b.Name",
     [["app"], ["cache"], ["db"], ["web"]]),
    ("(a)-[e*1..1]->(b) where a.Name == 'web' and b.Name == 'backup' project a.Name", []),
    ("(a)-[e*0..1]->(b) where a.Name == 'web' project b.Name", [["app"], ["web"]]),
]  # fmt: skip


@pytest.mark.parametrize(("match", "expected"), SHORTEST, ids=lambda case: case if isinstance(case, str) else "")
def test_the_shortest_paths(engine: Engine, match: str, expected: list[list[Any]]) -> None:
    assert rows(engine, f"{GRAPH} | graph-shortest-paths {match}") == sorted(expected, key=repr)


def test_all_of_the_shortest_paths(engine: Engine) -> None:
    square = "let E = datatable(s: long, t: long)[1, 2, 1, 3, 2, 4, 3, 4, 4, 5]; E | make-graph s --> t with_node_id=n | graph-shortest-paths"
    match = "(a)-[e*1..5]->(b) where a.n == 1 and b.n == 5 project map(e, t)"
    every = sorted(row["Column1"] for row in engine.run(parse(f"{square} output=all {match}")).to_pylist())
    assert every == ["[2,4,5]", "[3,4,5]"]
    one = engine.run(parse(f"{square} output=any {match}")).to_pylist()
    assert len(one) == 1
    assert one[0]["Column1"] in every


TABLED = [
    ("nodes", [["app"], ["backup"], ["cache"], ["db"], ["kiosk"], ["printer"], ["web"]]),
    ("edges | where Port == 22", [["db", "backup", 22]]),
    ("nodes with_node_id=h | where h == hash('db') | project Id", [["db"]]),
    ("edges with_source_id=s with_target_id=t | where Port == 22 | project s == hash(From), t == hash(To)", [[True, True]]),
    ("nodes as N | summarize count()", [[7]]),
]  # fmt: skip


@pytest.mark.parametrize(("table", "expected"), TABLED)
def test_a_graph_as_tables(engine: Engine, table: str, expected: list[list[Any]]) -> None:
    assert rows(engine, f"{BARE} | graph-to-table {table}") == sorted(expected, key=repr)


def test_nodes_of_two_tables_are_one(engine: Engine) -> None:
    text = """let A = datatable(id: string, x: long)["a", 1, "b", 2]; let B = datatable(id: string, y: string)["b", "two", "c", "three"];
    datatable(s: string, t: string)["a", "d"] | make-graph s --> t with A on id, B on id | graph-to-table nodes"""
    assert rows(engine, text) == [["a", 1, ""], ["b", 2, "two"], ["c", None, "three"], ["d", None, ""]]


COMPONENTS = [
    ("weak", [["app", 0], ["backup", 0], ["cache", 0], ["db", 0], ["kiosk", 1], ["printer", 1], ["spare", 2], ["web", 0]]),
    ("strong", [["app", 1], ["backup", 3], ["cache", 1], ["db", 2], ["kiosk", 4], ["printer", 5], ["spare", 6], ["web", 0]]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "expected"), COMPONENTS)
def test_components_are_numbered(engine: Engine, kind: str, expected: list[list[Any]]) -> None:
    found = rows(
        engine,
        f"{GRAPH} | graph-mark-components kind={kind} with_component_id=c | graph-to-table nodes | project Name, c",
    )
    assert found == expected


def test_components_of_long_chains_and_rings() -> None:
    ring = [*range(1, 5_001)]
    assert set(components(ring, [*ring[1:], 1], 5_000, "strong")) == {0}
    assert components(ring[:-1], ring[1:], 5_000, "strong") == [*range(5_000)]
    assert set(components(ring[:-1], ring[1:], 5_000, "weak")) == {0}
    assert components([], [], 3, "weak") == [0, 1, 2]


def test_a_graph_of_each_partition(engine: Engine) -> None:
    text = """let E = datatable(s: string, t: string, tenant: string)["a", "b", "x", "b", "c", "y", "b", "d", "x"];
    let N = datatable(n: string, tenant: string, v: long)["a", "x", 1, "b", "x", 2, "b", "y", 3, "c", "y", 4, "d", "x", 5];
    E | make-graph s --> t with N on n partitioned-by tenant ("""
    paths = "graph-match (p)-[e*1..3]->(q) project p.v, q.v, p.tenant)"
    assert rows(engine, text + paths) == [[1, 2, "x"], [1, 5, "x"], [2, 5, "x"], [3, 4, "y"]]
    assert rows(engine, text + "graph-to-table nodes | summarize max(v))") == [[4], [5]]


def test_a_graph_by_name(engine: Engine) -> None:
    text = f"let G = {GRAPH}; G | graph-match (a)-->(b) where b.Name == 'db' project a.Name"
    assert rows(engine, text) == [["app"]]
    both = "let G = " + BARE + "; union (G | graph-to-table nodes | count), (G | graph-to-table edges | count)"
    assert rows(engine, both) == [[6], [7]]


REFUSED = [
    (BARE, "a graph where rows are expected"),
    (f"{BARE} | count", "operator count of a graph"),
    (f"{BARE} | graph-match (a)-->(b) project a", "the whole of a"),
    (f"{BARE} | graph-match (a)-->(b) project a.Nothing", "unknown column 'Nothing'"),
    (f"{BARE} | graph-match cycles=some (a)-->(b) project a.Id", "cycles=some"),
    (f"{BARE} | graph-match cycles=none (a)-->(b), (b)-->(c) project a.Id", "several sequences with cycles=none"),
    (f"{BARE} | graph-match (a)-->(b), (c)-->(d) project a.Id", "several parts that share no node"),
    (f"{BARE} | graph-match (a)-[e]->(b)-[e]->(c) project a.Id", "two parts named 'e'"),
    (f"{BARE} | graph-match (a)-[a]->(b) project b.Id", "named 'a'"),
    (f"{BARE} | graph-match (a)-[e*3..1]->(b) project b.Id", "an edge of 3 to 1"),
    (f"{BARE} | graph-match (a)-[e*1..2]->(b) project map(e, a.Id)", "another part of the pattern"),
    (f"{BARE} | graph-match (a)-[e*1..2]->(b) where e.From != a.Id project a.Id", "another part of the pattern"),
    (f"{BARE} | graph-match (a)-[e*1..2]->(b) project strcat(e.From)", "inside an expression"),
    (f"{BARE} | graph-match (a)-[e]->(b) project map(e, From)", "no variable length edge"),
    (f"{BARE} | graph-shortest-paths (a)-->(b) project a.Id", "one variable length edge"),
    (f"{BARE} | graph-shortest-paths (a)-[e*1..3]->(b) where any(e, Port == 1) project a.Id", "a condition on a whole path"),
    (f"{BARE} | graph-shortest-paths (a)-[e*3..5]->(b) where a.Id == 'web' and b.Id == 'app' project a.Id", "fewer edges than the pattern"),
    (f"{BARE} | graph-shortest-paths (a)-[e*1..3]->(a) project a.Id", "from a node to itself"),
    ("Flows | make-graph From -- To with_node_id=Id | graph-to-table nodes", "without direction"),
    ("Flows | make-graph From --> Port | graph-to-table nodes", "node ids of type long and string"),
    ("Flows | extend From = iff(Port == 22, int(null), 1), To = 2 | make-graph From --> To with_node_id=Id | graph-to-table nodes", "without a node id"),
    ("Flows | graph-to-table nodes", "of rows, not of a graph"),
    (f"{BARE} | graph-to-table nodes, edges", "gives two results"),
    (f"{BARE} | graph-where-nodes Id == 'web' | graph-to-table nodes", "graph-where-nodes"),
    (f"union ({BARE})", "graph"),
    (f"{GRAPH} | graph-mark-components with_component_id=Zone | graph-to-table nodes", "'Zone' that nodes have"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_what_is_not_defined_is_refused(engine: Engine, text: str, why: str) -> None:
    with pytest.raises(UnsupportedError, match=why):
        engine.run(parse(TABLES + text))


# ---------------------------------------------------------------- every match, against a search of our own

Edge = tuple[int, int, int]
PATTERNS = [  # sequences of (left, edge, right), the edge's direction and its bounds
    [[("a", "r", 1, 1, "b")]],
    [[("a", "n", 1, 1, "b"), ("b", "n", 1, 1, "c")]],
    [[("a", "r", 1, 1, "b"), ("b", "r", 1, 1, "a")]],
    [[("a", "r", 0, 3, "b")]],
    [[("a", "l", 1, 3, "b")]],
    [[("a", "n", 1, 2, "b"), ("b", "r", 1, 1, "c")]],
    [[("a", "r", 1, 2, "b"), ("b", "r", 1, 2, "a")]],
    [[("a", "r", 1, 1, "b"), ("b", "r", 0, 2, "c")], [("b", "l", 1, 1, "d")]],
]
ARROWS = {"r": ("-", "->"), "l": ("<-", "-"), "n": ("-", "-")}


def steps(edges: list[Edge], node: int, way: str) -> Iterator[tuple[int, int]]:
    """(number of an edge, node it leads to)."""
    for number, source, target in edges:
        if way != "l" and source == node:
            yield number, target
        if way != "r" and target == node and not (way == "n" and source == target):
            yield number, source


def walks(edges: list[Edge], node: int, way: str, least: int, most: int) -> Iterator[tuple[list[int], list[int]]]:
    """Edges and nodes of each walk."""
    stack: list[tuple[list[int], list[int]]] = [([], [node])]
    while stack:
        taken, nodes = stack.pop()
        if len(taken) >= least:
            yield taken, nodes
        if len(taken) < most:
            stack += [([*taken, e], [*nodes, to]) for e, to in steps(edges, nodes[-1], way)]


def search(edges: list[Edge], nodes: list[int], parts: list[Any], cycles: str) -> Counter[str]:
    """Every match: the nodes by name and the edges of each part, when no edge (or no node) comes twice."""
    found: Counter[str] = Counter()

    def go(rest: list[Any], bound: dict[str, int], taken: list[list[int]], visited: list[int]) -> None:
        every = [e for part in taken for e in part]
        if cycles == "unique_edges" and len(set(every)) < len(every):
            return
        if cycles == "none" and len(set(visited)) < len(visited):
            return
        if not rest:
            found[json.dumps([bound, taken], sort_keys=True)] += 1
            return
        (left, way, least, most, right), *others = rest
        for node in [bound[left]] if left in bound else nodes:
            known = {**bound, left: node}
            for walked, through in walks(edges, node, way, least, most):
                if known.get(right, through[-1]) == through[-1]:
                    seen = visited or [node]
                    go(others, {**known, right: through[-1]}, [*taken, walked], [*seen, *through[1:]])

    go(parts, {}, [], [])
    return found


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=5),
    st.sampled_from(PATTERNS),
    st.sampled_from(["unique_edges", "none", "all"]),
)
def test_every_match_is_found_once(
    engine: Engine, pairs: list[tuple[int, int]], pattern: list[Any], cycles: str
) -> None:
    if cycles == "none" and len(pattern) > 1:
        return
    edges = [(number, *pair) for number, pair in enumerate(pairs)]
    cells = ", ".join(f"{n}, {s}, {t}" for n, s, t in edges)
    texts, names, number = [], [], 0
    for sequence in pattern:
        text = f"({sequence[0][0]})"
        for _, way, least, most, right in sequence:
            before, after = ARROWS[way]
            several = "" if least == most == 1 else f"*{least}..{most}"
            names.append(f"map(e{number}, n)" if several else f"pack_array(e{number}.n)")
            text += f"{before}[e{number}{several}]{after}({right})"
            number += 1
        texts.append(text)
    nodes = sorted({name for sequence in pattern for part in sequence for name in (part[0], part[4])})
    chosen = [f"{node} = {node}.id" for node in nodes] + [f"p{place} = {name}" for place, name in enumerate(names)]
    query = f"datatable(n: long, s: long, t: long)[{cells}] | make-graph s --> t with_node_id=id"
    query += f" | graph-match cycles={cycles} {', '.join(texts)} project {', '.join(chosen)}"
    found: Counter[str] = Counter()
    for row in engine.run(parse(query)).to_pylist():
        taken = [json.loads(row[f"p{place}"]) for place in range(len(names))]
        found[json.dumps([{node: row[node] for node in nodes}, taken], sort_keys=True)] += 1
    every = sorted({node for pair in pairs for node in pair})
    assert found == search(edges, every, [part for sequence in pattern for part in sequence], cycles)
