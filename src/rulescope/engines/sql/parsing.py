"""`parse`, `parse-where` and `parse-kv`: text into columns by a regular expression made of the pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import Parse, ParseKv, ParsePart
from ...regex import compiled
from .frame import Frame
from .predicates import escaped, group_sql, regex_sql
from .values import Value, convert, null, quote, unsupported

if TYPE_CHECKING:
    from .plan import Plan

TYPED = {
    "long": r"([-+]?\d+)",
    "int": r"([-+]?\d+)",
    "real": r"([-+]?\d*\.?\d+(?:[eE][-+]?\d+)?)",
    "decimal": r"([-+]?\d*\.?\d+)",
}
"""What numbers look like; other types take text up to what follows them."""

ALONE = {
    "datetime": r"(\d{1,4}[-/]\d{1,2}[-/]\d{1,4}(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: [AaPp][Mm])?(?:Z|[-+]\d{2}:\d{2})?)?)",
    "timespan": r"(-?(?:\d+\.)?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?|\d+(?:\.\d+)?[a-z]+)",
    "guid": r"([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})",
    "bool": r"([Tt]rue|TRUE|[Ff]alse|FALSE|[01])",
}
"""What values of other types look like where `*` follows them, so that nothing else says where they end."""


def pattern_of(stage: Parse) -> tuple[str, list[ParsePart]]:
    """RE2 for the whole text, and the columns of its groups in order.

    With `kind=regex` text is taken greedily, and `.` is no line break, unless the flags `U` and `s` say so.
    """
    out, columns = [], []
    regex = stage.kind == "regex"
    for place, part in enumerate(stage.parts):
        last = place == len(stage.parts) - 1
        if part.name == "*":
            out.append(".*" if last else ".*?")
        elif part.name:
            columns.append(part)
            typed = TYPED.get(part.type)
            if not last and stage.parts[place + 1].name == "*":
                typed = typed or ALONE.get(part.type)
            if typed and stage.kind == "relaxed":
                typed = f"({typed[1:-1]}|.*{'' if last else '?'})"
            out.append(typed or ("(.*)" if last or regex else "(.*?)"))
        else:
            out.append(f"(?:{_ungrouped(part.text)})" if regex else escaped(part.text))
    flags = "".join(flag for flag in stage.flags if flag in "imsU") if regex else "s"
    if regex and set(stage.flags) - set("imsU"):
        raise unsupported(f"parse flags={stage.flags}")
    head = "" if regex and not (stage.parts and stage.parts[0].name) else "^"
    tail = "$" if stage.parts and stage.parts[-1].name else ""
    return f"{f'(?{flags})' if flags else ''}{head}{''.join(out)}{tail}", columns


def _ungrouped(text: str) -> str:
    """A pattern whose own groups do not count."""
    out, i, in_class = [], 0, False
    while i < len(text):
        if text[i] == "\\":
            out.append(text[i : i + 2])
            i += 2
            continue
        if text[i] == "[":
            in_class = True
        elif text[i] == "]":
            in_class = False
        out.append("(?:" if text[i] == "(" and not in_class and text[i + 1 : i + 2] != "?" else text[i])
        i += 1
    return "".join(out)


def parse(plan: Plan, stage: Parse, frame: Frame) -> Frame:
    """The columns of the pattern, empty or null where it does not match; parse-where drops such rows."""
    from .stages import extended

    source = convert(plan.expressions(frame).value(stage.source), "string")
    pattern, parts = pattern_of(stage)
    compiled(pattern)
    text = plan.column("\x00text", "string")
    wide = plan.stage(frame, [*plan.kept(frame), (source, text)])
    matched = regex_sql(text.id, pattern)
    made = []
    valid = []
    for group, part in enumerate(parts, 1):
        raw = Value(group_sql(text.id, pattern, group), "string")
        trimmed = Value(f"trim({raw.sql})", "string") if part.type != "string" else raw
        value = convert(trimmed, part.type)
        if part.type != "string":
            valid.append(f"{value.sql} IS NOT NULL")
        made.append((part.name, value))
    if valid and stage.kind != "relaxed":
        matched = f"{matched} AND {' AND '.join(valid)}"
        flag = plan.column("\x00flag", "bool")
        wide = plan.stage(wide, [*plan.kept(wide), (Value(f"({matched})", "bool"), flag)])
        made = [
            (name, Value(f"CASE WHEN {flag.id} THEN {value.sql} ELSE {null(value.type).sql} END", value.type))
            for name, value in made
        ]
        matched = flag.id
    if stage.keyword == "parse-where":
        wide = plan.filtered(wide, matched)
    after = extended(plan, wide, made)
    return after.with_columns(column for column in after.columns if "\x00" not in column.name)


def parse_kv(plan: Plan, stage: ParseKv, frame: Frame) -> Frame:
    """The declared keys as columns."""
    from .stages import extended

    options = {prop.name: prop.value for prop in stage.properties}
    unknown = set(options) - {"pair_delimiter", "kv_delimiter", "quote", "escape", "greedy", "regex"}
    if unknown:
        raise unsupported(f"parse-kv {', '.join(sorted(unknown))}")
    source = convert(plan.expressions(frame).value(stage.source), "string")
    settings = ", ".join(
        quote(str(options.get(name, ""))) for name in ("pair_delimiter", "kv_delimiter", "quote", "escape", "regex")
    )
    greedy = "TRUE" if str(options.get("greedy", False)).lower() == "true" else "FALSE"
    bag = Value(f"kx_parse_kv({source.sql}, {settings}, {greedy})::JSON", "dynamic")
    column = plan.column("\x00bag", "dynamic")
    wide = plan.stage(frame, [*plan.kept(frame), (bag, column)])
    made = [
        (
            typed.name,
            convert(
                Value(f"coalesce(json_extract_string({column.id}, {quote(_key(typed.name))}), '')", "string"),
                typed.type,
            ),
        )
        for typed in stage.columns
    ]
    after = extended(plan, wide, made)
    return after.with_columns(column for column in after.columns if "\x00" not in column.name)


def _key(name: str) -> str:
    return '$."' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
