"""From a row of a log to rows of Kusto tables: as it is, or by the mappings of its log source."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from ..logs import Batch, Row
from ..schemas import mappings
from ..schemas.columns import FieldMap, Local, Lookup, Outside
from ..schemas.recognition import Offer, channel, is_windows, offers, table_of, telling_fields
from .declared import declared
from .scan_devices import TABLE as DEVICES
from .scan_devices import device_id

SYSTEM = frozenset(
    {
        "Channel", "Provider_Name", "Provider_Guid", "EventID", "Computer", "TimeCreated", "EventRecordID", "Version", "Level",
        "Task", "Opcode", "Keywords", "Correlation_ActivityID", "Execution_ProcessID", "Execution_ThreadID", "Security_UserID",
    }
)  # fmt: skip
"""Fields of a Windows event that are not its data."""

OF_SYSTEM = {
    "Correlation_ActivityID": "Correlation", "Execution_ProcessID": "SystemProcessId", "Execution_ThreadID": "SystemThreadId",
    "Keywords": "Keywords", "Opcode": "Opcode", "Security_UserID": "SystemUserId", "Task": "Task", "Version": "Version",
}  # fmt: skip
"""Such a field: its column of `WindowsEvent`."""

UNNAMED = "Data"
RESERVED = "EventData_"
"""Before the name of an event's data that has the name of such a field."""

WINDOWS = frozenset({"Event", "SecurityEvent", "WindowsEvent"})
"""Tables whose rows are Windows events as they are."""

LEVELS = {0: "LogAlways", 1: "Critical", 2: "Error", 3: "Warning", 4: "Information", 5: "Verbose"}

NAMES = {  # column with the file name alone: the column with the whole path
    "FileName": "FolderPath",
    "PreviousFileName": "PreviousFolderPath",
    "InitiatingProcessFileName": "InitiatingProcessFolderPath",
    "ActingProcessFilename": "ActingProcessName",
    "ActingProcessFileName": "ActingProcessName",
    "TargetProcessFilename": "TargetProcessName",
    "TargetProcessFileName": "TargetProcessName",
    "TargetFileName": "TargetFilePath",
    "SrcFileName": "SrcFilePath",
}
DEVICE = "DeviceId"
HOSTS = ("Computer", "DeviceName", "DvcHostname", "Dvc")
ACCOUNTS = (  # Defender's two halves of an account
    ("AccountDomain", "AccountName"),
    ("InitiatingProcessAccountDomain", "InitiatingProcessAccountName"),
)

PARSERS = {
    "processevent_create": "processcreate",
    "processevent_terminate": "processterminate",
    "registryevent": "registry",
}


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the row of one table from the row of a log, of which it is one already when it is its `own`.

    `system` is the product of the machine that the made row names by its id.
    """

    table: str
    make: Callable[[Row], Row]
    system: str = ""
    own: bool = False


class Makers:
    """What to make of the rows of logs for some tables; rows alike are looked at once."""

    MOST_REMEMBERED = 20_000

    def __init__(self, wanted: frozenset[str]) -> None:
        self._wanted = wanted
        self._telling = (*telling_fields(), *mappings.only_fields(), "Type")
        self._known: dict[Any, tuple[Maker, ...]] = {}

    def of(self, row: Row, batch: Batch) -> tuple[Maker, ...]:
        """The makers of a row."""
        telling = tuple(str(row[name]) if name in row else None for name in self._telling)
        key = (batch.kind, batch.stream, batch.log, telling, tuple(row))
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= self.MOST_REMEMBERED:
                self._known.clear()
            found = self._known[key] = makers(row, batch, self._wanted)
        return found


def makers(row: Row, batch: Batch, wanted: frozenset[str]) -> tuple[Maker, ...]:
    """What to make of rows like `row` for the tables in `wanted` (names or patterns), a table once for each way into it."""
    found: list[Maker] = []
    taken: set[str] = set()
    own = table_of(row, batch.kind, batch.stream, PurePath(batch.log).name.split(".")[0])
    native = {own: _native(own, row)} if own else {}
    if is_windows(row):
        native["WindowsEvent"] = windows_row
        taken.update(WINDOWS)  # no other row of these is this event
    for table, make in native.items():
        if any(fnmatch.fnmatchcase(table, name) for name in wanted):
            taken.add(table)
            found.append(Maker(table, make, own=True))
    ways: dict[str, list[tuple[mappings.Mapping, Offer]]] = {}
    for offer in offers(row, batch.kind, batch.stream):
        for schema in mappings.SCHEMAS:
            for mapping in mappings.mappings_for(offer.logsource, schema):
                if mapping.only and not mapping.has(offer.seen(row)):
                    continue
                for name in sorted(wanted):
                    same = _same_table(mapping.table, name)
                    if same or fnmatch.fnmatchcase(mapping.table, name):
                        _further(ways.setdefault(name if same else mapping.table, []), mapping, offer)
    if own and own not in WINDOWS and own in ways and not row.keys() & declared(own).keys():
        found = [maker for maker in found if maker.table != own]  # what the table is made of, not a row of it
        taken.discard(own)
    for table, listed in ways.items():
        if table not in taken:
            mapping, offer = listed[0]
            system = offer.logsource.product if DEVICE in mapping.types and DEVICES in wanted else ""
            found.append(Maker(table, _merged([_mapped(*way) for way in listed]), system))
    return tuple(found)


def _further(ways: list[tuple[mappings.Mapping, Offer]], mapping: mappings.Mapping, offer: Offer) -> None:
    """Adds a way into a table unless those before know as much of the row."""
    known = (mapping.fields, mapping.others, _aliases(offer))
    if all(known != (way.fields, way.others, _aliases(other)) for way, other in ways):
        ways.append((mapping, offer))


def _aliases(offer: Offer) -> Any:
    return offer.route.aliases if offer.route else offer.aliases


def _merged(makers: list[Callable[[Row], Row]]) -> Callable[[Row], Row]:
    """One row of what several ways make of the same event; a way that says otherwise than those before says nothing."""
    if len(makers) == 1:
        return makers[0]

    def make(row: Row) -> Row:
        made = makers[0](row)
        for maker in makers[1:]:
            more = maker(row)
            bags = {name for name, value in more.items() if isinstance(value, dict) or name in mappings.JSON_TEXT}
            if all(made.get(name, value) == value or name in bags for name, value in more.items()):
                made = {**more, **made} | {name: _bag(made[name], more[name]) for name in bags & made.keys()}
        return made

    return make


def _bag(one: Any, other: Any) -> Any:
    """The bags of two rows as one, as JSON where they are text."""
    if isinstance(one, str) and isinstance(other, str):
        return json.dumps(_bag(json.loads(one), json.loads(other)))
    return {**other, **one} if isinstance(one, dict) and isinstance(other, dict) else one


def _same_table(one: str, other: str) -> bool:
    """Whether two names are names of one ASIM parser: imProcessCreate, vimProcessCreate, _Im_ProcessEvent_Create."""
    return one == other or (_core(one) != "" and _core(one) == _core(other))


def _core(name: str) -> str:
    for prefix in ("_Im_", "_ASim_", "ASim", "vim", "im"):
        if name.startswith(prefix) and len(name) > len(prefix) and name[len(prefix)].isupper():
            core = name[len(prefix) :].lower()
            return PARSERS.get(core, core)
    return ""


def _native(table: str, row: Row) -> Callable[[Row], Row]:
    if is_windows(row) and table == "Event":
        return event_row
    if is_windows(row) and table == "SecurityEvent":
        return _security_row
    return dict


def event_row(row: Row) -> Row:
    """A Windows event as a row of `Event`: its data as the XML that column holds."""
    data = "".join(
        f"<Data{'' if name == UNNAMED else f' Name={quoteattr(name)}'}>{escape(str(value))}</Data>"
        for name, held in _data(row)
        for value in (held if isinstance(held, list) and name == UNNAMED else (held,))
        if isinstance(value, str | int | float)
    )
    return {
        "Source": row.get("Provider_Name", ""),
        "EventLog": channel(row),
        "EventID": row.get("EventID"),
        "Computer": row.get("Computer", ""),
        "EventData": f'<DataItem type="System.XmlData"><EventData>{data}</EventData></DataItem>',
        "RenderedDescription": row.get("Message", ""),
        "Type": "Event",
    }


def windows_row(row: Row) -> Row:
    """A Windows event as a row of `WindowsEvent`: its data as a bag, what has no name there as `Data`."""
    level = row.get("Level")
    return {
        "Provider": row.get("Provider_Name", ""),
        "Channel": channel(row),
        "EventID": row.get("EventID"),
        "EventLevel": level,
        "EventLevelName": LEVELS.get(level, "") if isinstance(level, int) else "",
        "EventRecordId": str(row.get("EventRecordID", "")),
        "Computer": row.get("Computer", ""),
        "EventData": dict(_data(row)),
        "Type": "WindowsEvent",
        **{column: row[name] for name, column in OF_SYSTEM.items() if name in row},
    }


def _data(row: Row) -> Iterator[tuple[str, Any]]:
    """What a Windows event says beside what all events say, under the names it has in the event."""
    twins = {name.replace(" ", "") for name in row if " " in name}  # given by the reader beside the name itself
    for name, value in row.items():
        if name not in SYSTEM and name not in twins and value is not None:
            yield name.removeprefix(RESERVED), value


def _security_row(row: Row) -> Row:
    """An event of the Security log as a row of `SecurityEvent`: its data are columns of their own names."""
    made = {name: value for name, value in row.items() if name not in SYSTEM or name in declared("SecurityEvent")}
    made["EventSourceName"] = row.get("Provider_Name", "")
    made["Type"] = "SecurityEvent"
    for account, domain, user in (
        ("Account", "TargetDomainName", "TargetUserName"),
        ("SubjectAccount", "SubjectDomainName", "SubjectUserName"),
        ("TargetAccount", "TargetDomainName", "TargetUserName"),
    ):
        if row.get(user) not in (None, "", "-"):
            made.setdefault(account, f"{row[domain]}\\{row[user]}" if row.get(domain) else row[user])
    if ("Account" not in made and "SubjectAccount" in made) or (
        row.get("EventID") == 4688 and "SubjectAccount" in made
    ):
        made["Account"] = made["SubjectAccount"]
    if isinstance(row.get("NewProcessName"), str):
        made["Process"] = row["NewProcessName"].rpartition("\\")[2]
    return made


def _mapped(mapping: mappings.Mapping, offer: Offer) -> Callable[[Row], Row]:
    def make(row: Row) -> Row:
        made = _carried(mapping, offer.seen(row))
        if DEVICE in mapping.types:
            made[DEVICE] = device_id(row)  # not the mapping's stand-in for a machine of the right system
        _complete(made, row, mapping.types)
        return made

    return make


def _complete(made: Row, row: Row, columns: Mapping[str, str]) -> None:
    """Columns that repeat what others hold: names of paths, the machine, the halves of an account."""
    for name, path in NAMES.items():
        if name in columns and not made.get(name) and isinstance(made.get(path), str):
            made[name] = made[path].replace("/", "\\").rpartition("\\")[2]
    for name in HOSTS:
        if name in columns and not made.get(name) and isinstance(row.get("Computer"), str):
            made[name] = row["Computer"]
    user = row.get("User")
    if isinstance(user, str) and "\\" in user:
        halves = ACCOUNTS[0] if "AccountName" in columns else ACCOUNTS[1]  # the process's own account, else its maker's
        for name, part in zip(halves, user.split("\\", 1), strict=True):
            if name in columns and name not in made:
                made[name] = part.lower()


def _carried(mapping: mappings.Mapping, event: Mapping[str, Any]) -> Row:
    """The mapped row with every field the table can hold; a value outside what it holds is left out."""
    made = mapping.map_event({})
    listed = list(_placed(mapping, event))
    listed.sort(key=lambda item: (not isinstance(item[0], Lookup), isinstance(item[0], Local)))
    for row, name, value in listed:
        for attempt in _attempts(name, value):
            trial = dict(made)
            try:
                row.store(attempt, mapping.types, trial)
            except (Outside, TypeError):
                continue
            made = trial
            break
    return made


def _placed(
    mapping: mappings.Mapping, event: Mapping[str, Any], above: str = ""
) -> Iterator[tuple[FieldMap, str, Any]]:
    """The fields of an event that the table has a place for; of what has none, the properties below it by their paths."""
    for name, value in event.items():
        row = mapping.field(above + name)
        if value is None:
            continue
        if row is None:
            if isinstance(value, Mapping):
                yield from _placed(mapping, value, f"{above}{name}.")
        elif isinstance(value, Mapping | list) and mapping.types.get(row.columns[0]) == "string":
            yield row, above + name, json.dumps(value, separators=(",", ":"), default=str)
        else:
            yield row, above + name, value


def _attempts(name: str, value: Any) -> Iterator[Any]:
    """The value, then what of it a table may still hold: hashes without the import hash."""
    yield value
    if name == "Hashes" and isinstance(value, str):
        yield ",".join(part for part in value.split(",") if not part.startswith("IMPHASH="))
