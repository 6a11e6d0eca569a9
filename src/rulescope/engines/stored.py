"""Stored functions an engine can answer from a table: ASIM parsers with their filter parameters.

Source: https://learn.microsoft.com/azure/sentinel/normalization-develop-parsers (filtering parsers) and the pages of the ASIM schemas.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..errors import UnsupportedError
from ..model import Call, Compare, Expr, Field, Filter, Literal, Named, Op, Or, Query, Scan, Step

TIME = "TimeGenerated"

PARAMETERS = {  # parameter: how it filters, and the columns any of which it filters by
    "starttime": ("from", (TIME,)),
    "endtime": ("to", (TIME,)),
    "eventtype": ("is", ("EventType",)),
    "eventtype_in": ("in", ("EventType",)),
    "eventresult": ("is", ("EventResult",)),
    "eventresultdetails_in": ("in", ("EventResultDetails",)),
    "eventresultdetails_has_any": ("has", ("EventResultDetails",)),
    "responsecodename": ("is", ("EventResultDetails",)),
    "domain_has_any": ("has", ("DnsQuery",)),
    "url_has_any": ("has", ("Url",)),
    "httpuseragent_has_any": ("has", ("HttpUserAgent",)),
    "srcipaddr": ("is", ("SrcIpAddr",)),
    "srcipaddr_has_any_prefix": ("prefix", ("SrcIpAddr",)),
    "dstipaddr_has_any_prefix": ("prefix", ("DstIpAddr",)),
    "ipaddr_has_any_prefix": ("prefix", ("SrcIpAddr", "DstIpAddr")),
    "dvcipaddr_has_any_prefix": ("prefix", ("DvcIpAddr",)),
    "dstportnumber": ("number", ("DstPortNumber",)),
    "hostname_has_any": ("has", ("SrcHostname", "DstHostname")),
    "srchostname_has_any": ("has", ("SrcHostname",)),
    "dvchostname_has_any": ("has", ("DvcHostname",)),
    "dvcaction": ("in", ("DvcAction",)),
    "commandline_has_any": ("has", ("CommandLine",)),
    "commandline_has_all": ("all", ("CommandLine",)),
    "actingprocess_has_any": ("has", ("ActingProcessName",)),
    "targetprocess_has_any": ("has", ("TargetProcessName",)),
    "parentprocess_has_any": ("has", ("ParentProcessName",)),
    "actorusername_has_any": ("has", ("ActorUsername",)),
    "targetusername_has_any": ("has", ("TargetUsername",)),
    "username_has_any": ("has", ("TargetUsername", "ActorUsername")),
    "targetappname_has_any": ("has", ("TargetAppName",)),
    "operation_has_any": ("has", ("Operation",)),
    "object_has_any": ("has", ("Object",)),
    "newvalue_has_any": ("has", ("NewValue",)),
    "targetfilepath_has_any": ("has", ("TargetFilePath",)),
    "srcfilepath_has_any": ("has", ("SrcFilePath",)),
    "registrykey_has_any": ("has", ("RegistryKey",)),
    "registryvalue_has_any": ("has", ("RegistryValue",)),
    "registryvaluedata_has_any": ("has", ("RegistryValueData",)),
}

HOW: Mapping[str, Callable[[Field, Expr], Expr]] = {
    "from": lambda column, value: Compare(column, Op.GE, value),
    "to": lambda column, value: Compare(column, Op.LE, value),
    "is": lambda column, value: Compare(column, Op.EQ, value, cased=False),
    "number": lambda column, value: Compare(column, Op.EQ, value),
    "in": lambda column, value: Call("in~", (column, value)),
    "has": lambda column, value: Call("has_any", (column, value)),
    "all": lambda column, value: Call("has_all", (column, value)),
    "prefix": lambda column, value: Call("has_any_ipv4_prefix", (column, value)),
}
UNSET = (None, "*", "[]", "")


def asim_parser(name: str, columns: Mapping[str, str]) -> Callable[[tuple[Expr, ...]], Query]:
    """The function `name` over the table of that name: each filter parameter is a filter of its columns.

    Raises UnsupportedError for a parameter it does not know, whose columns the table has not, or that has no name.
    """

    def rows(args: tuple[Expr, ...]) -> Query:
        stages: list[Step] = [Scan(name)]
        for argument in args:
            if not isinstance(argument, Named):
                raise UnsupportedError("duckdb", f"parameters of {name} without names")
            parameter, value = argument.name.lower(), argument.value
            if parameter in ("disabled", "pack"):
                if value == Literal(False, "bool", getattr(value, "span", None)):
                    continue
                raise UnsupportedError("duckdb", f"parameter {argument.name} of {name}")
            how, filtered = PARAMETERS.get(parameter, ("", ()))
            found = [Field(column) for column in filtered if column in columns]
            if not found:
                raise UnsupportedError("duckdb", f"parameter {argument.name} of {name}")
            if isinstance(value, Literal) and value.value in UNSET:
                continue
            if how == "number" and isinstance(value, Literal) and value.value == 0:
                continue
            tests = tuple(HOW[how](column, value) for column in found)
            stages.append(Filter(tests[0] if len(tests) == 1 else Or(tests)))
        return Query(tuple(stages), language="kusto")

    return rows
