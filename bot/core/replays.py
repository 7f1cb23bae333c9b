"""Replays the events of one contact up to a cut-off into its spells: dates and states follow from the events alone.

Events count in the order in which they were recorded, at the instants at which they happened: an answer that was
recorded later counts from when it was given. What is computed by a calendar (a date after a pause, an extension) stands
in the event that changed it, so that a calendar or a standard of today changes nothing that was.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bot.core import receipt_replays
from bot.core.contacts import State
from bot.core.events import EventKind
from bot.core.receipt_replays import ReceiptStand
from bot.core.runs import Pauses, Run
from bot.core.spell_steps import BEFORE, STEPS, History
from bot.core.spells import Ending, Happening, Origin, Spell, microseconds

RECEIPT_KINDS = receipt_replays.KINDS
KINDS = frozenset({*STEPS, *RECEIPT_KINDS, EventKind.LOGGED, EventKind.SPLIT, EventKind.ASSIGNED})
# What these say beside their kind and their instant counts for nothing.
WITHOUT_DETAILS = frozenset(
    {
        *(EventKind.LOGGED, EventKind.SPLIT, EventKind.WINDOW_MISSED),
        *(EventKind.ACKNOWLEDGEMENT_SENT, EventKind.ACKNOWLEDGEMENT_REFUSED, EventKind.ACKNOWLEDGEMENT_FAILED),
        EventKind.FEEDBACK_SENT,
    }
)
# What may change whether an answer is owed, and what acknowledges.
_TURNS = frozenset({EventKind.RECEIPT_DECIDED_ON, EventKind.CLASSIFIED})
# What an event says that it changed, with what it was before under the same name and `_before`.
_TOPICS = ("service", "kind", "area", "team", "standard", "calendar", "outcome")


@dataclass(frozen=True, slots=True)
class NextContact:
    """A later contact that goes on with this one: the number of its first event, and when the person wrote it."""

    first_event: int
    received_at: int


def spells_of(
    origin: Origin,
    happenings: Sequence[Happening],
    cut_off: int,
    receipt: Sequence[Happening] = (),
    next_contacts: Sequence[NextContact] = (),
) -> tuple[Spell, ...]:
    """Return the spells of a contact as they stand at the event with the number `cut_off`; none before its first.

    `happenings` are all events of the contact in the order of their numbers, those after the cut-off, too: they say
    what the contact was about before. `receipt` are those of the contact whose receipt stands for this one.
    """
    if origin.first_event > cut_off:
        return ()
    history = _beginning(origin, happenings)
    for happening in happenings:
        if happening.number > cut_off:
            break
        if step := STEPS.get(happening.kind):
            step(history, happening, microseconds(happening.at))
    history.words += [contact.received_at for contact in next_contacts if contact.first_event <= cut_off]
    history.words.sort()
    topics = _topics_at(origin, happenings, cut_off)
    stand = receipt_replays.stand(origin, happenings, receipt, cut_off)
    return tuple(_spells(origin, history, topics, stand))


def _beginning(origin: Origin, happenings: Sequence[Happening]) -> History:
    """Return how the contact began: what was changed of it afterwards stands in the first event that changed it."""
    outcome, acknowledged_by = origin.outcome, origin.acknowledged_by
    for happening in reversed(happenings):
        if happening.kind in _TURNS:
            outcome = happening.details.get("outcome_before", outcome)
            acknowledged_by = happening.details.get("acknowledged_by_before", acknowledged_by)
    received_at = microseconds(origin.received_at)
    if outcome == "log":
        run = Run(0, received_at, None, ends_at=received_at, ending=Ending.LOGGED)
        return History([run], None, acknowledged_by)
    first = microseconds(origin.first_respond_by) if origin.first_respond_by else None
    acknowledge_by = microseconds(origin.first_acknowledge_by) if origin.first_acknowledge_by else None
    return History([Run(0, received_at, first)], acknowledge_by, acknowledged_by)


def _topics_at(origin: Origin, happenings: Sequence[Happening], cut_off: int) -> dict[str, str]:
    """Return what the contact was about at the cut-off: whatever later events changed is as it was before them."""
    topics = {name: getattr(origin, name) for name in _TOPICS}
    topics["standard"] = f"{origin.standard} {origin.standard_version}"
    for happening in reversed(happenings):
        if happening.number <= cut_off:
            break
        details = happening.details
        topics |= {name: details[f"{name}{BEFORE}"] for name in _TOPICS if f"{name}{BEFORE}" in details}
        if happening.kind == EventKind.RECEIPT_DECIDED_ON and details.get("was") == State.LOGGED:
            topics |= {"standard": "", "calendar": ""}
    return topics


class _Acknowledgement(NamedTuple):
    """The part of the first spell that no later one has."""

    due_at: int | None
    at: int | None
    is_undeliverable: bool


_NO_ACKNOWLEDGEMENT = _Acknowledgement(None, None, is_undeliverable=False)


def _spells(origin: Origin, history: History, topics: Mapping[str, str], receipt: ReceiptStand) -> Iterator[Spell]:
    standard, _, version = topics["standard"].partition(" ")
    for run, after in zip(history.runs, (*history.runs[1:], None), strict=True):
        acknowledgement = _acknowledgement(history, receipt) if run.number == 0 else _NO_ACKNOWLEDGEMENT
        dates = (run.ends_at, run.respond_by, run.first_respond_by, acknowledgement.due_at)
        yield Spell(
            contact_id=origin.contact_id,
            number=run.number,
            received_at=microseconds(origin.received_at),
            begins_at=run.begins_at,
            channel=origin.channel,
            channel_kind=origin.channel_kind,
            medium=origin.medium,
            visibility=origin.visibility,
            outcome=topics["outcome"],
            rule=origin.rule,
            language=origin.language,
            area=topics["area"],
            service=topics["service"],
            kind=topics["kind"],
            team=topics["team"],
            standard=standard,
            standard_version=version,
            calendar=topics["calendar"],
            acknowledge_by=acknowledgement.due_at,
            acknowledged_at=acknowledgement.at,
            first_respond_by=run.first_respond_by,
            respond_by=run.respond_by,
            responded_at=run.responded_at,
            ends_at=run.ends_at,
            ending=run.ending.value,
            paused_at=run.paused_at,
            pauses=_as_json(run.pauses),
            extensions=run.extensions,
            is_undeliverable=acknowledgement.is_undeliverable,
            windows_missed=run.windows_missed,
            early_words=run.early_words,
            next_word_at=_next_word_at(history, run, after),
            avoidable=history.avoidable,
            cause=run.cause,
            complaint_outcome=history.complaint_outcome,
            asked_at=run.asked_at,
            opinion=run.opinion,
            satisfaction=run.satisfaction,
            needs=history.needs if run.needs is None else run.needs,
            are_needs_met=run.are_needs_met,
            latest_at=None if run.is_open else max(filter(None, dates)),
        )


def _acknowledgement(history: History, receipt: ReceiptStand) -> _Acknowledgement:
    instants = list(history.acknowledgements)
    if receipt.sent_at is not None and history.acknowledged_by == "receipt":
        instants.append(receipt.sent_at)
    return _Acknowledgement(history.acknowledge_by, min(instants, default=None), receipt.is_undeliverable)


def _as_json(pauses: Pauses) -> str:
    return json.dumps(pauses) if pauses else ""


def _next_word_at(history: History, run: Run, after: Run | None) -> int | None:
    """Return when the person first wrote after a spell had ended, up to when the next one began."""
    end = run.ends_at
    if end is None or run.ending == Ending.LOGGED:
        return None
    return next((at for at in history.words if at >= end and (after is None or at <= after.begins_at)), None)
