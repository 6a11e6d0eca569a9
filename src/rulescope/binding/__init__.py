"""Typed columns of a model query, and the one function table. Knows no language: it reads only the model."""

from . import functions as functions
from .columns import named_columns as named_columns
from .functions import Function as Function
from .functions import lookup as lookup
from .naming import result_name as result_name
from .query import Bound as Bound
from .query import bind as bind
from .query import query_row as query_row
from .query import query_scope as query_scope
from .query import step_row as step_row
from .rows import UNKNOWN_ROW as UNKNOWN_ROW
from .rows import NamedColumn as NamedColumn
from .rows import RowType as RowType
from .rows import Scope as Scope
from .rows import Tables as Tables
from .types import arithmetic as arithmetic
from .types import common as common
from .types import type_of as type_of
