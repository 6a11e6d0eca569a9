"""Columns of Kusto text: what a person sees in the editor is what the binder says."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulescope.binding import bind
from rulescope.languages import kusto

TABLES = {
    "Logon": {
        "Time": "datetime", "User": "string", "Count": "int", "Total": "long", "Rate": "real", "Took": "timespan",
        "Ok": "bool", "Data": "dynamic",
    },
    "Process": {"Time": "datetime", "User": "string", "Image": "string", "Total": "string", "Id": "long"},
}  # fmt: skip

LINES = (Path(__file__).parent / "columns.tsv").read_text("utf-8").splitlines()
CASES = [tuple(line.split("\t")) for line in LINES if not line.startswith("#")][1:]


def shape(text: str) -> str:
    row = bind(kusto.parse(text, tables=TABLES), TABLES).row
    return " ".join(f"{name}:{type}" for name, type in row.types.items()) + (" ..." if row.open else "")


@pytest.mark.parametrize(("text", "columns"), CASES, ids=range(len(CASES)))
def test_columns(text: str, columns: str) -> None:
    assert shape(text) == columns


@pytest.mark.parametrize("text", [text for text, _ in CASES], ids=range(len(CASES)))
def test_nothing_is_said_of_a_good_query(text: str) -> None:
    said = bind(kusto.parse(text, tables=TABLES), TABLES).diagnostics
    assert [d.message for d in said if d.severity != "note"] == []


DOCUMENTED = [  # where Microsoft's analyser differs from the documentation, the documentation holds
    ("union kind=inner Logon, Process", "Time:datetime User:string Total_long:long Total_string:string"),
    ("Logon | project Total, User | parse User with Total ' ' *", "Total:string User:string"),
    ("Logon | project Data | extend x = jaccard_index(Data, Data)", "Data:dynamic x:real"),
    ("Logon | project User | scan declare (n: long) with (step a: true => n = 1;)", "User:string n:long"),
    ("Logon | project User | extend column_ifexists('User', 1)", "User:string"),
]


@pytest.mark.parametrize(("text", "columns"), DOCUMENTED)
def test_the_documentation_holds(text: str, columns: str) -> None:
    assert shape(text) == columns


FAULTY = [
    ("Logon | where Usr == 'x'", "no column Usr here; did you mean User?"),
    ("Logon | join (Process | project Name = User) on User", "no column User here"),
    ("Logon | summarize n = count() by Host", "no column Host here"),
    ("Logon | where User in (Procss | project User)", "no table Procss; did you mean Process?"),
    ("Logon | mv-apply Data on (where Dta == 1)", "no column Dta here; did you mean Data?"),
    ("Logon | project toupper2(User)", "no function toupper2; did you mean toupper?"),
    ("Logon | project-away Host", "no column Host here"),
]


@pytest.mark.parametrize(("text", "message"), FAULTY)
def test_what_is_said_of_a_faulty_query(text: str, message: str) -> None:
    said = bind(kusto.parse(text), TABLES).diagnostics
    assert [d.message for d in said] == [message]
