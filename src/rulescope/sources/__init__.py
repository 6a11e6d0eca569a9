"""Sources: a folder, an archive or a git repository at a commit, read into RuleFiles."""

from .git import sync as sync
from .known import Source as Source
from .known import known as known
from .known import pack_root as pack_root
from .known import source_of as source_of
from .reading import MOST_BYTES as MOST_BYTES
from .reading import base_of as base_of
from .reading import listed as listed
from .reading import read as read
from .reading import read_one as read_one
