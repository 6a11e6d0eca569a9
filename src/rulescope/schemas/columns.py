"""How a field of one schema stands in the columns of another: each kind says it as an expression and as stored values.

A kind answers two questions from the same row of a mapping file: `match(m)`, the test of the columns that holds exactly
when `m` holds of the field, and `store(value)`, what the columns hold when the field has that value. Values no event of
the source can have there (a process image without a folder, a port that is no number) are `Outside`; a test the columns
cannot answer raises UnsupportedError.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from ..errors import UnsupportedError
from ..model import And, Call, Column, Expr, Field, Index, Literal, Match, Not, Op, Or, Scalar, replace

TEXT_OPS = frozenset(
    (Op.CONTAINS, Op.STARTSWITH, Op.ENDSWITH, Op.WILDCARD, Op.REGEX, Op.TERM, Op.TERM_PREFIX, Op.TERM_SUFFIX, Op.CIDR)
)
ORDER = frozenset((Op.LT, Op.LE, Op.GT, Op.GE))
NUMBERS = ("int", "long", "real", "decimal")
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""An identifier as Kusto's `tostring` writes it."""

Types = Mapping[str, str]


class Outside(Exception):
    """A value that the field never has in the events the columns hold."""


def text_of(value: object) -> str:
    """A scalar as the text a log holds: `true`, `4688`, `0.5`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def typed(subject: Expr, type: str, match: Match) -> Expr:
    """`match` asked of a value of Kusto type `type`: literals of the right type, text tests of other types as text.

    A text column cannot tell missing from empty, so `exists` is "not empty" and `eq ""` is "empty".
    """
    if type == "string":
        return _string(subject, match)
    if match.op in (Op.EXISTS, Op.EMPTY):
        if type == "dynamic":
            absent: Expr = Match(Call("tostring", (subject,)), Op.EMPTY)
        else:
            absent = Call("isnull", (subject,))
        return absent if match.op is Op.EMPTY else Not(absent)
    if type == "dynamic":
        return _string(Call("tostring", (subject,)), match)
    if match.op in TEXT_OPS or type == "guid":
        return _string(Call("tostring", (subject,)), match)
    if type in NUMBERS:
        return _number(subject, type, match)
    if type == "bool" and match.op is Op.EQ:
        truths = {text_of(value).lower() for value in match.values} & {"true", "false"}
        return Or(tuple(Match(subject, Op.EQ, (truth == "true",), cased=True) for truth in sorted(truths)))
    raise UnsupportedError(f"a {type} column", f"{match.op} {match.values[:1]}")


def _string(subject: Expr, match: Match) -> Expr:
    if match.op is Op.EXISTS:
        return Not(Match(subject, Op.EMPTY))
    if match.op is Op.EMPTY:
        return Match(subject, Op.EMPTY)
    if match.op in ORDER:
        if not all(_is_number(value) for value in match.values):
            raise UnsupportedError("a string column", f"{match.op} of text")
        return replace(match, subject=Call("toreal", (subject,)), values=tuple(float(text_of(v)) for v in match.values))
    values = tuple(text_of(value) for value in match.values if value is not None)
    if match.op is Op.EQ and "" in values:
        rest = tuple(value for value in values if value)
        absent = Match(subject, Op.EMPTY)
        if match.every and rest:
            return Or(())
        return Or((absent, Match(subject, Op.EQ, rest, cased=match.cased))) if rest else absent
    return replace(match, subject=subject, values=values)


def _number(subject: Expr, type: str, match: Match) -> Expr:
    read: Callable[[str], Scalar] = float if type in ("real", "decimal") else int
    values = []
    for value in match.values:
        text = text_of(value).strip()
        if _is_number(text) and (type in ("real", "decimal") or re.fullmatch(r"[-+]?\d+", text)):
            values.append(read(text))
        elif match.op is not Op.EQ:
            raise UnsupportedError(f"a {type} column", f"{match.op} {value!r}")
    return Match(subject, match.op, tuple(values), match.every, True)


def _is_number(value: Scalar) -> bool:
    return re.fullmatch(r"\s*[-+]?\d+(\.\d+)?\s*", text_of(value)) is not None


def stored(value: Any, type: str) -> Any:
    """`value` as a column of that type holds it; None is absent. Raises Outside when it cannot."""
    if value is None or type == "string":
        return None if value is None else text_of(value)
    if type in ("int", "long"):
        if not re.fullmatch(r"-?(0|[1-9]\d*)", text_of(value)) or abs(int(value)) >= 2 ** (31 if type == "int" else 63):
            raise Outside(f"{value!r} is no {type}")
        return int(text_of(value))
    if type in ("real", "decimal"):
        if not re.fullmatch(r"-?(0|[1-9]\d*)(\.\d*[1-9])?", text_of(value)):
            raise Outside(f"{value!r} is no number")
        return float(text_of(value))
    if type == "bool":
        if text_of(value).lower() not in ("true", "false"):
            raise Outside(f"{value!r} is no bool")
        return text_of(value).lower() == "true"
    if type == "dynamic":
        return value
    if type == "guid" and GUID.fullmatch(text_of(value)):
        return text_of(value)
    raise Outside(f"no {type} from {value!r}")


@dataclass(frozen=True)
class FieldMap:
    """One field of the source in the columns of a target table; the base is the column of the same meaning."""

    field: str
    columns: tuple[str, ...]
    argument: str = ""
    lookup: Mapping[str, str] | None = None

    lists: ClassVar[bool] = False
    """Whether the columns keep a list of texts as one, of which any may match."""

    def value(self, types: Types) -> Expr:
        """The field's value as an expression over the columns."""
        return Field(self.columns[0])

    def type(self, types: Types) -> str:
        """Kusto type of `value`."""
        return types.get(self.columns[0], "string")

    def match(self, match: Match, types: Types) -> Expr:
        """The test of the columns that holds when `match` holds of the field. Raises UnsupportedError."""
        return typed(self.value(types), self.type(types), match)

    def computed(self, types: Types) -> tuple[Column, ...]:
        """Columns an `extend` makes for `value` and `match`; none when they read the table's own."""
        return ()

    def needs(self) -> tuple[str, ...]:
        """The table's columns it reads."""
        return self.columns

    def likely(self, value: Any) -> Any:
        """A value like `value` that events of the source can have: what made-up events lack, such as a folder."""
        return value

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        """Put into `row` what the columns hold when the field is `value`. Raises Outside."""
        row[self.columns[0]] = stored(value, self.type(types))


class Made(FieldMap):
    """A value made by an expression: an `extend` gives it the field's name, tests then read that."""

    @cached_property
    def name(self) -> str:
        return re.sub(r"\W", "_", self.field)

    def made(self, types: Types) -> Expr:
        """The expression that makes it."""
        raise AssertionError

    def value(self, types: Types) -> Expr:
        return Field(self.name)

    def type(self, types: Types) -> str:
        return "string"

    def computed(self, types: Types) -> tuple[Column, ...]:
        return (Column((self.name,), self.made(types)),)


class Json(Made):
    """A property of a dynamic column, or of JSON in a text column: `json RequestParameters attribute`."""

    def needs(self) -> tuple[str, ...]:
        return self.columns[:1]

    def made(self, types: Types) -> Expr:
        base: Expr = Field(self.columns[0])
        if types.get(self.columns[0], "dynamic") != "dynamic":
            base = Call("parse_json", (base,))
        for key in self.columns[1:]:
            base = Index(base, Literal(key))
        return Call("tostring", (base,))

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        if value is None:
            return
        dynamic = types.get(self.columns[0], "dynamic") == "dynamic"
        held = row.get(self.columns[0])
        try:
            bag = dict(held) if isinstance(held, dict) else json.loads(held) if held else {}
        except ValueError:
            bag = None
        if not isinstance(bag, dict):
            raise Outside(f"{self.field} is below a value")
        inner = bag
        for key in self.columns[1:-1]:
            if not isinstance(inner.get(key, {}), dict):
                raise Outside(f"{self.field} is below a value")
            inner[key] = dict(inner.get(key, {}))
            inner = inner[key]
        if isinstance(inner.get(self.columns[-1]), dict):
            raise Outside(f"{self.field} is above a value")
        inner[self.columns[-1]] = value if isinstance(value, str | int | float | dict | list) else text_of(value)
        row[self.columns[0]] = bag if dynamic else json.dumps(bag, default=str)


ESCAPES = (("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))


def escaped(text: str) -> str:
    """A text as XML holds it."""
    for coded, plain in ESCAPES:
        text = text.replace(plain, coded)
    return text


def unescaped(expr: Expr) -> Expr:
    """The text of a piece of XML."""
    for coded, plain in reversed(ESCAPES):
        expr = Call("replace_string", (expr, Literal(coded), Literal(plain)))
    return expr


class Xml(Made):
    """A named value of the XML in a text column: `xml EventData Image` is the `<Data Name="Image">` of an event."""

    def needs(self) -> tuple[str, ...]:
        return self.columns[:1]

    @property
    def opening(self) -> str:
        return f'<Data Name="{self.columns[1]}">'

    def made(self, types: Types) -> Expr:
        pattern = f"{re.escape(self.opening).replace(chr(92) + ' ', ' ')}([^<]*)"
        return unescaped(Call("extract", (Literal(pattern), Literal(1, "long"), Field(self.columns[0]))))

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        if value is None:
            return
        text = escaped(text_of(value))
        before, _, after = (row.get(self.columns[0]) or "").partition(self.opening)
        row[self.columns[0]] = f"{before}{self.opening}{text}</Data>{after.partition('</Data>')[2]}"

    def held(self, xml: str) -> str | None:
        """The value in a piece of XML."""
        _, mark, rest = xml.partition(self.opening)
        return rest.partition("<")[0] if mark else None


class OfTwo(Made):
    """A value made of two columns, there when the second is."""

    def match(self, match: Match, types: Types) -> Expr:
        if match.op in (Op.EXISTS, Op.EMPTY):
            return typed(Field(self.columns[1]), "string", match)
        return super().match(match, types)


class Joined(OfTwo):
    """Two columns with a backslash between, `DOMAIN\\name`: `join AccountDomain AccountName`."""

    def made(self, types: Types) -> Expr:
        first, second = (Field(column) for column in self.columns)
        return Call("strcat", (first, Literal("\\"), second))

    def likely(self, value: Any) -> Any:
        first, _, second = text_of(value).rpartition("\\")
        return value if value in (None, "") else f"{first or 'CORP'}\\{second or 'user'}"

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        if value in (None, ""):
            return
        first, mark, second = text_of(value).rpartition("\\")
        if not (mark and first and second):
            raise Outside(f"{self.field} is DOMAIN\\name, not {value!r}")
        row[self.columns[0]], row[self.columns[1]] = first, second


HIVES = {"HKLM": "HKEY_LOCAL_MACHINE", "HKU": "HKEY_USERS", "HKCU": "HKEY_CURRENT_USER"}


class Registry(Made):
    """A registry key and value name as Sysmon's one path, hive names in full: `registry RegistryKey RegistryValue`.

    The third word is what HKCR stands for there. Without a value name (keys made, deleted) the key alone.
    """

    @cached_property
    def hives(self) -> dict[str, str]:
        return HIVES | {"HKCR": self.argument or "HKEY_CLASSES_ROOT"}

    def made(self, types: Types) -> Expr:
        key, name = (Field(column) for column in self.columns)
        return Call("iff", (Match(name, Op.EMPTY), key, Call("strcat", (key, Literal("\\"), name))))

    def likely(self, value: Any) -> Any:
        text = text_of(value)
        if value in (None, "") or text.partition("\\")[0].upper() in (*self.hives, ""):
            return value if not text.startswith("\\") or text.upper().startswith("\\REGISTRY\\") else f"HKLM{text}"
        return "HKLM\\SOFTWARE" + ("" if text.startswith("\\") else "\\") + text

    def match(self, match: Match, types: Types) -> Expr:
        if match.op in (Op.EXISTS, Op.EMPTY):
            return typed(Field(self.columns[0]), "string", match)
        return typed(
            self.value(types), "string", replace(match, values=tuple(self._full(v, match) for v in match.values))
        )

    def _full(self, value: Scalar, match: Match) -> str:
        """A value with its hive in full; refused when it could match part of a hive's short name, or both forms."""
        text = text_of(value)
        if match.op is Op.REGEX:
            if re.search("HK|MACHINE|USER", text.upper()) or text.startswith("^"):
                raise UnsupportedError("a registry path", f"the pattern {text!r} on a hive name")
            return text
        hive, mark, rest = text.partition("\\")
        if match.op in (Op.STARTSWITH, Op.EQ, Op.CONTAINS, Op.WILDCARD) and hive.upper() in self.hives and mark:
            full = self.hives[hive.upper()]
            return (full.replace("\\", "\\\\") if match.op is Op.WILDCARD else full) + mark + rest
        begins = hive.upper().lstrip("*")
        if match.op in (Op.CONTAINS, Op.ENDSWITH) and mark and any(h.endswith(begins) for h in self.hives) and begins:
            raise UnsupportedError("a registry path", f"{text!r}, the end of a hive name")
        if match.op in (Op.STARTSWITH, Op.EQ) and any(h.startswith(hive.upper()) for h in self.hives) and not mark:
            raise UnsupportedError("a registry path", f"{text!r}, a part of a hive name")
        return text

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        if value in (None, ""):
            return
        text = text_of(value)
        hive, mark, rest = text.partition("\\")
        if text.upper().startswith("\\REGISTRY\\"):
            row[self.columns[0]], _, row[self.columns[1]] = text.rpartition("\\")
            return
        if hive.upper() not in self.hives or not rest or re.search(r"HK(LM|U|CU|CR)\\", rest, re.I):
            raise Outside(f"{self.field} begins with a hive and holds no other, not {value!r}")
        path = self.hives[hive.upper()] + mark + rest
        key, mark, name = path.rpartition("\\")
        keys_only = str(row.get("EventType") or row.get("ActionType") or "").startswith("RegistryKey")
        if keys_only or not name or not rest.count("\\"):
            row[self.columns[0]] = path
        else:
            row[self.columns[0]], row[self.columns[1]] = key, name


DWORD = re.compile(
    r"(?:(?P<q>QWORD) \(0x(?P<high>[0-9a-f]{8})-0x(?P<low>[0-9a-f]{8})\)|DWORD \(0x(?P<d>[0-9a-f]{8})\))", re.I
)


class Details(FieldMap):
    """Registry data as Sysmon prints it, `DWORD (0x00000001)`, in a data and a type column: `details Data Type both?`.

    Numbers stand as decimals beside their type; with `both`, rows that keep Sysmon's text are found too.
    """

    def match(self, match: Match, types: Types) -> Expr:
        data, kind = (Field(column) for column in self.columns)
        if match.op in (Op.EXISTS, Op.EMPTY):
            absent: Expr = Match(data, Op.EMPTY)
            if not self.argument:  # of bytes there may be the type alone
                absent = And((absent, Not(Match(kind, Op.EQ, ("Binary",)))))
            return absent if match.op is Op.EMPTY else Not(absent)
        found: list[Expr] = []
        plain: list[Scalar] = []
        for value in match.values:
            text = text_of(value)
            numeric = DWORD.fullmatch(text)
            typename = KINDS_OF_DATA.get((match.op, text.lower().strip()))
            if typename and not self.argument:
                found.append(Match(kind, Op.EQ, (typename,)))
                continue
            if numeric and match.op in (Op.EQ, Op.CONTAINS, Op.STARTSWITH, Op.ENDSWITH):
                found.append(self._number(numeric, data, kind))
                if not self.argument:
                    continue
            elif not self.argument and self._may_be_number(text, match.op):
                raise UnsupportedError("registry data by type", f"{match.op} {text!r}")
            plain.append(value)
        if plain:
            test: Expr = typed(data, "string", replace(match, values=tuple(plain)))
            if not self.argument:
                test = self._among_text(test, plain, match)
            found.append(test)
        return (And if match.every else Or)(tuple(found)) if len(found) != 1 else found[0]

    def _among_text(self, test: Expr, plain: list[Scalar], match: Match) -> Expr:
        """Plain text must not be found in the decimals of numbers."""
        risky = any(match.op is not Op.REGEX and re.fullmatch(r"\d*", text_of(value)) for value in plain)
        return And((Not(Match(Field(self.columns[1]), Op.EQ, ("Dword", "Qword"))), test)) if risky else test

    def _number(self, number: re.Match[str], data: Field, kind: Field) -> Expr:
        name, decimal = _decimal(number)
        names = {"Dword": ("Dword", "Reg_DWord"), "Qword": ("Qword", "Reg_QWord")}[name]
        typename = names[1] if self.argument else names[0]
        return And((Match(kind, Op.EQ, (typename,)), Match(data, Op.EQ, (decimal,))))

    @staticmethod
    def _may_be_number(text: str, op: Op) -> bool:
        """Whether such a test could hold of Sysmon's text for some number or of `Binary Data`."""
        if op is Op.REGEX:
            return bool(re.search(r"0x|WORD|Binary", text, re.I))
        if op is Op.WILDCARD:
            return any(_fits(part, form, Op.CONTAINS) for part in re.split(r"[*?]", text) if part for form in FORMS)
        return any(_fits(text, form, op) for form in FORMS)

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        if value is None:
            return
        text = text_of(value)
        number = DWORD.fullmatch(text)
        if self.argument or not number:
            if not self.argument and text == "Binary Data":
                row[self.columns[1]] = "Binary"
                return
            if not self.argument and re.search(r"[DQ]WORD|Binary Data", text, re.I):
                raise Outside(f"registry data {text!r}")
            row[self.columns[0]] = text
            row[self.columns[1]] = None
            return
        row[self.columns[1]], row[self.columns[0]] = _decimal(number)


KINDS_OF_DATA = {
    (Op.EQ, "binary data"): "Binary",
    (Op.STARTSWITH, "binary data"): "Binary",
    (Op.STARTSWITH, "dword"): "Dword",
    (Op.STARTSWITH, "qword"): "Qword",
}
"""Tests of what Sysmon prints that ask for the type of the data only."""

FORMS = ("DWORD (0x________)", "QWORD (0x________-0x________)", "Binary Data")
"""What Sysmon prints for numbers and bytes; `_` is a hexadecimal digit."""


def _fits(text: str, form: str, op: Op) -> bool:
    """Whether `text` could stand in `form` where `op` looks for it."""
    last = len(form) - len(text)
    if last < 0:
        return False
    starts = {Op.EQ: [0] if last == 0 else [], Op.STARTSWITH: [0], Op.ENDSWITH: [last]}.get(op, range(last + 1))
    return any(
        all(
            a in "0123456789abcdef" if b == "_" else a == b
            for a, b in zip(text.lower(), form[start:].lower(), strict=False)
        )
        for start in starts
    )


def _decimal(number: re.Match[str]) -> tuple[str, str]:
    if number["q"]:
        return "Qword", str(int(number["high"] + number["low"], 16))
    return "Dword", str(int(number["d"], 16))


HASH = re.compile(r"(MD5|SHA1|SHA256|SHA512|IMPHASH)=([0-9a-f]+)", re.I)


class Hashes(FieldMap):
    """Sysmon's `MD5=..,SHA256=..` in a column per algorithm: `hashes MD5=MD5 SHA256=SHA256`."""

    @cached_property
    def by_kind(self) -> dict[str, str]:
        return {part.partition("=")[0].upper(): part.partition("=")[2] for part in self.columns}

    def needs(self) -> tuple[str, ...]:
        return tuple(self.by_kind.values())

    def match(self, match: Match, types: Types) -> Expr:
        if match.op in (Op.EXISTS, Op.EMPTY):
            absent = And(tuple(Match(Field(column), Op.EMPTY) for column in self.by_kind.values()))
            return absent if match.op is Op.EMPTY else Not(absent)
        by_column: dict[str, list[Scalar]] = {}
        for value in match.values:
            found = HASH.fullmatch(text_of(value))
            if not found or match.op not in (Op.CONTAINS, Op.EQ, Op.STARTSWITH, Op.ENDSWITH):
                raise UnsupportedError("hashes in columns", f"{self.field} {match.op} {value!r}")
            column = self.by_kind.get(found[1].upper())
            if column is None:
                raise UnsupportedError("this table", f"{found[1].upper()} hashes")
            by_column.setdefault(column, []).append(found[2])
        tests = tuple(Match(Field(column), Op.EQ, tuple(values), match.every) for column, values in by_column.items())
        return tests[0] if len(tests) == 1 else (And(tests) if match.every else Or(tests))

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        if value in (None, ""):
            return
        lengths = {"MD5": 32, "SHA1": 40, "SHA256": 64, "SHA512": 128, "IMPHASH": 32}
        for part in text_of(value).split(","):
            found = HASH.fullmatch(part.strip())
            if not found or found[1].upper() not in self.by_kind or len(found[2]) != lengths[found[1].upper()]:
                raise Outside(f"hashes {value!r}")
            row[self.by_kind[found[1].upper()]] = found[2]


class Hash(FieldMap):
    """One hash by itself."""


class Lookup(FieldMap):
    """A value that has other names there: `lookup:levels ProcessIntegrityLevel`; names not listed stay."""

    def _renamed(self, value: Scalar) -> str:
        return (self.lookup or {}).get(text_of(value).lower(), text_of(value))

    def match(self, match: Match, types: Types) -> Expr:
        if match.op in (Op.EXISTS, Op.EMPTY):
            return super().match(match, types)
        if match.op in (Op.EQ,):
            return super().match(replace(match, values=tuple(self._renamed(value) for value in match.values)), types)
        if match.op is Op.REGEX or match.every:
            raise UnsupportedError("renamed values", f"{self.field} {match.op}")
        known = {
            old: new for old, new in (self.lookup or {}).items() if any(_holds(old, match.op, v) for v in match.values)
        }
        if not known:
            raise UnsupportedError("renamed values", f"{self.field} {match.op} {match.values[0]!r}")
        return super().match(Match(match.subject, Op.EQ, tuple(known.values())), types)

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        if value is not None and text_of(value).lower() not in (self.lookup or {}):
            raise Outside(f"{self.field} is never {value!r}")
        super().store(None if value is None else self._renamed(value), types, row)


def _holds(text: str, op: Op, value: Scalar) -> bool:
    wanted = text_of(value).lower()
    tests = {Op.CONTAINS: wanted in text, Op.STARTSWITH: text.startswith(wanted), Op.ENDSWITH: text.endswith(wanted)}
    return tests.get(op, False)


class Name(FieldMap):
    """The file name alone of a path: `name InitiatingProcessParentFileName`. Answers only tests of the name."""

    def likely(self, value: Any) -> Any:
        slash = self.argument or "\\"
        text = text_of(value)
        return value if value in (None, "") or slash in text else f"C:{slash}Folder{slash}{text}"

    def match(self, match: Match, types: Types) -> Expr:
        if match.op in (Op.EXISTS, Op.EMPTY):
            return super().match(match, types)
        slash = self.argument or "\\"
        names: list[Scalar] = []
        tails: list[Scalar] = []
        for value in match.values:
            text = text_of(value)
            if match.op is Op.ENDSWITH and text.startswith(slash) and text.count(slash) == 1 and len(text) > 1:
                names.append(text[1:])
            elif match.op is Op.ENDSWITH and slash not in text:
                tails.append(text)
            else:
                raise UnsupportedError("a column of file names only", f"{self.field} {match.op} {text!r}")
        tests: list[Expr] = []
        if names:
            tests.append(Match(self.value(types), Op.EQ, tuple(names), match.every, match.cased))
        if tails:
            tests.append(Match(self.value(types), Op.ENDSWITH, tuple(tails), match.every, match.cased))
        return tests[0] if len(tests) == 1 else (And if match.every else Or)(tuple(tests))

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        slash = self.argument or "\\"
        if value is not None and slash not in text_of(value):
            raise Outside(f"{self.field} is a full path, not {value!r}")
        row[self.columns[0]] = None if value is None else text_of(value).rpartition(slash)[2]


class Local(Made):
    """The machine's own end of a connection: `local NetworkDirection Inbound DstProcessName SrcProcessName`."""

    def needs(self) -> tuple[str, ...]:
        return (self.columns[0], *self.columns[2:])

    def made(self, types: Types) -> Expr:
        direction, inbound, there, here = self.columns
        return Call("iff", (Match(Field(direction), Op.EQ, (inbound,), cased=True), Field(there), Field(here)))

    def store(self, value: Any, types: Types, row: dict[str, Any]) -> None:
        direction, inbound, there, here = self.columns
        row[there if row.get(direction) == inbound else here] = stored(value, "string")


KINDS: dict[str, type[FieldMap]] = {
    "json": Json,
    "xml": Xml,
    "join": Joined,
    "registry": Registry,
    "details": Details,
    "hashes": Hashes,
    "lookup": Lookup,
    "name": Name,
    "local": Local,
}
"""First word of a field's row in a mapping file -> what it does; any other word is the column of the same meaning."""
