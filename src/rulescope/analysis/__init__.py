"""What a query says, the same for all languages: pure functions from the model to facts."""

from .faults import faults as faults
from .indicators import exclusions as exclusions
from .indicators import indicators as indicators
from .indicators import plain as plain
from .outputs import output_fields as output_fields
from .places import Placed as Placed
from .places import placed as placed
from .stages import Stage as Stage
from .stages import Tree as Tree
from .stages import canonical as canonical
from .stages import predicates as predicates
from .stages import stages as stages
from .subjects import shown as shown
from .subjects import subject as subject
from .windows import Grouping as Grouping
from .windows import Threshold as Threshold
from .windows import TimeWindow as TimeWindow
from .windows import asks_nothing as asks_nothing
from .windows import first_or_last as first_or_last
from .windows import group_by as group_by
from .windows import group_bys as group_bys
from .windows import groupings as groupings
from .windows import thresholds as thresholds
from .windows import time_windows as time_windows
from .windows import whole_row as whole_row
