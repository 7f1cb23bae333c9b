"""Staff take many urgent contacts at once, in a flood: those of which they know, and no other."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.core.contacts import Contact
from bot.flows.changes import assign
from bot.flows.changes.refusals import Refused


@dataclass(frozen=True, slots=True)
class TakenTogether:
    """The references of what is theirs now, and of what somebody else was first at."""

    references: tuple[str, ...]
    taken_by_others: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The same, for who took them."""
        count = len(self.references)
        subject = "1 contact is" if count == 1 else f"{count} contacts are"
        words = f"{subject} yours. Nobody else is called about {'it' if count == 1 else 'them'}."
        return (
            f"{words} Somebody else was first at {', '.join(self.taken_by_others)}." if self.taken_by_others else words
        )


def take_all(connection: Connection, contacts: Iterable[Contact], actor: str, now: datetime) -> TakenTogether:
    """Take each of these; what cannot be taken any more is left out. Raises Refused where nothing could."""
    references: list[str] = []
    refusals: list[str] = []
    for contact in contacts:
        try:
            assign.take(connection, contact.reference, actor, now)
            references.append(contact.reference)
        except Refused:
            refusals.append(contact.reference)
    if not references:
        raise Refused("nobody is called about any of them any more")
    return TakenTogether(tuple(references), tuple(refusals))
