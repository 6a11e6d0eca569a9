"""Enrichment: facts of a rule as sentences a person can use; deterministic, each sentence tied to the part it comes from."""

from .confidence import Confidence as Confidence
from .confidence import confidence as confidence
from .facts import Counted as Counted
from .facts import Facts as Facts
from .facts import Sentence as Sentence
from .gaps import gaps as gaps
from .guidance import guidance as guidance
from .hypothesis import hypothesis as hypothesis
from .parts import Part as Part
from .parts import parts as parts
