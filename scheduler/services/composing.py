"""The words of a patient's reminders: several steps become one text, each distinct one said once.

At nine in the morning very many patients have the same step due, and many of them were treated in
the same minute. Within one tick `now` is the same for all, so what is the same in everything that
a template can see is rendered once: a text costs 0.15 ms, finding it again a hundredth of that.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import datetime

from content.catalog import Catalog
from content.model import ClinicVoice
from content.view import view
from scheduler.model import Clinic, Patient, Reminder, Treatment
from scheduler.services import care


class Composer:
    """Composes the reminders of one instant.

    Args:
        catalog: The words.
        now: The instant for which they are true; a later one needs another composer.
    """

    def __init__(self, catalog: Catalog, now: datetime) -> None:
        self.catalog, self.now = catalog, now
        self._texts: dict[Hashable, str] = {}
        self._voices: dict[tuple[int, str], ClinicVoice] = {}

    def text(
        self,
        clinic: Clinic,
        patient: Patient,
        treatments: Sequence[Treatment],
        rows: Sequence[Reminder],
    ) -> str:
        """Return the text of a message of several reminders, as it stands for this patient now."""
        shown = [row for row in rows if row.shown]
        key = _seen(clinic, patient, treatments, shown)
        if key not in self._texts:
            self._texts[key] = self._rendered(clinic, patient, treatments, shown)
        return self._texts[key]

    def _rendered(
        self,
        clinic: Clinic,
        patient: Patient,
        treatments: Sequence[Treatment],
        shown: Sequence[Reminder],
    ) -> str:
        procedures = {treatment.id: treatment.procedure for treatment in treatments}
        standing = care.standing(self.catalog, clinic, patient, treatments, self.now)
        context = view(standing, self._voice(clinic, patient.language))
        return "\n\n".join(
            self.catalog.step(
                procedures[row.treatment_id],
                patient.language,
                row.step,
                context,
                clinic=clinic.slug,
            )
            for row in shown
        )

    def _voice(self, clinic: Clinic, language: str) -> ClinicVoice:
        key = (clinic.id, language)
        if key not in self._voices:
            self._voices[key] = care.voice(clinic, self.now, language)
        return self._voices[key]


def _seen(
    clinic: Clinic, patient: Patient, treatments: Sequence[Treatment], shown: Sequence[Reminder]
) -> Hashable:
    """Return all that a template can see of a patient: two with the same are told the same."""
    places = [treatment.id for treatment in treatments]
    return (
        clinic.id,
        patient.language,
        patient.timezone,
        tuple(
            (treatment.procedure, treatment.treated_at, tuple(sorted(treatment.waits.items())))
            for treatment in treatments
        ),
        tuple((places.index(row.treatment_id), row.step) for row in shown),
    )
