"""Engines run queries over tables: `duck` is the engine, `reference` the judge of meaning."""

from __future__ import annotations

from ..registry import Registry

ENGINES = Registry("engine", {"duck": "rulescope.engines.duck", "reference": "rulescope.engines.reference"})
