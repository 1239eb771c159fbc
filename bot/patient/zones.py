"""A typed city to a time zone, by the names that the zone database itself carries."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from content.letters import bare


def find_zone(typed: str, cities: Mapping[str, Any]) -> str | None:
    """Return the zone of a city.

    Args:
        typed: What the patient wrote: a city such as `New York`, or a zone's own name.
        cities: Zone -> the city's name in her language, looked at first.

    Returns:
        The zone's name, or None if nothing is near enough.
    """
    wanted = _plain(typed)
    names = {**_zone_cities(), **{_plain(str(name)): zone for zone, name in cities.items()}}
    names |= {_plain(zone): zone for zone in available_timezones()}
    near = get_close_matches(wanted, names, n=1, cutoff=0.88)
    return names[near[0]] if near else None


@cache
def _zone_cities() -> dict[str, str]:
    return {
        _plain(zone.rsplit("/", 1)[-1]): zone
        for zone in sorted(available_timezones())
        if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/", "SystemV/"))
    }


def _plain(text: str) -> str:
    return bare(text).replace("_", " ").strip(" .!?")
