"""The last second of what left: how many, so that no second is filled over Telegram's limit."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

from scheduler.leaving import when_written

SECONDS = 1.026
"""The window that the allowed number must not fill, a little over Telegram's second: 97.5 % of the
allowed pace, and what is over takes up how differently long requests are on their way."""

CONNECTED_SECONDS = 0.005
"""A request that takes longer to be written had to wait for a connection."""


class Window:
    """Notes when requests left.

    Args:
        most: How many may leave within it.
        time: Seconds on a clock that never jumps.
    """

    def __init__(self, most: int, time: Callable[[], float]) -> None:
        self._time = time
        self._left: deque[float] = deque(maxlen=most)

    @property
    def full(self) -> bool:
        """Whether as many as may leave within it have left, however long ago."""
        return len(self._left) == self._left.maxlen

    def wait(self, now: float) -> float:
        """Return in how many seconds there is room for one more; a past moment is negative."""
        return self._left[0] + SECONDS - now if self.full else 0.0

    def leave(self, now: float) -> None:
        """Count a request that may leave now, and once more when it is written, if that is late."""
        self._left.append(now)
        when_written(partial(self._written, now))

    def _written(self, left: float) -> None:
        """Count a request from when it is written, if it had to wait for a connection."""
        now = self._time()
        if now - left > CONNECTED_SECONDS:
            if left in self._left:
                self._left.remove(left)
            self._left.append(now)
