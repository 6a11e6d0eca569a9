"""The base of every model type: frozen, comparable, and its own JSON form. The only door to msgspec's Struct."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

MODEL_VERSION = 1
"""Raised when stored models no longer mean the same; catalogues of another version are rebuilt."""


class Node(msgspec.Struct, frozen=True, tag=True, tag_field="node", omit_defaults=True):
    """An immutable value; its class name is the `node` tag of its JSON form."""


N = TypeVar("N", bound=Node)


def replace(node: N, **changes: Any) -> N:
    """A copy of `node` with some fields changed."""
    return msgspec.structs.replace(node, **changes)
