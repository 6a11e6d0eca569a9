"""`scan`: a state machine over ordered rows, as a recursive query that takes one row a turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import ScanRows
from .frame import Frame
from .values import unsupported

if TYPE_CHECKING:
    from .plan import Plan


def scan_rows(plan: Plan, stage: ScanRows, frame: Frame) -> Frame:
    raise unsupported("operator scan")
