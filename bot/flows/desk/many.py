"""One action done to many contacts, each by itself; what the people would get is seen before it leaves."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.flows import staffing
from bot.flows.changes.refusals import Refused
from bot.flows.desk import actions, foresight
from bot.flows.desk.foresight import Foresight, Trial
from bot.flows.desk.orders import Order
from bot.flows.rulebook import Rulebook
from bot.flows.staffing import Visitor

# What can be done to many, and how it is said of them.
VERBS = {"assign": "handed over", "respond": "answered", "close": "closed", "spam": "closed as spam"}


@dataclass(frozen=True, slots=True)
class Orders:
    """The same action for each of the references; `last_event` is the newest that the page knew."""

    action: str
    references: tuple[str, ...]
    fields: Mapping[str, str]
    last_event: int | None

    def of(self, reference: str) -> Order:
        """The order for one of them."""
        return Order(self.action, reference, self.fields, self.last_event)


@dataclass(frozen=True, slots=True)
class Bundle:
    """The same words to several people: `references` are their contacts, and the words are those to the first."""

    subject: str
    words: str
    date: str
    references: tuple[str, ...]


def act(connection: Connection, orders: Orders, visitor: Visitor, now: datetime, book: Rulebook) -> dict[str, str]:
    """Do it to each; returns why it was refused, by reference. The refusals are one line of the audit trail."""

    def do(reference: str) -> None:
        actions.act(connection, orders.of(reference), visitor, now, book)

    refusals = _for_all(orders.references, do)
    if refusals:
        attempt = f"{orders.action}: {len(refusals)} of {len(orders.references)} at once"
        staffing.note_refusal(connection, visitor, now, attempt=attempt, reason=", ".join(refusals))
    return refusals


def attempt(
    connection: Connection, orders: Orders, visitor: Visitor, now: datetime, book: Rulebook
) -> tuple[dict[str, Trial], dict[str, str]]:
    """Try it on each and undo it: what came of it, and why it would be refused, by reference."""
    trials: dict[str, Trial] = {}

    def try_it(reference: str) -> None:
        trials[reference] = foresight.attempt(connection, orders.of(reference), visitor, now, book)

    return trials, _for_all(orders.references, try_it)


def _for_all(references: Iterable[str], do: Callable[[str], None]) -> dict[str, str]:
    refusals: dict[str, str] = {}
    for reference in references:
        try:
            do(reference)
        except Refused as refusal:
            refusals[reference[: actions.MOST_CHARACTERS_OF_A_REFERENCE]] = f"{refusal.reason}."
    return refusals


def bundles(foresights: Mapping[str, Foresight]) -> list[Bundle]:
    """The messages that would leave, those with the same words together but for their references and their dates."""
    alike: dict[tuple[str, str], list[tuple[str, foresight.Letter]]] = {}
    for reference, foreseen in foresights.items():
        for letter in foreseen.letters:
            key = (letter.subject.replace(reference, ""), letter.words.replace(reference, ""))
            alike.setdefault(key, []).append((reference, letter))
    return [
        Bundle(pairs[0][1].subject, pairs[0][1].words, pairs[0][1].date, tuple(reference for reference, _ in pairs))
        for pairs in alike.values()
    ]


def digest(foresights: Mapping[str, Foresight]) -> str:
    """A name of all that would leave: the same as long as exactly that would."""
    digests = [f"{reference} {foreseen.digest}" for reference, foreseen in sorted(foresights.items())]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()[:32]


def done_words(count: int, total: int, action: str) -> str:
    """What was done to how many of them; "" where nothing was."""
    subject = contacts_in_words(count) if count == total else f"{count} of {contacts_in_words(total)}"
    return f"{subject} {'is' if count == 1 else 'are'} {VERBS[action]}." if count else ""


def contacts_in_words(count: int) -> str:
    """`1 contact`, `2 contacts`."""
    return f"{count} contact{'' if count == 1 else 's'}"


def references_of(values: Sequence[str], most: int) -> tuple[str, ...]:
    """Each reference once, in their order, and no more than a page has."""
    return tuple(dict.fromkeys(values))[:most]
