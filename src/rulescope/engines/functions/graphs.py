"""Connected components of graphs, given as two lists of numbered nodes."""

from __future__ import annotations

from collections.abc import Sequence

from . import Scalar


def components(sources: Sequence[int], targets: Sequence[int], count: int, kind: str) -> list[int]:
    """For each node from 1 to `count` the number of its component, from 0, in order of their first nodes.

    kind "weak": nodes connected whatever the direction of edges; "strong": nodes that reach each other.
    """
    found = _strong(sources, targets, count) if kind == "strong" else _weak(sources, targets, count)
    order: dict[int, int] = {}
    return [order.setdefault(component, len(order)) for component in found]


def _weak(sources: Sequence[int], targets: Sequence[int], count: int) -> list[int]:
    """Union-find: the root of each node."""
    parent = list(range(count))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for source, target in zip(sources, targets, strict=True):
        parent[root(source - 1)] = root(target - 1)
    return [root(node) for node in range(count)]


def _strong(sources: Sequence[int], targets: Sequence[int], count: int) -> list[int]:
    """Tarjan's algorithm without recursion: the number at which each node's component was closed."""
    following: list[list[int]] = [[] for _ in range(count)]
    for source, target in zip(sources, targets, strict=True):
        following[source - 1].append(target - 1)
    index, low, component = [-1] * count, [0] * count, [-1] * count
    stack: list[int] = []
    counter = closed = 0
    for start in range(count):
        if index[start] >= 0:
            continue
        work = [(start, 0)]
        while work:
            node, place = work.pop()
            if not place:
                index[node] = low[node] = counter
                counter += 1
                stack.append(node)
            elif component[child := following[node][place - 1]] < 0:
                low[node] = min(low[node], low[child])
            for at in range(place, len(following[node])):
                child = following[node][at]
                if index[child] < 0:
                    work += [(node, at + 1), (child, 0)]
                    break
                if component[child] < 0:
                    low[node] = min(low[node], index[child])
            else:
                if low[node] == index[node]:
                    while True:
                        member = stack.pop()
                        component[member] = closed
                        if member == node:
                            break
                    closed += 1
    return component


FUNCTIONS = [Scalar("graph_components", "LLls>L", components)]
