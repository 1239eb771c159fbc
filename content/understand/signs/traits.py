"""What a message says of the body, as names: the learned heads hear these beside its words.

The lists of the lexicon hold together what patients say in many ways and several languages, so a
head that knows "swelling beside lips, not denied" needs fewer examples than one that knows words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

from content.understand.signs.clauses import Clauses
from content.understand.signs.hearing import Told
from content.understand.signs.terms import Hit

MOST_OF_A_CLAUSE = 12
"""So many lists of one clause are paired; a longer one is no sentence anybody wrote."""


def traits(hits: Iterable[Hit], clauses: Clauses, told: Mapping[str, set[Told]]) -> tuple[str, ...]:
    """Return the traits of a message, sorted, each once.

    Args:
        hits: Everything heard in it.
        clauses: How it is told, clause by clause.
        told: How each sign whose patterns are heard is told.

    Returns:
        Names such as `list:swelling`, `denied:pus`, `both:lips|swelling` for two lists in one
        clause, `cue:general` and `sign:mouth_swelling:present`.
    """
    found = {f"sign:{sign}:{how.value}" for sign, each in told.items() for how in each}
    together: dict[int, set[str]] = {}
    for hit in hits:
        if hit.cue:
            found.add(f"cue:{hit.name}")
            continue
        clause = clauses.clause[hit.start]
        denied = hit.start in clauses.denied
        how = "denied" if denied else "gone" if hit.start in clauses.gone else "list"
        found.add(f"{how}:{hit.name}")
        if clause in clauses.eased:
            found.add(f"eased:{hit.name}")
        together.setdefault(clause, set()).add(f"no {hit.name}" if denied else hit.name)
    for names in together.values():
        pairs = combinations(sorted(names)[:MOST_OF_A_CLAUSE], 2)
        found.update(f"both:{one}|{other}" for one, other in pairs)
    return tuple(sorted(found))
