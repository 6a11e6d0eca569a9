"""Values with other names there and nowhere else: codes, constants, lists, and fields that no column can answer.

These kinds refuse what they do not know: a value without a name of its own in the table is a value whose rows nobody can
point at, so a test of it is never written as one that finds nothing.
"""

from __future__ import annotations

import re
from typing import Any

from ..errors import UnsupportedError
from ..model import FALSE, TRUE, And, Call, Compare, Expr, Field, Index, Literal, Match, Op, Or, Scalar, replace
from .columns import KINDS as PLAIN
from .columns import ORDER, FieldMap, Json, Lookup, Made, Outside, Types, stored, text_of, typed


class Code(Lookup):
    """A value with another name there, all of them listed: `code:logon LogonType`. Other values are refused."""

    def likely(self, value: Any) -> Any:
        known = {old: old for old in self.lookup or {}}
        return value if value in (None, "") else known.get(text_of(value).lower(), next(iter(known), value))

    def match(self, match: Match, types: Types) -> Expr:
        unknown = [value for value in match.values if text_of(value).lower() not in (self.lookup or {})]
        if match.op is Op.EQ and unknown:
            raise UnsupportedError(f"the column {self.columns[0]}", f"{self.field} {text_of(unknown[0])!r}")
        return super().match(match, types)


class Always(FieldMap):
    """A field with one value in all events of the table's kind: `always Service%20Control%20Manager`."""

    def needs(self) -> tuple[str, ...]:
        return ()

    def match(self, match: Match, types: Types) -> Expr:
        if match.op in (Op.EXISTS, Op.EMPTY):
            return TRUE if match.op is Op.EXISTS else FALSE
        if match.op is not Op.EQ:
            raise UnsupportedError("a field that is always the same", f"{self.field} {match.op}")
        fold = str if match.cased else str.lower
        same = [fold(text_of(value)) == fold(self.columns[0]) for value in match.values]
        return TRUE if (all(same) if match.every else any(same)) else FALSE

    def value(self, types: Types) -> Expr:
        raise UnsupportedError("a field that is always the same", f"{self.field} as a value")

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        if value is not None and text_of(value) != self.columns[0]:
            raise Outside(f"{self.field} is always {self.columns[0]!r}, not {value!r}")


class Never(FieldMap):
    """A field whose column cannot answer tests of it, and why: `never a%20list`."""

    def needs(self) -> tuple[str, ...]:
        return ()

    def match(self, match: Match, types: Types) -> Expr:
        raise UnsupportedError(self.columns[0], f"the field {self.field}")

    def value(self, types: Types) -> Expr:
        raise UnsupportedError(self.columns[0], f"the field {self.field}")

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        if value is not None:
            raise Outside(f"{self.field}: {self.columns[0]}")


PLAIN_TEXT = re.compile(r"[\w@.+:/ =&;()#!$%*~|-]+", re.ASCII)
"""Text that JSON writes as it is, and that cannot be a part of what stands between two elements."""


class Listed(FieldMap):
    """A list of texts, of which any may match: `list To`, `list RawEventData Tags`. Asked of its JSON, `["a","b"]`."""

    FORMS = {  # test of an element: the test of the list's JSON; inside an element a quotation mark follows a backslash
        Op.EQ: (Op.REGEX, r'[\[,]"{}"[,\]]'),
        Op.CONTAINS: (Op.CONTAINS, "{}"),
        Op.STARTSWITH: (Op.REGEX, r'[\[,]"{}'),
        Op.ENDSWITH: (Op.REGEX, r'{}"[,\]]'),
    }

    def needs(self) -> tuple[str, ...]:
        return self.columns[:1]

    def value(self, types: Types) -> Expr:
        raise UnsupportedError("a list", f"{self.field} as a value")

    def match(self, match: Match, types: Types) -> Expr:
        strange = [text_of(value) for value in match.values if not PLAIN_TEXT.fullmatch(text_of(value))]
        if match.op not in self.FORMS or strange:
            raise UnsupportedError("a list", f"{self.field} {match.op} {' '.join(strange[:1])}".rstrip())
        op, form = self.FORMS[match.op]
        values: tuple[Scalar, ...] = tuple(_written(form, text_of(value), op) for value in match.values)
        held: Expr = Field(self.columns[0])
        for key in self.columns[1:]:
            held = Index(held, Literal(key))
        return replace(match, subject=Call("tostring", (held,)), op=op, values=values)

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        if value is None:
            return
        listed = value if isinstance(value, list) else [text_of(value)]
        if len(self.columns) == 1:
            row[self.columns[0]] = listed
            return
        inner = row[self.columns[0]] = dict(row.get(self.columns[0]) or {})
        for key in self.columns[1:-1]:
            inner[key] = dict(inner.get(key) or {})
            inner = inner[key]
        inner[self.columns[-1]] = listed


class Bags(Listed):
    """A list of objects, whose text a rule looks into: `bags RawEventData Parameters`."""

    FORMS = {Op.CONTAINS: Listed.FORMS[Op.CONTAINS]}


def _written(form: str, text: str, op: Op) -> str:
    escaped = re.sub(r"([.+()#$*|])", r"\\\1", text) if op is Op.REGEX else text
    return form.replace("{}", escaped)


class Dynamic(FieldMap):
    """A dynamic column by its own name, a value, a list or a bag: its text is asked only for what is the same in all."""

    def match(self, match: Match, types: Types) -> Expr:
        if match.op in (Op.EXISTS, Op.EMPTY):
            return super().match(match, types)
        strange = [text_of(value) for value in match.values if not PLAIN_TEXT.fullmatch(text_of(value))]
        if match.op is not Op.CONTAINS or strange:
            raise UnsupportedError("a dynamic column", f"{self.field} {match.op} {' '.join(strange[:1])}".rstrip())
        return super().match(match, types)


class Dash(FieldMap):
    """A value the source writes as `-` when there is none, where the column may be empty: `dash RemoteIP`."""

    def match(self, match: Match, types: Types) -> Expr:
        if match.op is Op.EMPTY:
            return FALSE
        if match.op is Op.EXISTS:
            return TRUE
        found = typed(self.value(types), self.type(types), match)
        if match.op in (Op.CIDR, *ORDER):
            return found
        if match.op not in (Op.EQ, Op.CONTAINS, Op.STARTSWITH, Op.ENDSWITH):
            raise UnsupportedError("a column that may be empty", f"{self.field} {match.op}")
        none = [text_of(value) == "-" for value in match.values]
        return Or((Match(self.value(types), Op.EMPTY), found)) if (all if match.every else any)(none) else found

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        if value in (None, ""):
            raise Outside(f"{self.field} is `-` when there is none")
        row[self.columns[0]] = None if value == "-" else stored(value, self.type(types))


class Path(Made):
    """A path in a folder column, which may or may not hold the file's name too, and a name column.

    `path FolderPath FileName`: the reference calls DeviceEvents' FolderPath the folder that holds the file, rows are seen
    with either.
    """

    def made(self, types: Types) -> Expr:
        folder, name = (Field(column) for column in self.columns)
        ending = Call("strcat", (Literal("\\"), name))
        return Call("iff", (Compare(folder, Op.ENDSWITH, ending, False), folder, Call("strcat", (folder, ending))))

    def likely(self, value: Any) -> Any:
        text = text_of(value)
        return value if value in (None, "") or text.strip("\\").count("\\") else f"C:\\Folder\\{text.strip(chr(92))}"

    def match(self, match: Match, types: Types) -> Expr:
        if match.op in (Op.EXISTS, Op.EMPTY):
            return typed(Field(self.columns[1]), "string", match)
        names = [text_of(value)[1:] for value in match.values if re.fullmatch(r"\\[^\\]+", text_of(value))]
        if match.op is not Op.ENDSWITH or not names:
            return super().match(match, types)
        rest = tuple(value for value in match.values if text_of(value)[1:] not in names)
        tests: list[Expr] = [Match(Field(self.columns[1]), Op.EQ, tuple(names), match.every, match.cased)]
        tests += [super().match(replace(match, values=rest), types)] if rest else []
        return tests[0] if len(tests) == 1 else (And if match.every else Or)(tuple(tests))

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        if value in (None, ""):
            return
        folder, _, name = text_of(value).rpartition("\\")
        if not folder or not name:
            raise Outside(f"{self.field} is a full path, not {value!r}")
        row[self.columns[0]], row[self.columns[1]] = text_of(value), name


class Hex(FieldMap):
    """A number the source writes as `0x3e7`: `hex LogonId`."""

    FORM = re.compile(r"0x(0|[1-9a-f][0-9a-f]*)", re.I)

    def match(self, match: Match, types: Types) -> Expr:
        found = [self.FORM.fullmatch(text_of(value)) for value in match.values]
        if match.op in (Op.EXISTS, Op.EMPTY):
            return super().match(match, types)
        if match.op is not Op.EQ or match.cased or not all(found):
            raise UnsupportedError("a number", f"{self.field} {match.op}")
        return super().match(replace(match, values=tuple(int(each[1], 16) for each in found if each)), types)

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        found = self.FORM.fullmatch(text_of(value))
        if value is not None and (found is None or int(found[1], 16) >= 2**63):
            raise Outside(f"{self.field} is a number like 0x3e7, not {value!r}")
        row[self.columns[0]] = int(found[1], 16) if found else None


class Mask(Json):
    """A number in a bag that the source writes as `0x1fffff`: `mask AdditionalFields DesiredAccess`, written so there too."""

    FORM = re.compile(r"0x(0|[1-9a-f][0-9a-f]*)")

    def made(self, types: Types) -> Expr:
        return Call("strcat", (Literal("0x"), Call("tohex", (Call("tolong", (super().made(types),)),))))

    def likely(self, value: Any) -> Any:
        digits = "".join(re.findall("[0-9a-f]", text_of(value).lower().removeprefix("0x"))).lstrip("0")
        return value if value in (None, "") else f"0x{digits[:15] or 0}"

    def match(self, match: Match, types: Types) -> Expr:
        if match.op in (Op.EXISTS, Op.EMPTY):
            return typed(super().made(types), "string", match)
        return super().match(match, types)

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        found = self.FORM.fullmatch(text_of(value))
        if value is not None and (found is None or int(found[1], 16) >= 2**63):
            raise Outside(f"{self.field} is a number like 0x1fffff, not {value!r}")
        super().store(int(found[1], 16) if found else None, types, row)


class Guid(Json):
    """An identifier in braces, without them there: `guid AdditionalFields SubcategoryGuid`."""

    def likely(self, value: Any) -> Any:
        return value if value in (None, "") else f"{{{text_of(value).strip('{}')}}}"

    def match(self, match: Match, types: Types) -> Expr:
        bare = [text_of(value)[1:-1] for value in match.values if re.fullmatch(r"\{[^{}]+\}", text_of(value))]
        if match.op in (Op.EXISTS, Op.EMPTY):
            return super().match(match, types)
        if match.op is not Op.EQ or len(bare) != len(match.values):
            raise UnsupportedError("an identifier without braces", f"{self.field} {match.op}")
        return super().match(replace(match, values=tuple(bare)), types)

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        if value in (None, ""):
            return
        if not re.fullmatch(r"\{[^{}]+\}", text_of(value)):
            raise Outside(f"{self.field} stands in braces, not {value!r}")
        super().store(text_of(value)[1:-1], types, row)


KINDS: dict[str, type[FieldMap]] = PLAIN | {
    "code": Code,
    "always": Always,
    "never": Never,
    "list": Listed,
    "bags": Bags,
    "dash": Dash,
    "guid": Guid,
    "hex": Hex,
    "path": Path,
    "mask": Mask,
}
"""First word of a field's row in a mapping file -> what it does; any other word is the column of the same meaning."""
