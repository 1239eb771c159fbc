"""A thread that owns a connection and does what waits for it, many changes in one transaction.

Changes that share a transaction have a savepoint each, so that a hundred share one wait for the
disk and the failure of one undoes no other. Nobody is told before that wait is over, and an event
loop is woken once for everything that ended together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlite_utils import Database

P = ParamSpec("P")
T = TypeVar("T")

TOGETHER = 256
"""The most changes in one transaction."""


class Worker:
    """The thread and its connection.

    Args:
        opened: Opens the connection, on the thread; what it raises is raised here.
        begin: The statement that begins a transaction.
        writes: Whether there is something to undo when a change fails.
    """

    def __init__(self, opened: Callable[[], Database], begin: str, *, writes: bool = True) -> None:
        self._begin = begin
        self._do = _one if writes else _look
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._queue: SimpleQueue[_Change] = SimpleQueue()
        self._calling = Lock()
        self._called = False
        self._calling_soon: asyncio.AbstractEventLoop | None = None
        try:
            self._db = self._thread.submit(opened).result()
        except BaseException:
            self._thread.shutdown()
            raise

    async def do(
        self, work: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(db, …)` as one change and return what it returned, once it is committed."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._queue.put(_Change(work, args, kwargs, done, loop))
        if self._calling_soon is not loop:  # what a loop wants in one round of its own is one call
            self._calling_soon = loop
            loop.call_soon(self._call_soon)
        return await done

    def do_and_wait(
        self, work: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do the same for callers that have no event loop."""
        done: Future[T] = Future()
        self._queue.put(_Change(work, args, kwargs, done, None))
        self._call()
        return done.result()

    def alone(
        self, work: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(db, …)` outside any transaction, between two of them, and wait for it."""
        return self._thread.submit(work, self._db, *args, **kwargs).result()

    def close(self) -> None:
        """Finish what is queued and close the connection."""
        self._thread.submit(self._db.close).result()
        self._thread.shutdown()

    def _call_soon(self) -> None:
        self._calling_soon = None
        self._call()

    def _call(self) -> None:
        """Have the thread look at its queue, unless it is about to."""
        with self._calling:
            if self._called:
                return
            self._called = True
        self._thread.submit(self._round)

    def _round(self) -> None:
        with self._calling:
            self._called = False
        _settle(self._db, self._begin, self._queue, self._do)
        if not self._queue.empty():
            self._call()


@dataclass(eq=False, slots=True)
class _Change:
    """Work that waits for the writer thread, and where its result goes.

    Attributes:
        work: What is called, with the database first.
        args: What else it is given.
        kwargs: The same by name.
        done: Where the result goes.
        loop: The event loop in which it is awaited; None for a caller that has none.
    """

    work: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    done: asyncio.Future[Any] | Future[Any]
    loop: asyncio.AbstractEventLoop | None

    def wanted(self) -> bool:
        """Whether somebody still waits for it."""
        return not self.done.cancelled()

    def tell(self, result: Any, failed: BaseException | None) -> None:
        """Say how it ended; called where it is awaited."""
        if self.done.done():
            return
        if failed is not None:
            self.done.set_exception(failed)
        else:
            self.done.set_result(result)


_Ended = tuple[_Change, Any, BaseException | None]


def _settle(
    db: Database,
    begin: str,
    queue: SimpleQueue[_Change],
    do: Callable[[Database, _Change], _Ended],
) -> None:
    """Do what waits in one transaction; report only after it is on the disk."""
    changes = _waiting(queue)
    if not changes:
        return
    ended: list[_Ended] = []
    try:
        db.conn.execute(begin)
        if len(changes) == 1:  # no savepoint: it would copy each page written, to undo it alone
            (alone,) = changes
            ended.append((alone, alone.work(db, *alone.args, **alone.kwargs), None))
        else:
            ended.extend(do(db, change) for change in changes)
        db.conn.commit()
    except BaseException as error:  # noqa: BLE001  (whoever waits has to hear of it)
        if db.conn.in_transaction:
            db.conn.rollback()
        ended = [(change, None, error) for change in changes]
    _report(ended)


def _waiting(queue: SimpleQueue[_Change]) -> list[_Change]:
    changes: list[_Change] = []
    while len(changes) < TOGETHER:
        try:
            change = queue.get_nowait()
        except Empty:
            break
        if change.wanted():
            changes.append(change)
    return changes


def _one(db: Database, change: _Change) -> _Ended:
    """Do one change in a savepoint, so that its failure undoes nobody else's."""
    db.conn.execute("SAVEPOINT change")
    try:
        result = change.work(db, *change.args, **change.kwargs)
    except BaseException as error:
        if not db.conn.in_transaction:  # a full disk makes SQLite undo the whole of it
            raise
        db.conn.execute("ROLLBACK TO change")
        db.conn.execute("RELEASE change")
        return change, None, error
    db.conn.execute("RELEASE change")
    return change, result, None


def _look(db: Database, change: _Change) -> _Ended:
    """Do one change that only reads."""
    try:
        return change, change.work(db, *change.args, **change.kwargs), None
    except BaseException as error:  # noqa: BLE001  (whoever waits has to hear of it)
        return change, None, error


def _report(ended: Sequence[_Ended]) -> None:
    """Tell everybody how it ended, and wake an event loop once for all of its own."""
    loops: dict[asyncio.AbstractEventLoop, list[_Ended]] = {}
    for one in ended:
        change, result, failed = one
        if change.loop is None:
            change.tell(result, failed)
        else:
            loops.setdefault(change.loop, []).append(one)
    for loop, ones in loops.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_tell, ones)


def _tell(ended: Sequence[_Ended]) -> None:
    for change, result, failed in ended:
        change.tell(result, failed)
