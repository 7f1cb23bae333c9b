"""What can be done to a contact as it stands, asked of the very rules that would refuse it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core import histories
from bot.core.contacts import Contact, State
from bot.core.deliveries import Delivery
from bot.core.histories import Clocks, Happened, Kind
from bot.flows.changes import acknowledge_now, judge
from bot.flows.changes.answer import UnderWay
from bot.flows.rulebook import ClockRules, Rulebook

_OF_CLOCKS = {
    "acknowledge": Kind.ACKNOWLEDGED,
    "holding-reply": Kind.HOLDING_REPLY,
    "pause": Kind.PAUSED,
    "resume": Kind.RESUMED,
    "restart": Kind.RESTARTED,
    "extend": Kind.EXTENDED,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides it: the contact, its clocks (None where nothing is promised), its receipts until now.

    `is_held`: its receipt is held back; `is_linked`: staff have linked it; `is_judged`: a mail of staff's was judged.
    `answer` is the answer that has not left yet. `has_merged`: others go on in it; `is_long`: it has several messages,
    `has_formats`: a message of it is to be made into a format or a language.
    """

    contact: Contact
    clocks: Clocks | None
    receipts: Sequence[Delivery]
    is_held: bool
    is_linked: bool
    is_judged: bool
    has_merged: bool = False
    is_long: bool = False
    answer: UnderWay | None = None
    has_formats: bool = False


def offers(standing: Standing, now: datetime, book: Rulebook) -> frozenset[str]:
    """The names of the actions that would not be refused, whoever asks."""
    contact, acts = standing.contact, _of_any(standing)
    if contact.merged_into is not None:
        return frozenset(acts)
    match contact.state:
        case State.OPEN:
            acts |= _of_open(contact) | _of_clocks(standing, now, book.clocks)
        case State.ANSWERED:
            acts |= {"close", "spam", "reopen"}
        case State.CLOSED if contact.standard is not None:
            acts |= {"reopen"}
    if contact.state in (State.ANSWERED, State.CLOSED) and not contact.forgotten:
        acts.add("classify")
    acts |= _of_answers(standing)
    acts |= set() if judge.why_never(contact) else {"judge"}
    acts |= {"correct"} if standing.is_judged else set()
    if standing.is_held or not acknowledge_now.why_never(contact, standing.receipts, book):
        acts.add("acknowledge-now")
    return frozenset(acts)


def _of_any(standing: Standing) -> set[str]:
    """Whatever its state; where it goes on in another one, there is nothing else to do."""
    contact, acts = standing.contact, {"link"}
    acts |= {"unlink"} if standing.is_linked else set()
    acts |= {"unmerge"} if standing.has_merged or contact.merged_into is not None else set()
    acts |= {"format-made"} if standing.has_formats else set()
    if contact.forgotten:
        return acts
    acts |= {"needs", "legal-hold", "note"}
    if contact.merged_into is None:
        acts |= {"merge", "void-links"} | ({"split"} if standing.is_long else set())
    return acts


def _of_answers(standing: Standing) -> set[str]:
    waiting = standing.answer
    if waiting is None:
        return {"answer"} if standing.contact.state in (State.OPEN, State.ANSWERED) else set()
    acts = {"undo"} if waiting.can_be_taken_back else set()
    return acts | {"confirm-answer"} if waiting.is_by_hand else acts


def _of_open(contact: Contact) -> set[str]:
    acts = {"assign", "respond", "classify", "quiet", "close", "spam"}
    acts |= {"take"} if contact.taken_at is None or contact.urgent_at is not None else set()
    acts |= {"urgent"} if contact.urgent_at is None else set()
    return acts | {"not-urgent"} if contact.urgent else acts


def _of_clocks(standing: Standing, now: datetime, rules: ClockRules) -> set[str]:
    if standing.clocks is None:
        return set()
    contact, standard = standing.contact, rules.standard_of(standing.contact)
    acts = {
        name
        for name, kind in _OF_CLOCKS.items()
        if not histories.why_not(Happened(kind, now), standing.clocks, standard)
    }
    return acts - {"acknowledge"} if contact.acknowledged_at is not None else acts
