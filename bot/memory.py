"""What is loaded once and never freed is kept out of the garbage collector's way.

The library, the knowledge and the modules are 170,000 objects. A full collection looks at each of
them and stops everything for 50 ms and more: the longest freeze that a patient could meet.
"""

from __future__ import annotations

import gc

LOOKED_AT_AFTER = 10_000, 20, 50
"""Objects made before the youngest are looked at, and how often that is done before the elder."""


def keep_what_is_loaded() -> None:
    """Let no later collection look at what is in memory now; call it once all is loaded.

    Without it the collector was a seventh of what an answer costs. What is made later is looked at
    less often than by Python's own measure, after 700 objects: an answer makes as many.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*LOOKED_AT_AFTER)
