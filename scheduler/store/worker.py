"""A thread that owns a connection and does what waits for it, many changes in one transaction.

Each change has a savepoint of its own, so that a hundred share one wait for the disk and the
failure of one undoes no other. Nobody is told before that wait is over, and an event loop is woken
once for everything that ended together.
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
    """

    def __init__(self, opened: Callable[[], Database], begin: str) -> None:
        self._begin = begin
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._queue: SimpleQueue[_Change] = SimpleQueue()
        self._calling = Lock()
        self._called = False
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
        self._add(_Change(work, args, kwargs, done, loop))
        return await done

    def do_and_wait(
        self, work: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do the same for callers that have no event loop."""
        done: Future[T] = Future()
        self._add(_Change(work, args, kwargs, done, None))
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

    def _add(self, change: _Change) -> None:
        self._queue.put(change)
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
        _settle(self._db, self._begin, self._queue)
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


def _settle(db: Database, begin: str, queue: SimpleQueue[_Change]) -> None:
    """Do what waits in one transaction; report only after it is on the disk."""
    changes = _waiting(queue)
    if not changes:
        return
    ended: list[_Ended] = []
    try:
        db.conn.execute(begin)
        ended.extend(_one(db, change) for change in changes)
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
