"""The rule model: frozen types every rule language meets in, and what they mean. No I/O, no language."""

from .facts import EventType as EventType
from .facts import Indicator as Indicator
from .facts import OutputField as OutputField
from .node import MODEL_VERSION as MODEL_VERSION
from .node import Node as Node
from .node import replace as replace
from .normal import normal as normal
from .normal import normal_expr as normal_expr
from .outline import outline as outline
from .outline import outline_expr as outline_expr
from .results import Alert as Alert
from .results import Check as Check
from .results import Diagnostic as Diagnostic
from .results import Loss as Loss
from .results import NotRun as NotRun
from .results import Translation as Translation
from .results import Verdict as Verdict
from .results import Witness as Witness
from .rule import Connector as Connector
from .rule import Entity as Entity
from .rule import Failure as Failure
from .rule import Logsource as Logsource
from .rule import Rule as Rule
from .rule import RuleFile as RuleFile
from .rule import Schedule as Schedule
from .rule import Trigger as Trigger
from .tree import *  # noqa: F403 - the tree's own __all__ lists every node
from .tree import __all__ as _tree
from .walk import bare as bare
from .walk import expressions as expressions
from .walk import inner_queries as inner_queries
from .walk import opaques as opaques
from .walk import queries as queries
from .walk import rewrite as rewrite
from .walk import understood as understood
from .walk import walk as walk

__all__ = [name for name in globals() if not name.startswith("_")] + list(_tree)
