"""The catalogue of rules: one SQLite file, everything a page or a count asks of it, and all SQL there is."""

from .catalogue import FACETS as FACETS
from .catalogue import Catalogue as Catalogue
from .entry import Entry as Entry
from .entry import FileEntry as FileEntry
from .entry import digest as digest
from .entry import key_of as key_of
from .entry import slug as slug
from .predicates import Predicate as Predicate
from .predicates import canonical as canonical
from .predicates import value_text as value_text
from .results import Card as Card
from .results import Change as Change
from .results import Count as Count
from .results import Evidence as Evidence
from .results import Facet as Facet
from .results import FacetValue as FacetValue
from .results import FailureRow as FailureRow
from .results import SearchPage as SearchPage
from .results import Seeker as Seeker
from .results import SourceFacts as SourceFacts
from .results import Tally as Tally
from .results import ValueTest as ValueTest
from .writing import Writing as Writing
