"""Names to modules: what kinds of readers, writers and engines there are, imported on first use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import entry_points
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
        yield from (point.name for point in self._points() if point.name not in self._modules)

    def __contains__(self, name: str) -> bool:
        return name in set(self)

    def __getitem__(self, name: str) -> ModuleType:
        """The module of that name. Raises KeyError that lists the names there are."""
        if name in self._modules:
            return import_module(self._modules[name])
        for point in self._points():
            if point.name == name:
                loaded = point.load()
                assert isinstance(loaded, ModuleType), f"entry point {name} of rulescope.{self.kind} is not a module"
                return loaded
        raise KeyError(f"no {self.kind} {name!r}; there are {', '.join(self)}")

    def _points(self) -> tuple:  # type: ignore[type-arg]
        return tuple(entry_points(group=f"rulescope.{self.kind}"))
