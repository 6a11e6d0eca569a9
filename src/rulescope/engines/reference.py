"""The reference evaluator, the judge of meaning: what a predicate or a simple query says of events, in plain Python.

`holds(expr, event)` and `compile_predicate(expr)` answer for one event; `run(query, events)` gives rows. How values compare
stands in `reference_predicates`, how correlations count in `reference_rows`; `tests/engines/meaning.py` is the table of cases.
"""

from .reference_predicates import Predicate as Predicate
from .reference_predicates import compile_predicate as compile_predicate
from .reference_predicates import compile_value as compile_value
from .reference_predicates import elements as elements
from .reference_predicates import everything as everything
from .reference_predicates import holds as holds
from .reference_predicates import look_up as look_up
from .reference_predicates import number_of as number_of
from .reference_predicates import text_of as text_of
from .reference_predicates import wildcard_parts as wildcard_parts
from .reference_rows import event_time as event_time
from .reference_rows import run as run
