"""Replays what became of the receipt of one contact: since when the person knows that we have what they wrote."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from bot.core.deliveries import Purpose
from bot.core.events import EventKind
from bot.core.spells import Happening, Origin, microseconds, moment

_LOSSES = frozenset(
    {
        *(EventKind.CAME_BACK, EventKind.UNDELIVERABLE),
        *(EventKind.ACKNOWLEDGEMENT_REFUSED, EventKind.ACKNOWLEDGEMENT_FAILED),
    }
)
# Of deliveries of any purpose.
_OF_ANY = frozenset({EventKind.CAME_BACK, EventKind.UNDELIVERABLE})
KINDS = _LOSSES | {EventKind.ACKNOWLEDGEMENT_SENT}


@dataclass(frozen=True, slots=True)
class ReceiptStand:
    """When the receipt left that has not come back, if one has; and whether the last one did not arrive."""

    sent_at: int | None
    is_undeliverable: bool


def stand(origin: Origin, happenings: Sequence[Happening], receipt: Sequence[Happening], cut_off: int) -> ReceiptStand:
    """Return what the events up to the cut-off have come to; `receipt` are those of the contact that shares its own."""
    turn = next((happening for happening in happenings if happening.kind == EventKind.RECEIPT_DECIDED_ON), None)
    steps = [*filter(_is_of_receipt, happenings), *_until(turn, filter(_is_of_receipt, receipt))]
    sent_at, known_at, is_undeliverable = _page_at(origin, turn, steps), _known_at(origin, happenings), False
    for happening in sorted(steps, key=attrgetter("number")):
        if happening.number > cut_off:
            break
        is_undeliverable = happening.kind in _LOSSES
        # A receipt that left before may stand for what came a little after it.
        sent_at = None if is_undeliverable else sent_at or max(microseconds(happening.at), known_at)
    return ReceiptStand(sent_at, is_undeliverable)


def _page_at(origin: Origin, turn: Happening | None, steps: Sequence[Happening]) -> int | None:
    """Return when the person had a receipt that no event says: the page that took the message was it.

    Where staff decided on another one afterwards (`turn`), that event says so, for the contact has the later instant.
    """
    before = turn.details.get("receipt_sent_at_before") if turn is not None else None
    departures = (happening for happening in steps if happening.kind == EventKind.ACKNOWLEDGEMENT_SENT)
    if any(_until(turn if before else None, departures)):
        return None
    if before:
        return moment(before)
    return None if origin.receipt_sent_at is None else microseconds(origin.receipt_sent_at)


def _until(turn: Happening | None, happenings: Iterable[Happening]) -> list[Happening]:
    """Return what was before staff decided on a receipt of its own: the other one says nothing of it any more."""
    return [happening for happening in happenings if turn is None or happening.number <= turn.number]


def _known_at(origin: Origin, happenings: Sequence[Happening]) -> int:
    """Return when we had it: as it was logged; what was split off was logged before with another contact."""
    first = happenings[0] if happenings else None
    is_logged = first is not None and first.kind == EventKind.LOGGED
    return microseconds(first.at if first is not None and is_logged else origin.received_at)


def _is_of_receipt(happening: Happening) -> bool:
    if happening.kind not in KINDS:
        return False
    return happening.kind not in _OF_ANY or happening.details.get("purpose") == Purpose.ACKNOWLEDGEMENT
