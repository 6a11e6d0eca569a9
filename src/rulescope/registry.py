"""Names to modules: what kinds of readers, writers and engines there are, imported on first use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType


class Registry:
    """A closed list of our own modules by name, and whatever third parties add by entry point.

    The entry-point group is `rulescope.<kind>`; our own names cannot be overridden.
    """

    def __init__(self, kind: str, modules: Mapping[str, str]) -> None:
        self.kind = kind
        self._modules = dict(modules)

    def __iter__(self) -> Iterator[str]:
        yield from self._modules
        yield from self._others

    def __contains__(self, name: object) -> bool:
        return name in self._modules or name in self._others

    def __getitem__(self, name: str) -> ModuleType:
        """The module of that name. Raises KeyError that lists the names there are."""
        if name in self._modules:
            return import_module(self._modules[name])
        if name in self._others:
            loaded = self._others[name].load()
            assert isinstance(loaded, ModuleType), f"entry point {name} of rulescope.{self.kind} is not a module"
            return loaded
        raise KeyError(f"no {self.kind} {name!r}; there are {', '.join(self)}")

    @cached_property
    def _others(self) -> dict[str, EntryPoint]:
        points = entry_points(group=f"rulescope.{self.kind}")
        return {point.name: point for point in points if point.name not in self._modules}
