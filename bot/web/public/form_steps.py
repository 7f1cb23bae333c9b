"""The pages of the form, one after another, without anything that is kept between them.

Each page carries what was typed on the others in hidden fields, so that going on and back loses nothing, and nothing is
stored before it is sent. Whoever posts every field at once sends it at once, and sees one page with all questions where
something is missing.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from bot.core.needs import as_column, of_column
from bot.web.public import form_page
from bot.web.public.uploads import Submission

MESSAGE, YOU, CHECK = "message", "you", "check"
# All questions on one page.
WHOLE = "whole"
SEND, GO_ON, BACK = "send", "continue", "back"
QUESTIONS = MappingProxyType(
    {
        MESSAGE: ("service", "message", "place", "postcode"),
        YOU: ("name", "email", "phone", "prefers", "times", "address", "language", "needs"),
        CHECK: (),
    }
)
_STEPS = tuple(QUESTIONS)
_ANSWERS = tuple(name for names in QUESTIONS.values() for name in names)
_NEEDS = "needs"
FIELDS = ("token", "shown", form_page.TRAP, "step", "go", *_ANSWERS)

Faults = tuple[tuple[str, str], ...]


def values_of(form: Submission) -> dict[str, str]:
    """Return the known fields as text, "" where absent; of boxes that are ticked all count."""
    needs = as_column(of_column(" ".join(form.several(_NEEDS))))
    return {name: form.fields.get(name, "") for name in FIELDS} | {_NEEDS: needs}


def is_final(values: Mapping[str, str]) -> bool:
    """Tell whether it is to be sent: the person says so, or whatever posts the fields knows of no pages."""
    return values["go"] in ("", SEND)


def step_of(values: Mapping[str, str]) -> str:
    """Return the page that was posted."""
    return values["step"] if values["step"] in QUESTIONS else WHOLE


def target(values: Mapping[str, str]) -> str:
    """Return the page that the person asks for: the next one, the one before, or one by its name."""
    place = _STEPS.index(step_of(values)) if step_of(values) in QUESTIONS else 0
    if values["go"] in (*QUESTIONS, WHOLE):
        return values["go"]
    return _STEPS[max(place - 1, 0) if values["go"] == BACK else min(place + 1, len(_STEPS) - 1)]


def faults_at(step: str, faults: Faults) -> Faults:
    """Return those of the questions of one page."""
    return tuple(fault for fault in faults if fault[0] in QUESTIONS.get(step, _ANSWERS))


def first_with(faults: Faults, values: Mapping[str, str]) -> str:
    """Return the page on which the first of these faults is put right."""
    if step_of(values) == WHOLE:
        return WHOLE
    return next((step for step in _STEPS if faults_at(step, faults)), CHECK)


def others(step: str) -> Iterable[str]:
    """Return the questions that are not on this page, whose answers it carries along."""
    return () if step == WHOLE else (name for name in _ANSWERS if name not in QUESTIONS[step])
