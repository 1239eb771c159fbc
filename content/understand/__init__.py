"""A patient's words to an `Understanding`: warning signs by rule first, then topics."""

from content.understand.result import Asks, Finding, Route, Understanding

__all__ = ["Asks", "Finding", "Route", "Understanding"]
