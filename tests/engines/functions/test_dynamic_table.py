"""Functions of arrays, bags and structured text: values from their definitions."""

from __future__ import annotations

from typing import Any

import pytest

from .answers import answer

TABLE: list[tuple[str, Any]] = [
    ("array_length(dynamic([1, 2, 3]))", 3),
    ("array_length(dynamic([]))", 0),
    ("array_length(dynamic({'a': 1}))", None),
    ("array_length(dynamic(null))", None),
    ("array_concat(dynamic([1]), dynamic([]), dynamic(['x', null]))", [1, "x", None]),
    ("array_slice(dynamic([1, 2, 3, 4]), 1, 2)", [2, 3]),
    ("array_slice(dynamic([1, 2, 3, 4]), -2, -1)", [3, 4]),
    ("array_index_of(dynamic(['a', 'b', 'a']), 'a', 1)", 2),
    ("array_index_of(dynamic(['a', 'b']), 'c')", -1),
    ("array_reverse(dynamic([1, 'x', null]))", [None, "x", 1]),
    ("array_rotate_left(dynamic([1, 2, 3]), 1)", [2, 3, 1]),
    ("array_rotate_right(dynamic([1, 2, 3]), 1)", [3, 1, 2]),
    ("array_shift_left(dynamic([1, 2, 3]), 1)", [2, 3, None]),
    ("array_shift_left(dynamic([1, 2, 3]), 5, 0)", [0, 0, 0]),
    ("array_shift_right(dynamic([1, 2, 3]), 1, -1)", [-1, 1, 2]),
    ("array_split(dynamic([1, 2, 3]), 1)", [[1], [2, 3]]),
    ("array_split(dynamic([1, 2, 3, 4]), dynamic([1, 3]))", [[1], [2, 3], [4]]),
    ("array_sum(dynamic([1, 2.5]))", 3.5),
    ("array_iff(dynamic([true, false]), dynamic([1, 2]), dynamic([3, 4]))", [1, 4]),
    ("array_iif(dynamic([true, false]), 'y', 'n')", ["y", "n"]),
    ("array_sort_asc(dynamic([3, 1, 2]))", [1, 2, 3]),
    ("array_sort_desc(dynamic(['b', 'a', 'c']))", ["c", "b", "a"]),
    ("bag_keys(dynamic({'b': 1, 'a': {'c': 2}}))", ["b", "a"]),
    ("bag_keys(dynamic([1]))", None),
    ("bag_has_key(dynamic({'a': null}), 'a')", True),
    ("bag_has_key(dynamic({'a': 1}), 'A')", False),
    ("bag_merge(dynamic({'a': 1}), dynamic({'a': 2, 'b': 3}))", {"a": 1, "b": 3}),
    ("bag_remove_keys(dynamic({'a': 1, 'b': 2}), dynamic(['a', 'x']))", {"b": 2}),
    ("bag_set_key(dynamic({'a': 1}), 'b', 'x')", {"a": 1, "b": "x"}),
    ("bag_set_key(dynamic({'a': 1}), 'a', 5)", {"a": 5}),
    ("bag_zip(dynamic(['a', 'b']), dynamic([1]))", {"a": 1, "b": None}),
    ("bag_pack('k', 1, 'n', 'é')", {"k": 1, "n": "é"}),
    ("pack_array(1, 'x', dynamic([2]))", [1, "x", [2]]),
    ("zip(dynamic([1, 2]), dynamic(['a']))", [[1, "a"], [2, None]]),
    ("treepath(dynamic({'a': [1], 'b': {'c': 2}}))", ["['a']", "['a'][0]", "['b']", "['b']['c']"]),
    ("set_union(dynamic([1, 2]), dynamic([2, 3]))", [1, 2, 3]),
    ("set_intersect(dynamic([1, 2, 2]), dynamic([2, 3]))", [2]),
    ("set_difference(dynamic([1, 2, 2]), dynamic([1]))", [2]),
    ("set_has_element(dynamic(['a', 1]), 'a')", True),
    ("set_has_element(dynamic(['a', 1]), 'A')", False),
    ("set_equals(dynamic([1, 2]), dynamic([2, 1, 1]))", True),
    ("jaccard_index(dynamic([1, 2, 3, 4]), dynamic([3, 4, 5]))", 0.4),
    ("repeat('x', 3)", ["x", "x", "x"]),
    ("range(1, 7, 3)", [1, 4, 7]),
    ("range(3, 1)", []),
    ("dynamic_to_json(dynamic({'b': 1, 'a': [2, null]}))", '{"a":[2,null],"b":1}'),
    ("parse_json('{\"a\": [1, {\"b\": null}]}').a[0]", 1),
    ("parse_json('not json')", "not json"),
    ("parse_json('')", None),
    ("extract_json('$.a[1].b', '{\"a\": [0, {\"b\": \"x\"}]}')", "x"),
    ("extract_json('$.z', '{\"a\": 1}')", ""),
    ("parse_csv('a,\"b,c\",')", ["a", "b,c", ""]),
    ("parse_csv('')", [""]),
    ("parse_xml('<a x=\"1\"><b>t</b><b>u</b></a>')", {"a": {"@x": "1", "b": ["t", "u"]}}),
    ("parse_xml('<a>')", None),
    ("parse_xml('')", None),
    ("parse_urlquery('a=1&b=x%20y')", {"Query Parameters": {"a": "1", "b": "x y"}}),
    ("parse_url('https://u:p@host.example:8443/x/y?q=1#f')", {
        "Scheme": "https", "Host": "host.example", "Port": "8443", "Path": "/x/y", "Username": "u", "Password": "p",
        "Query Parameters": {"q": "1"}, "Fragment": "f",
    }),
    ("parse_url('mailto:joe@host.example').Username", ""),
    ("parse_path('C:\\\\tmp\\\\a.b.txt').Filename", "a.b.txt"),
    ("parse_path('C:\\\\tmp\\\\a.b.txt').Extension", "txt"),
    ("parse_path('/var/log/x').DirectoryName", "log"),
    ("parse_command_line('cmd.exe /c \"a b\" \\\\\"q', 'windows')", ["cmd.exe", "/c", "a b", "\"q"]),
    ("parse_command_line('', 'windows')", None),
    ("parse_version('1.2.3') > parse_version('1.2')", True),
    ("parse_version('1.10') > parse_version('1.9')", True),
    ("parse_version('one')", None),
    ("has_any_index('red green', dynamic(['blue', 'green']))", 1),
    ("has_any_index('red', dynamic(['blue']))", -1),
    ("gettype(dynamic([1]))", "array"),
    ("gettype(dynamic({'a': 1}))", "dictionary"),
    ("gettype(1.5)", "real"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), TABLE)
def test_dynamic(expression: str, expected: Any) -> None:
    assert answer(expression) == expected
