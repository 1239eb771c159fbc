"""What a clinic's own template may hold: what chooses and fills in, and nothing that multiplies.

One process answers the patients of every clinic. A template that makes much of little, or takes
long, would keep all of them waiting, so a file of the clinics' own is looked through before it is
compiled. What is allowed is listed, so that what Jinja may learn one day is refused until then.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from jinja2 import nodes

from content.tables import ContentError

MOST_WORK = 2000
"""The most that a template may cost, in pieces; those in a loop count once for each round."""

MOST_DEPTH = 40
"""How deep pieces may lie within each other; in the library they lie 9 deep."""

ROUNDS = 50
"""The longest list that a loop is given in a template, and what any other is taken for."""

MOST_DIGITS = 9

_PLAIN = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr,
    nodes.Getitem, nodes.Slice, nodes.If, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And,
    nodes.Or, nodes.Not, nodes.Neg, nodes.Pos, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div,
    nodes.FloorDiv, nodes.Mod, nodes.Concat, nodes.Filter, nodes.Test, nodes.Call, nodes.Keyword,
    nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.For, nodes.Assign, nodes.FromImport,
    nodes.Import, nodes.Include,
)  # fmt: skip

_MADE = (nodes.Call, nodes.Concat, nodes.Dict, nodes.Filter, nodes.List, nodes.Tuple)
"""What makes a new value of others, perhaps a longer one."""

_COSTS = {nodes.Call: 5, nodes.Filter: 20, nodes.FromImport: 5, nodes.Include: 20}
"""What costs more than one piece; a filter may walk through a long text."""

_WITH_MORE = frozenset({"clock_time", "d", "day_name", "default", "distance", "duration"})
_FILTERS = _WITH_MORE | {
    "abs", "capitalize", "count", "e", "escape", "first", "float", "int", "last", "length",
    "lower", "max", "min", "round", "trim", "upper",
}  # fmt: skip
_MAKERS = frozenset({"cycler", "dict", "joiner", "lipsum", "namespace", "range", "self"})
_SAID_AS = {
    nodes.AssignBlock: "{% set %} … {% endset %}",
    nodes.Block: "{% block %}",
    nodes.CallBlock: "{% call %}",
    nodes.Extends: "{% extends %}",
    nodes.FilterBlock: "{% filter %}",
    nodes.Macro: "{% macro %}",
    nodes.NSRef: "{% set %} of a part of something",
    nodes.Pow: "'**'",
    nodes.Scope: "{% autoescape %}",
    nodes.With: "{% with %}",
}


def refuse_more(tree: nodes.Template, file: str, library: Collection[str]) -> None:
    """Look through a clinic's own template before it is compiled.

    Args:
        tree: What Jinja read.
        file: Its name, for what is said about it.
        library: The names of the library's files, from which alone it may take in.

    Raises:
        ContentError: For the first thing that it may not hold; names file and line.
    """
    _Look(file, library).through(tree)


@dataclass
class _Look:
    file: str
    library: Collection[str]
    work: int = 0
    macros: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)

    def through(self, tree: nodes.Template) -> None:
        setting: list[nodes.Assign | nodes.For] = [*tree.find_all(nodes.Assign)]
        setting += tree.find_all(nodes.For)
        for taken in tree.find_all(nodes.FromImport):
            self.macros |= {name if isinstance(name, str) else name[1] for name in taken.names}
        self.modules = {module.target for module in tree.find_all(nodes.Import)}
        for part in setting:
            names = _names(part.target)
            self.own |= names
            if taken_over := names & (self.macros | self.modules):
                self.refuse(part, f"{min(taken_over)} is a name of the library", "another name")
        self.look(tree, depth=0, rounds=1)

    def look(self, node: nodes.Node, *, depth: int, rounds: int) -> None:
        """Look at a piece and at what it holds; `rounds` says how often it comes, 1 in no loop."""
        self.measure(node, depth=depth, rounds=rounds)
        loops = rounds > 1
        match node:
            case nodes.For():
                self.loop(node, loops=loops)
            case nodes.Assign():
                self.setting(node, loops=loops)
            case nodes.Add() | nodes.Concat() if loops and _names(node):
                self.refuse(node, "names are put together in a loop", "{{ }} for each")
            case nodes.Name() if node.name in _MAKERS:
                self.refuse(
                    node, f"{node.name} is not for a clinic's words", "a name that texts know"
                )
            case nodes.Call():
                self.call(node)
            case nodes.Filter():
                self.filter(node)
            case nodes.FromImport() | nodes.Import() | nodes.Include():
                self.taking(node)
        if isinstance(node, nodes.For):
            rounds = _rounds(node)
        for child in node.iter_child_nodes():
            self.look(child, depth=depth + 1, rounds=rounds)

    def measure(self, node: nodes.Node, *, depth: int, rounds: int) -> None:
        self.work += rounds * _COSTS.get(type(node), 1)
        if self.work > MOST_WORK or depth > MOST_DEPTH:
            self.refuse(node, "there is too much in this file", "a text for Telegram")
        if not isinstance(node, _PLAIN):
            what = _SAID_AS.get(type(node), f"{type(node).__name__.lower()!r}")
            self.refuse(node, f"{what} is not for a clinic's words", "text, {{ }} and {% if %}")

    def loop(self, node: nodes.For, *, loops: bool) -> None:
        if loops:
            self.refuse(
                node, "a {% for %} in a {% for %} is not for a clinic's words", "one of them"
            )
        if node.recursive:
            self.refuse(node, "a loop may not call itself", "a plain {% for %}")
        named = isinstance(node.iter, nodes.Name | nodes.Getattr)
        if named and not _names(node.iter) & self.own:
            return
        if isinstance(node.iter, nodes.List | nodes.Tuple) and len(node.iter.items) <= ROUNDS:
            return
        self.refuse(
            node, "a {% for %} goes over something made here", f"a list of at most {ROUNDS}"
        )

    def setting(self, node: nodes.Assign, *, loops: bool) -> None:
        if loops:
            self.refuse(node, "a {% set %} in a {% for %} is not for a clinic's words", "it before")
        made = isinstance(node.node, _MADE) or any(node.node.find_all(_MADE))
        if made and _names(node.node) & self.own:
            self.refuse(node, "a {% set %} is made of another {% set %}", "{{ }} for each")

    def call(self, node: nodes.Call) -> None:
        match node.node:
            case nodes.Name(name=name) if name in self.macros:
                known = True
            case nodes.Getattr(node=nodes.Name(name=name)) if name in self.modules:
                known = True
            case _:
                known = False
        if not known or node.dyn_args is not None or node.dyn_kwargs is not None:
            self.refuse(node, "this may not be called", "what was imported from the library")

    def filter(self, node: nodes.Filter) -> None:
        if node.name not in _FILTERS:
            listed = ", ".join(sorted(_FILTERS))
            self.refuse(node, f"|{node.name} is not for a clinic's words", f"one of {listed}")
        more = [*node.args, *node.kwargs, *filter(None, (node.dyn_args, node.dyn_kwargs))]
        if node.name == "round" and all(map(_few_digits, more)):
            return
        if more and node.name not in _WITH_MORE:
            self.refuse(node, f"|{node.name} is given too much", f"|{node.name} alone")

    def taking(self, node: nodes.FromImport | nodes.Import | nodes.Include) -> None:
        named = node.template
        if not isinstance(named, nodes.Const) or named.value not in self.library:
            self.refuse(node, "it takes in what is not in the library", "the library's own files")

    def refuse(self, node: nodes.Node, what: str, expected: str) -> None:
        lines = (part.lineno for part in (node, *node.find_all(nodes.Node)))
        line = next(filter(None, lines), 1)
        raise ContentError(f"{self.file}:{line}: {what}; expected {expected}")


def _names(node: nodes.Node) -> set[str]:
    found = {part.name for part in node.find_all(nodes.Name)}
    return found | {node.name} if isinstance(node, nodes.Name) else found


def _rounds(node: nodes.For) -> int:
    """Return how often a loop goes round at most, two or more."""
    if isinstance(node.iter, nodes.List | nodes.Tuple):
        return max(len(node.iter.items), 2)
    return ROUNDS


def _few_digits(more: nodes.Node) -> bool:
    return isinstance(more, nodes.Const) and more.value in range(MOST_DIGITS + 1)
