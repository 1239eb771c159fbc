"""The one Jinja environment: sandboxed, strict, escaping, built once.

Templates are edited by clinics, so they run in Jinja's sandbox, and a name they misspell is an
error at `aftercare content check` and not an empty space in front of a patient.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from content.moments import clock_time, day_name, distance, length
from content.telegram_html import tidy

MOST_VERDICTS = 4096


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, in which no operator makes something huge of something small."""

    def make_globals(self, own: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return a template's globals as one dictionary: a chain of two is read for each render."""
        return {**self.globals, **(own or {})}

    intercepted_binops = frozenset({"*", "**", "%"})

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
        numbers = all(isinstance(value, int | float) for value in (left, right))
        if operator == "**" or not numbers:
            raise SecurityError(f"{operator!r} is for two numbers, and '**' for nothing")
        return super().call_binop(context, operator, left, right)


def build_environment(folders: Sequence[Path]) -> ImmutableSandboxedEnvironment:
    """Return the environment over these folders; an earlier folder hides a later one."""
    environment = _Sandbox(
        loader=FileSystemLoader(folders),
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
