"""The picture of a report, drawn in a process of its own.

Matplotlib needs about 80 MB for a second or two; the bot that runs for months must not keep them.
Run as a program it reads what `scheduler.services.report.as_chart` made as JSON and writes a PNG.
"""

from __future__ import annotations

import asyncio
import io
import json
import sys
from collections.abc import Mapping
from typing import Any

LONGEST_SECONDS = 60.0
_INK, _BAR, _QUIET = "#22313f", "#2a7f86", "#8a97a3"


class ChartError(Exception):
    """The picture could not be drawn."""


async def draw(chart: Mapping[str, Any]) -> bytes:
    """Return the PNG of a chart; raises `ChartError` if the process fails or takes too long."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            png, _ = await process.communicate(json.dumps(chart).encode())
    except TimeoutError:
        raise ChartError("the picture took too long") from None
    finally:
        if process.returncode is None:  # it took too long, or the bot is being stopped
            process.kill()
            await process.wait()
    if process.returncode != 0 or not png:
        raise ChartError("the picture could not be drawn")
    return png


def render(chart: Mapping[str, Any]) -> bytes:
    """Return the PNG; needs Matplotlib, so only the process of its own calls it."""
    from matplotlib.figure import Figure  # noqa: PLC0415  (the reason for the other process)
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    figure = Figure(figsize=(10, 8), dpi=110, layout="constrained", facecolor="white")
    figure.suptitle(chart["title"], fontsize=15, color=_INK, fontweight="bold")
    for axes, panel in zip(figure.subplots(2, 2).flat, chart["panels"], strict=True):
        labels, values = panel["labels"], panel["values"]
        axes.set_title(panel["title"], fontsize=12, color=_INK, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(colors=_INK, labelsize=9)
        if not any(values):
            axes.text(0.5, 0.5, chart["nothing"], ha="center", va="center", color=_QUIET,
                      transform=axes.transAxes)  # fmt: skip
            axes.set_xticks([])
            axes.set_yticks([])
            continue
        places = range(len(values))
        if panel["across"]:
            bars = axes.barh(places, values, color=_BAR)
            axes.set_yticks(places, labels)
            axes.invert_yaxis()
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        else:
            bars = axes.bar(places, values, color=_BAR)
            shown = places[:: max(1, len(places) // 8)]
            axes.set_xticks(shown, [labels[place] for place in shown])
            axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        if len(values) <= 14:  # noqa: PLR2004  (more numbers than that run into each other)
            axes.bar_label(bars, padding=2, fontsize=9, color=_INK)
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


if __name__ == "__main__":
    sys.stdout.buffer.write(render(json.load(sys.stdin)))
