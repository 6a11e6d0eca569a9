"""Windows events in all their shapes, as one flat row: System fields under fixed names, event data at the top level.

Shapes: the XML-shaped JSON of EVTX readers ({"Event": {"System": .., "EventData": ..}}), Winlogbeat and Elastic Agent
(`winlog.event_data`), Winlogbeat 6 (`event_data`), NXLog and OTRF (already flat, other names). Rows keep every field of
their shape and gain, where missing: Channel, Provider_Name, EventID (a number), Computer, TimeCreated, EventRecordID.
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from .batch import Row

SYSTEM = (  # System element or attribute of the event's XML -> field of the row
    ("Provider", "Name", "Provider_Name"),
    ("Provider", "Guid", "Provider_Guid"),
    ("TimeCreated", "SystemTime", "TimeCreated"),
    ("Correlation", "ActivityID", "Correlation_ActivityID"),
    ("Execution", "ProcessID", "Execution_ProcessID"),
    ("Execution", "ThreadID", "Execution_ThreadID"),
    ("Security", "UserID", "Security_UserID"),
)
PLAIN = ("Version", "Level", "Task", "Opcode", "Keywords", "EventRecordID", "Channel", "Computer")
IDENTITY = frozenset({"Channel", "Provider_Name", "EventID", "Computer", "TimeCreated", "EventRecordID"})
"""Event data of these names goes under `EventData_<name>`: what the event is must not be overwritten."""

FLAT = {  # field of the row -> its names in other flat shapes, most telling first
    "Channel": ("LogName", "log_name", "winlog.channel", "channel"),
    "Provider_Name": ("SourceName", "ProviderName", "provider_name", "source_name", "winlog.provider_name", "Provider"),
    "EventID": ("EventId", "event_id", "winlog.event_id", "Id"),
    "Computer": ("Hostname", "MachineName", "computer_name", "winlog.computer_name", "host"),
    "TimeCreated": ("UtcTime", "@timestamp", "EventTime", "TimeGenerated"),
    "EventRecordID": ("RecordNumber", "RecordId", "record_id", "winlog.record_id"),
}

NXLOG_TYPES = frozenset({"INFO", "AUDIT_SUCCESS", "AUDIT_FAILURE", "WARNING", "ERROR", "VERBOSE"})
SAID_TYPE = re.compile(r"^EventType: (\w+)\s*$", re.MULTILINE)


def is_event(value: dict[str, Any]) -> bool:
    """Whether a JSON object is a Windows event in one of the nested shapes or in a flat one."""
    if isinstance(value.get("Event"), dict):
        return "System" in value["Event"]
    if isinstance(value.get("winlog"), dict) or "winlog.channel" in value:
        return True
    if "event_id" in value and ("log_name" in value or "event_data" in value):
        return True
    return ("EventID" in value or "EventId" in value) and ("Channel" in value or "LogName" in value)


def flat(value: dict[str, Any]) -> Row:
    """One Windows event of any shape as a flat row."""
    event = value.get("Event")
    if isinstance(event, dict):
        return from_xml_shape(event)
    row = dict(value)
    winlog = row.pop("winlog", None)
    if isinstance(winlog, dict):
        for name, inner in winlog.items():
            if name not in ("event_data", "user_data"):
                row.setdefault(f"winlog.{name}", inner)
        _add_data(row, winlog.get("event_data"))
        _add_data(row, winlog.get("user_data"))
    for part in ("event_data", "user_data"):
        if isinstance(row.get(part), dict):
            _add_data(row, row.pop(part))
    for name in [name for name in row if name.startswith("winlog.event_data.")]:
        row.setdefault(name.removeprefix("winlog.event_data."), row[name])
    _unify(row)
    return row


def from_xml_shape(event: dict[str, Any]) -> Row:
    """The inside of `{"Event": ...}` as EVTX readers write it."""
    row: Row = {}
    system = event.get("System") or {}
    for element, attribute, name in SYSTEM:
        found = _attributes(system.get(element)).get(attribute)
        if found is not None:
            row[name] = found
    provider = system.get("Provider")
    if "Provider_Name" not in row and isinstance(provider, str):
        row["Provider_Name"] = provider
    identifier = system.get("EventID")
    row["EventID"] = _number(identifier.get("#text") if isinstance(identifier, dict) else identifier)
    for name in PLAIN:
        found = system.get(name)
        if found is not None:
            row[name] = found.get("#text") if isinstance(found, dict) else found
    _add_data(row, event.get("EventData"))
    for name, inner in (event.get("UserData") or {}).items():
        if name != "#attributes":
            _add_data(row, inner if isinstance(inner, dict) else {name: inner})
    if isinstance(event.get("RenderingInfo"), dict):
        _add_data(row, event["RenderingInfo"])
    return row


def _attributes(element: Any) -> dict[str, Any]:
    if not isinstance(element, dict):
        return {}
    inner = element.get("#attributes", element)
    return inner if isinstance(inner, dict) else {}


def _number(value: Any) -> Any:
    if isinstance(value, str) and value.isdigit():
        return int(value)
    return value


def _add_data(row: Row, data: Any) -> None:
    """Event data, whose unnamed values (`Data`) become one text, or a list of texts when there are several."""
    if not isinstance(data, dict):
        if data not in (None, ""):
            row.setdefault("Data", data)
        return
    for name, value in data.items():
        if name == "#attributes":
            continue
        if isinstance(value, dict):
            if "#text" in value:
                value = value["#text"]
            elif name not in ("Data",):
                inner = {key: item for key, item in value.items() if key != "#attributes"}
                _add_data(row, inner)
                continue
        if name == "#text":
            name = "Data"
        if name in IDENTITY and name in row:
            name = f"EventData_{name}"
        row[name] = value
        if " " in name:
            row.setdefault(name.replace(" ", ""), value)


def _unify(row: Row) -> None:
    for name, others in FLAT.items():
        if row.get(name) in (None, ""):
            for other in others:
                found = row.get(other)
                if found not in (None, "") and not isinstance(found, dict):
                    row[name] = found
                    break
    if "EventID" in row:
        row["EventID"] = _number(row["EventID"])
    if row.get("EventType") in NXLOG_TYPES and isinstance(row.get("Message"), str):
        said = SAID_TYPE.search(row["Message"])  # NXLog's own EventType hides Sysmon's, which the message repeats
        if said:
            row["EventType"] = said[1]
    for name in [name for name in row if " " in name]:
        row.setdefault(name.replace(" ", ""), row[name])


EVENT_XML = re.compile(r"<Event[\s>].*?</Event>", re.DOTALL)


def from_xml(text: str) -> Row | None:
    """The Windows (or Linux Sysmon) event whose XML stands in `text`, flat; None when there is none or it is broken."""
    found = EVENT_XML.search(text)
    if found is None or "<!" in found.group():  # no document types, no entities
        return None
    try:
        root = ElementTree.fromstring(found.group())
    except ElementTree.ParseError:
        return None
    event: dict[str, Any] = {"System": {}, "EventData": {}}
    for part in root:
        name = _local(part.tag)
        if name == "System":
            for element in part:
                inner: Any = {"#attributes": dict(element.attrib)} if element.attrib else element.text
                if element.attrib and element.text:
                    inner["#text"] = element.text
                event["System"][_local(element.tag)] = inner
        elif name == "EventData":
            unnamed: list[str] = []
            for element in part:
                if "Name" in element.attrib:
                    event["EventData"][element.attrib["Name"]] = element.text or ""
                else:
                    unnamed.append(element.text or "")
            if unnamed:
                event["EventData"]["Data"] = unnamed[0] if len(unnamed) == 1 else unnamed
        elif name == "UserData":
            for outer in part:
                event["EventData"].update({_local(element.tag): element.text or "" for element in outer})
    return from_xml_shape(event)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
