"""Translate and prove many rules: a folder, or everything in a catalogue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..catalogue import Catalogue
from ..errors import RuleError
from ..model import Failure, Query, Rule, Translation, Verdict
from ..translation import Options, translate_all
from . import scan
from .agreement import Agreement, agreement
from .placeholders import Placeholders
from .translate import FILTER, reader

SCHEMAS = ("sentinel-asim", "defender-xdr", "windows-events")


@dataclass(frozen=True, slots=True)
class Verified:
    """Translations of a folder's Sigma rules, in order, with their rules; and what could not be read."""

    rules: tuple[Rule, ...]
    translations: tuple[Translation, ...]
    failures: tuple[Failure, ...]
    real: Agreement | None = None
    """What the same rules and translations found in logs; None when none were given."""

    @property
    def verdicts(self) -> Counter[str]:
        """How many translations ended in which verdict; `refused` when none was written."""
        return Counter(str(found.verdict) if found.text else "refused" for found in self.translations)

    @property
    def proven(self) -> bool:
        """Everything that was written is equal."""
        return all(found.verdict is Verdict.EQUAL for found in self.translations if found.text)

    @property
    def alike(self) -> bool:
        """In the logs that were given, if any, rules and translations alert on the same records."""
        return self.real is None or self.real.alike


def verify(
    paths: str | Path | Iterable[str | Path | Rule],
    schemas: Sequence[str] = SCHEMAS,
    options: Options | None = None,
    progress: Callable[[int, int], None] | None = None,
    placeholders: Placeholders | None = None,
    logs: Sequence[str | Path] = (),
    reading: Callable[[str, int], None] | None = None,
) -> Verified:
    """Every Sigma rule of `paths` translated into each schema and proven by execution; `progress` gets (done, all).

    With `logs`, rules and translations run over these as well (see `agreement`), and `reading` gets the log and the records
    so far. Raises SourceError when a path does not exist, LogError for one of `logs`.
    """
    loaded, failures = scan.load(paths)
    pairs, broken = _queries([rule for rule in loaded if rule.language == "sigma"], placeholders)
    total = len(pairs) * len(schemas)
    found: list[Translation] = []
    for translation in translate_all(pairs, "kusto", tuple(schemas), options or Options()):
        found.append(translation)
        if progress:
            progress(len(found), total)
    real = agreement(logs, pairs, found, reading, options=options or Options()) if logs and pairs else None
    return Verified(tuple(rule for rule, _ in pairs), tuple(found), (*failures, *broken), real)


def store(
    catalogue: Catalogue,
    schemas: Sequence[str] = SCHEMAS,
    options: Options | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Translation]:
    """Translations of every Sigma rule of a catalogue, proven and stored there; given in the order of its rules."""
    keys: list[str] = []
    pairs: list[tuple[Rule, Query]] = []
    for key, rule in catalogue.rules():
        query = catalogue.query(key) if rule.language == "sigma" else None
        if query is not None:
            keys.append(key)
            pairs.append((rule, query))
    kept: list[tuple[str, Translation]] = []
    for number, translation in enumerate(translate_all(pairs, "kusto", tuple(schemas), options or Options())):
        kept.append((keys[number // len(schemas)], translation))
        if progress:
            progress(number + 1, len(pairs) * len(schemas))
        yield translation
    catalogue.store_translations(kept)


def verify_catalogue(
    catalogue: Catalogue,
    schemas: Sequence[str] = SCHEMAS,
    options: Options | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Verified:
    """What `store` gives, with the rules it is about."""
    found = tuple(store(catalogue, schemas, options, progress))
    rules = tuple(
        rule for key, rule in catalogue.rules() if rule.language == "sigma" and catalogue.query(key) is not None
    )
    return Verified(rules, found, ())


def _queries(
    rules: Sequence[Rule], placeholders: Placeholders | None = None
) -> tuple[list[tuple[Rule, Query]], list[Failure]]:
    given = [rule for rule in rules if rule.kind != FILTER]
    parse = reader(rules, placeholders)
    pairs: list[tuple[Rule, Query]] = []
    broken: list[Failure] = []
    for rule in given:
        try:
            pairs.append((rule, parse(rule)))
        except RuleError as error:
            place = error.place
            broken.append(
                Failure(
                    rule.source,
                    rule.path,
                    error.message,
                    place.line if place else 0,
                    place.column if place else 0,
                    type(error).__name__,
                )
            )
    return pairs, broken
