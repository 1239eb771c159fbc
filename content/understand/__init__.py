"""A patient's words to an `Understanding`: warning signs by rule first, then topics."""

from content.understand.knowledge import (
    Knowledge,
    build_knowledge,
    load_knowledge,
    model_problem,
)
from content.understand.result import Asks, Finding, Route, Understanding
from content.understand.triage import understand

__all__ = [
    "Asks",
    "Finding",
    "Knowledge",
    "Route",
    "Understanding",
    "build_knowledge",
    "load_knowledge",
    "model_problem",
    "understand",
]
