"""The one Jinja environment: sandboxed, strict, escaping, built once.

Templates are edited by clinics, so they run in Jinja's sandbox, and a name they misspell is an
error at `aftercare content check` and not an empty space in front of a patient. What lies in the
clinics' own folder is looked through before it is compiled, and measured while it is rendered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateNotFound,
)
from jinja2.exceptions import SecurityError
from jinja2.loaders import split_template_path
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from content.folder import MOST_BYTES, OwnFolder
from content.limits import refuse_more
from content.moments import clock_time, day_name, distance, length
from content.tables import ContentError
from content.telegram_html import MAX_UNITS, tidy, units

MOST_VERDICTS = 4096

MOST_NUMBER = 10**12
"""The largest number that is reckoned with; an instant in seconds is 1,800 million."""

MOST_RENDERED = 4 * MAX_UNITS
"""How many characters a clinic's own text may be made of, tags and gaps among them."""


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, in which operators are for numbers and no number grows without end."""

    def make_globals(self, own: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return a template's globals as one dictionary: a chain of two is read for each render."""
        return {**self.globals, **(own or {})}

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._verdicts: dict[tuple[type, str], bool] = {}

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Ask the sandbox once for each attribute of each type, by which alone it judges.

        A text names fifteen attributes, and a dozen `isinstance` each were a fourth of its time.
        """
        verdict = self._verdicts.get((type(obj), attr))
        if verdict is None:
            if len(self._verdicts) >= MOST_VERDICTS:  # names may be made up while rendering
                self._verdicts.clear()
            verdict = super().is_safe_attribute(obj, attr, value)
            self._verdicts[type(obj), attr] = verdict
        return verdict

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        numbers = all(
            isinstance(value, int | float) and abs(value) <= MOST_NUMBER for value in (left, right)
        )
        if operator == "**" or not numbers:
            raise SecurityError(f"{operator!r} is for two numbers, and '**' for nothing")
        return super().call_binop(context, operator, left, right)


class _OwnWords(BaseLoader):
    """Reads templates of the clinics' own folder, and only those that a clinic's words need.

    Each is read once, whether it is taken or refused: a refused one costs its readers no time.
    """

    def __init__(self, folder: OwnFolder, library: FileSystemLoader) -> None:
        self._folder, self._library = folder, library
        self._refused: dict[str, str] = {}

    @cached_property
    def _trusted(self) -> frozenset[str]:
        return frozenset(self._library.list_templates())

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        said = self._folder.read(split_template_path(template))
        if said is None:
            raise TemplateNotFound(template)
        if len(said) > MOST_BYTES:
            raise ContentError(f"{template}: is over {MOST_BYTES} bytes long; expected a text")
        try:
            source = said.decode()
        except UnicodeDecodeError:
            raise ContentError(f"{template}: is no text; expected UTF-8") from None
        refuse_more(environment.parse(source, template), template, self._trusted)
        return source, template, None

    def load(
        self,
        environment: Environment,
        name: str,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002  (named so by Jinja)
    ) -> Template:
        if name in self._refused:
            raise ContentError(self._refused[name])
        try:
            return super().load(environment, name, globals)
        except ContentError as error:
            self._refused[name] = str(error)
            raise
        except (MemoryError, RecursionError, SyntaxError):
            self._refused[name] = (
                f"{name}: is too deeply nested; expected text, {{{{ }}}} and {{% if %}}"
            )
            raise ContentError(self._refused[name]) from None


def build_environment(
    folders: Sequence[Path], own: OwnFolder | None = None
) -> ImmutableSandboxedEnvironment:
    """Return the environment over these folders; an earlier folder hides a later one.

    Args:
        folders: Folders whose templates are trusted.
        own: The clinics' own folder, which all of those hide.
    """
    trusted = FileSystemLoader(folders)
    environment = _Sandbox(
        loader=ChoiceLoader([trusted, _OwnWords(own, trusted)]) if own else trusted,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    environment.filters.update(
        clock_time=lambda moment, language: clock_time(moment.at, language),
        day_name=day_name,
        distance=distance,
        duration=length,
    )
    return environment


def render(
    environment: ImmutableSandboxedEnvironment, names: Sequence[str], context: Mapping[str, Any]
) -> str:
    """Render the first template that exists.

    Args:
        environment: The environment of `build_environment`.
        names: Template names, the most special first.
        context: What the template may name.

    Returns:
        Tidy Telegram HTML.

    Raises:
        jinja2.TemplateError: If none exists, or the template fails.
    """
    return tidy(environment.select_template(list(names)).render(context))


def render_own(
    environment: ImmutableSandboxedEnvironment, name: str, context: Mapping[str, Any]
) -> str:
    """Render a template of a clinic's own as `render` does, and stop where Telegram would.

    Raises:
        jinja2.TemplateError: If it fails.
        ContentError: If it becomes longer than a message can be, or needs too much memory.
    """
    try:
        said = tidy("".join(_measured(environment.get_template(name).generate(context), name)))
    except MemoryError:
        raise ContentError(f"{name}: needs too much memory; expected a text") from None
    if (long := units(said)) > MAX_UNITS:
        raise ContentError(f"{name}: it is {long} units long, Telegram takes {MAX_UNITS}")
    return said


def _measured(pieces: Iterable[str], name: str) -> Iterator[str]:
    """Pass the pieces of a text on; raises `ContentError` once they are too much for one."""
    length = 0
    for piece in pieces:
        length += len(piece)
        if length > MOST_RENDERED:
            raise ContentError(f"{name}: it is too long, Telegram takes {MAX_UNITS} units")
        yield piece
