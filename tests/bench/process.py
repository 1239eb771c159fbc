"""Every measurement in a process of its own: a fresh memory, a processor time that is its own.

`call(function, **arguments)` runs a function of a module of this package in a new Python and
returns what it returned, as JSON. Each process has a time limit and ends by itself.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TOKEN = "4242:" + "x" * 35
MOST_SECONDS = 300.0


class BenchError(Exception):
    """A measurement failed; the text holds the last lines that its process said."""


def start(function: Callable[..., Any], **arguments: Any) -> subprocess.Popen[str]:
    """Run a function in a new Python and return its process; stdout ends with its result."""
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.bench.process",
            f"{function.__module__}:{function.__qualname__}",
            json.dumps(arguments),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], *, seconds: float = MOST_SECONDS) -> Any:
    """Return what the function of a process returned.

    Raises:
        BenchError: If it failed or took longer than `seconds`.
    """
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise BenchError(f"{process.args!r} took more than {seconds:g} s") from None
    if process.returncode:
        raise BenchError("\n".join(err.splitlines()[-15:]))
    return json.loads(out.splitlines()[-1])


def call(function: Callable[..., Any], *, seconds: float = MOST_SECONDS, **arguments: Any) -> Any:
    """Run a function in a new Python and return what it returned."""
    return finish(start(function, **arguments), seconds=seconds)


@dataclass(frozen=True, slots=True)
class Loopback:
    """A running `tests.bench.server`."""

    url: str

    def control(self, verb: str, *, patience: float = 120.0, **told: Any) -> Any:
        """Tell the server of the measurement, or ask it for what came in."""
        request = urllib.request.Request(  # noqa: S310  (loopback, and our own server)
            f"{self.url}/control/{verb}", data=json.dumps(told).encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=patience) as answer:  # noqa: S310
            return json.load(answer)


@contextmanager
def loopback() -> Iterator[Loopback]:
    """Run a Bot API of its own until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.server"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        if process.stdout is None:
            raise BenchError("the server has no stdout")
        yield Loopback(f"http://127.0.0.1:{int(process.stdout.readline())}")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def resident_mb(pid: int | None = None) -> float:
    """Return the resident memory of a process in MB; of this one if none is named."""
    status = Path(f"/proc/{pid or os.getpid()}/status").read_text(encoding="ascii")
    kilobytes = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(kilobytes.split()[1]) / 1024


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has used, all threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Run the function that the command line names and print its result as the last line."""
    logging.disable(logging.CRITICAL)  # APScheduler says each dropped job, ten thousand times
    name, arguments = sys.argv[1:]
    module, _, function = name.partition(":")
    result = getattr(import_module(module), function)(**json.loads(arguments))
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
