"""Arrays and bags, as JSON text in and out."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable
from decimal import Decimal, localcontext
from typing import Any

from ...errors import RunError
from . import Scalar

MAX_ITEMS = 1_048_576
MAX_TEXT = 64 << 20
"""Characters of an array that is made of one value again and again."""


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def key(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _first(items: Iterable[Any]) -> list[Any]:
    seen: dict[str, Any] = {}
    for item in items:
        seen.setdefault(key(item), item)
    return list(seen.values())


def array_concat(lists: str) -> str | None:
    found = [value for value in json.loads(lists) if value is not None]
    return dumps([item for value in found for item in (value if isinstance(value, list) else [value])])


def array_index_of(text: str, value: str, start: int, length: int, occurrence: int) -> int | None:
    items = json.loads(text)
    if not isinstance(items, list) or length < -1 or occurrence < 0:
        return None
    start = max(0, len(items) + start) if start < 0 else start
    end = len(items) if length < 0 else min(len(items), start + length)
    wanted = key(json.loads(value))
    places = [place for place in range(start, end) if key(items[place]) == wanted]
    return places[occurrence - 1] if 0 < occurrence <= len(places) else -1


def array_slice(text: str, start: int, end: int) -> str | None:
    items = json.loads(text)
    if not isinstance(items, list):
        return None
    start = max(0, len(items) + start) if start < 0 else start
    end = len(items) + end if end < 0 else end
    return dumps(items[start : end + 1])


def array_sum(text: str) -> float | None:
    items = json.loads(text)
    if not isinstance(items, list):
        return None
    numbers = [item for item in items if item is not None]
    if not all(isinstance(item, int | float) for item in numbers):
        return None
    return float(sum(numbers))


def array_iff(flags: str, yes: str, no: str) -> str | None:
    tests, a, b = json.loads(flags), json.loads(yes), json.loads(no)
    if not isinstance(tests, list):
        return None
    out: list[Any] = []
    for place, test in enumerate(tests):
        if not isinstance(test, bool | int | float):
            out.append(None)
            continue
        side = a if test else b
        out.append(side if not isinstance(side, list) else side[place] if place < len(side) else None)
    return dumps(out)


def array_rotate(text: str, by: int) -> str | None:
    items = json.loads(text)
    if not isinstance(items, list) or not items:
        return text
    by %= len(items)
    return dumps(items[by:] + items[:by])


def array_shift(text: str, by: int, fill: str) -> str | None:
    items, blank = json.loads(text), json.loads(fill)
    if not isinstance(items, list):
        return None
    blanks = [blank] * min(abs(by), len(items))
    return dumps(items[by:] + blanks if by >= 0 else blanks + items[: len(items) - len(blanks)])


def array_shifted(text: str, by: int) -> str | None:
    """Filled with empty text where all elements are text, else with null."""
    items = json.loads(text)
    texts = isinstance(items, list) and items and all(isinstance(item, str) for item in items)
    return array_shift(text, by, '""' if texts else "null")


def array_split(text: str, at: str) -> str | None:
    items, places = json.loads(text), json.loads(at)
    if not isinstance(items, list):
        return None
    cuts = places if isinstance(places, list) else [places]
    cuts = sorted(min(len(items), max(0, len(items) + cut if cut < 0 else cut)) for cut in cuts)
    edges = [0, *cuts, len(items)]
    return dumps([items[a:b] for a, b in itertools.pairwise(edges)])


def array_sort(lists: str, descending: bool, nulls_last: bool) -> str:
    """The first array sorted and the others in its order; null for one of another length.

    Numbers stand before text, and text before all else. Source: array-sort-asc-function
    """
    first, *others = json.loads(lists)
    if not isinstance(first, list):
        return dumps([None] * (len(others) + 1))
    present = [place for place, item in enumerate(first) if item is not None]
    ranks: list[list[int]] = [[], [], []]
    for place in present:
        item = first[place]
        number = isinstance(item, int | float) and not isinstance(item, bool)
        ranks[0 if number else 1 if isinstance(item, str) else 2].append(place)
    order: list[int] = []
    for rank in ranks[:2]:
        order += sorted(rank, key=lambda place: first[place], reverse=descending)
    order += ranks[2]
    missing = [place for place, item in enumerate(first) if item is None]
    order = order + missing if nulls_last else missing + order
    return dumps(
        [
            [each[place] for place in order] if isinstance(each, list) and len(each) == len(first) else None
            for each in (first, *others)
        ]
    )


def decimal(op: str, left: str, right: str) -> str | None:
    """A product, quotient or remainder of decimals, rounded to 18 places."""
    a, b = Decimal(left), Decimal(right)
    with localcontext() as context:
        context.prec = 76
        if op == "*":
            made = a * b
        elif not b:
            return None
        else:
            made = a / b if op == "/" else (a % abs(b) + abs(b)) % abs(b)
        return f"{made.quantize(Decimal(1).scaleb(-18)):f}"


def strcat_array(text: str, delimiter: str) -> str:
    from .text import plain

    items = json.loads(text)
    return delimiter.join(plain(item) for item in (items if isinstance(items, list) else [items]))


def bag_has_key(text: str, name: str) -> bool | None:
    bag = json.loads(text)
    if not isinstance(bag, dict):
        return None
    if name.startswith("$."):
        for part in name[2:].split("."):
            if not isinstance(bag, dict) or part not in bag:
                return False
            bag = bag[part]
        return True
    return name in bag


def bag_merge(bags: str) -> str | None:
    """All properties; of one that stands in several, the first."""
    found = [bag for bag in json.loads(bags) if isinstance(bag, dict)]
    made: dict[str, Any] = {}
    for bag in found:
        for name, value in bag.items():
            made.setdefault(name, value)
    return dumps(made)


def bag_of(bags: str, most: int) -> str:
    """All properties of several, at most so many."""
    made: dict[str, Any] = json.loads(bag_merge(bags) or "{}")
    return dumps(dict(list(made.items())[:most]))


def bag_remove_keys(text: str, names: str) -> str | None:
    bag = json.loads(text)
    if not isinstance(bag, dict):
        return None
    for name in json.loads(names):
        path = str(name)[2:].split(".") if str(name).startswith("$.") else [str(name)]
        inner: Any = bag
        for part in path[:-1]:
            inner = inner.get(part) if isinstance(inner, dict) else None
        if isinstance(inner, dict):
            inner.pop(path[-1], None)
    return dumps(bag)


def bag_set_key(text: str, name: str, value: str) -> str | None:
    bag = json.loads(text)
    if not isinstance(bag, dict):
        return None
    path = name[2:].split(".") if name.startswith("$.") else [name]
    inner = bag
    for part in path[:-1]:
        inner = inner.setdefault(part, {})
        if not isinstance(inner, dict):
            return None
    inner[path[-1]] = json.loads(value)
    return dumps(bag)


def bag_zip(names: str, values: str) -> str | None:
    keys, items = json.loads(names), json.loads(values)
    if not isinstance(keys, list):
        return None
    found = items if isinstance(items, list) else []
    pairs = ((name, found[place] if place < len(found) else None) for place, name in enumerate(keys))
    return dumps({name: value for name, value in pairs if isinstance(name, str)})


def zipped(lists: str) -> str:
    found = [value if isinstance(value, list) else [value] for value in json.loads(lists)]
    longest = max(map(len, found), default=0)
    return dumps([[value[place] if place < len(value) else None for value in found] for place in range(longest)])


def treepath(text: str) -> str | None:
    paths: list[str] = []

    def visit(value: Any, path: str) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                here = f"{path}['{name}']"
                paths.append(here)
                visit(inner, here)
        elif isinstance(value, list) and value:
            here = f"{path}[0]"
            paths.append(here)
            for inner in value:
                visit(inner, here)

    visit(json.loads(text), "")
    return dumps(_first(paths))


def set_op(name: str, lists: str) -> str | None:
    sets = json.loads(lists)
    if not all(isinstance(value, list) for value in sets):
        return None
    first, *rest = sets
    if name == "union":
        return dumps(_first(item for value in sets for item in value))
    others = [{key(item) for item in value} for value in rest]
    if name == "intersect":
        return dumps(_first(item for item in first if all(key(item) in other for other in others)))
    return dumps(_first(item for item in first if not any(key(item) in other for other in others)))


def set_has(text: str, value: str) -> bool | None:
    items = json.loads(text)
    return key(json.loads(value)) in {key(item) for item in items} if isinstance(items, list) else None


def _sets(left: str, right: str) -> tuple[set[str], set[str]] | None:
    a, b = json.loads(left), json.loads(right)
    return (
        ({key(item) for item in a}, {key(item) for item in b}) if isinstance(a, list) and isinstance(b, list) else None
    )


def set_equals(left: str, right: str) -> bool | None:
    sets = _sets(left, right)
    return sets[0] == sets[1] if sets else None


def jaccard(left: str, right: str) -> float | None:
    sets = _sets(left, right)
    if sets is None:
        return None
    whole = sets[0] | sets[1]
    return len(sets[0] & sets[1]) / len(whole) if whole else math.nan


def repeat(value: str, count: int) -> str | None:
    count = min(count, MAX_ITEMS)
    if len(value) * count > MAX_TEXT:
        raise RunError("repeat: too long an array")
    return dumps([json.loads(value)] * count) if count >= 0 else None


def number_range(start: float, stop: float, step: float, whole: bool) -> str | None:
    if step == 0 or math.isnan(step):
        return None
    count = min(math.floor((stop - start) / step + 1e-9) + 1, MAX_ITEMS)
    values = (start + place * step for place in range(max(0, count)))
    return dumps([int(value) if whole else value for value in values])


def set_of_lists(text: str, size: int) -> str:
    """Distinct values of arrays, in order of first appearance."""
    values = json.loads(text)
    items = (item for value in values for item in (value if isinstance(value, list) else [value]))
    return dumps(_first(items)[:size])


def drop_empty(text: str) -> str:
    return dumps({name: value for name, value in json.loads(text).items() if value not in (None, "")})


def weighted_place(weights: list[int], share: float) -> int | None:
    """Number, from 1, of the first of some ordered values at which the weights reach a share of their sum."""
    reached, wanted = 0, share * sum(weights)
    for place, weight in enumerate(weights, 1):
        reached += weight
        if reached >= wanted:
            return place
    return None


FUNCTIONS = [
    Scalar("array_concat", "s>s", array_concat),
    Scalar("array_index_of", "sslll>l", array_index_of),
    Scalar("array_slice", "sll>s", array_slice),
    Scalar("array_sum", "s>r", array_sum),
    Scalar("array_iff", "sss>s", array_iff),
    Scalar("array_rotate", "sl>s", array_rotate),
    Scalar("array_shift", "sls>s", array_shift),
    Scalar("array_shifted", "sl>s", array_shifted),
    Scalar("array_split", "ss>s", array_split),
    Scalar("array_sort", "sbb>s", array_sort),
    Scalar("decimal", "sss>s", decimal),
    Scalar("strcat_array", "ss>s", strcat_array),
    Scalar("bag_has_key", "ss>b", bag_has_key),
    Scalar("bag_merge", "s>s", bag_merge),
    Scalar("bag_of", "sl>s", bag_of),
    Scalar("bag_remove_keys", "ss>s", bag_remove_keys),
    Scalar("bag_set_key", "sss>s", bag_set_key),
    Scalar("bag_zip", "ss>s", bag_zip),
    Scalar("zip", "s>s", zipped),
    Scalar("treepath", "s>s", treepath),
    Scalar("set_op", "ss>s", set_op),
    Scalar("set_has", "ss>b", set_has),
    Scalar("set_equals", "ss>b", set_equals),
    Scalar("jaccard", "ss>r", jaccard),
    Scalar("repeat", "sl>s", repeat),
    Scalar("range", "rrrb>s", number_range),
    Scalar("set_of_lists", "sl>s", set_of_lists),
    Scalar("weighted_place", "Lr>l", weighted_place),
    Scalar("drop_empty", "s>s", drop_empty),
]
