"""Wrong, short and odd addresses with their truth: the exam of ``geogrid.addresses``.

Nothing here imports geogrid, and no table is shared with it: sounds come from xpinyin, scripts from
hanziconv, looks
from a list typed by hand. Each case knows which mechanism made it and what the right answer is.
"""

from benchmarks.errors.cases import MECHANISMS, Case, Truth

__all__ = ["MECHANISMS", "Case", "Truth"]
