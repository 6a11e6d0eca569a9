"""Options of operators: which names each takes, and what kind of value stands after `=`.

Source: the operator pages of https://learn.microsoft.com/kusto/query/ and Kusto.Language (Apache-2.0).
"""

from __future__ import annotations

ANY = 0  # a literal or a word
NAME = 1  # a name, or a literal
NAMES_LIST = 2  # names with commas
PATH = 3  # a literal, path or call
WORDS = 4  # a word that may be a keyword
FORCED_REAL = 5  # a number

# Names that every operator with options takes.
KNOWN: dict[str, int] = {
    **dict.fromkeys(
        [
            "bagexpansion",
            "bin_legacy",
            "__crossCluster",
            "__crossDB",
            "decodeblocks",
            "expandoutput",
            "hint.concurrency",
            "hint.distribution",
            "hint.materialized",
            "hint.num_partitions",
            "hint.pass_filters",
            "hint.progressive_top",
            "hint.remote",
            "hint.spread",
            "hint.strategy",
            "__id",
            "isfuzzy",
            "__isFuzzy",
            "kind",
            "__noWithSource",
            "__sourceColumnIndex",
            "cycles",
            "force_remote",
        ],
        ANY,
    ),
    **dict.fromkeys(
        [
            "hint.pass_filters_column",
            "hint.shufflekey",
            "__packedColumn",
            "with_match_id",
            "with_itemindex",
            "withsource",
            "with_source",
            "with_step_name",
        ],
        NAME,
    ),
}

OWN: dict[str, dict[str, int]] = {
    "graph-shortest-paths": {"output": ANY},
    "graph-mark-components": {"kind": ANY, "with_component_id": NAME},
    "graph-edges": {"with_source_id": NAME, "with_target_id": NAME},
    "graph-nodes": {"with_node_id": NAME},
    "parse": {"kind": WORDS, "flags": ANY},
    "parse-kv": dict.fromkeys(["pair_delimiter", "kv_delimiter", "regex", "quote", "escape", "greedy"], ANY),
    "reduce-with": {"threshold": ANY, "characters": ANY},
    "render-with": {
        **dict.fromkeys(["kind", "accumulate", "xaxis", "yaxis", "legend", "ysplit", "xmin", "xmax"], ANY),
        **dict.fromkeys(["title", "xtitle", "ytitle"], PATH),
        **dict.fromkeys(["ycolumns", "anomalycolumns", "series"], NAMES_LIST),
        "xcolumn": NAME,
        "ymin": FORCED_REAL,
        "ymax": FORCED_REAL,
    },
    "union": {"best_effort": ANY},
}
