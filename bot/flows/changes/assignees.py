"""Who can have a contact: a team, and of it a person, by an address of somebody who belongs here."""

from dataclasses import dataclass

from sqlalchemy import Connection

from bot.core.suggestions import in_brackets
from bot.flows.changes.refusals import Refused
from bot.flows.rulebook import OutgoingRules, Rulebook
from bot.store import staff
from bot.wire import typed

_MOST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Holder:
    """Who is to have a contact: a team ("": the one that has it), and of it a person by address ("": nobody yet)."""

    team: str = ""
    owner: str = ""

    @classmethod
    def of(cls, team: str, owner: str) -> "Holder":
        """As somebody typed them: an address is the same in capitals, and kept in small letters."""
        return cls(team.strip(), typed.account(owner) or owner.strip())


def refuse(connection: Connection, to: Holder, book: Rulebook) -> None:
    """Raise Refused where nobody is named, or no team of ours, or nobody of ours."""
    if not (to.team or to.owner):
        raise Refused("choose a team or a person", "team")
    if reason := _why_no_address(to.owner) or why_unknown(connection, to.owner, book):
        raise Refused(reason, "owner")
    if to.team and to.team not in book.outgoing.teams:
        name = f"{to.team[:_MOST_SHOWN]}{in_brackets(to.team, book.outgoing.teams)}"
        raise Refused(f"there is no team {name}; there are {', '.join(book.outgoing.teams)}", "team")


def _why_no_address(owner: str) -> str:
    """Why mail cannot go to this person; "" where it can, or where nobody is named.

    What is told by a channel is a team: `channel:` is read out of the configuration only.
    """
    if not owner or (owner == typed.account(owner) and not typed.email_fault(owner)):
        return ""
    return "the person must be an email address, such as name@example.gov.uk"


def why_unknown(connection: Connection, owner: str, book: Rulebook) -> str:
    """Why this person is nobody of ours; "" for who may sign in, and for who is told of anything by configuration."""
    if not owner or owner in _configured(book.outgoing):
        return ""
    account = staff.find(connection, owner)
    if account is not None and account.disabled_at is None:
        return ""
    return f"nobody of staff has the address {owner[: typed.EMAIL_LIMIT]}; an administrator adds people"


def _configured(rules: OutgoingRules) -> frozenset[str]:
    """Whom the configuration names by an address: of the teams, above them, and deputies."""
    recipients = (recipient for team in rules.teams.values() for level in team.levels for recipient in level)
    return frozenset(recipient.lower() for recipient in recipients if "@" in recipient) | rules.deputies.people
