"""Rules in other languages, with proof: map, write, read back, bind, run both sides on the same events."""

from .options import Options as Options
from .translate import carries as carries
from .translate import nearest as nearest
from .translate import translate as translate
from .translate import translate_all as translate_all
