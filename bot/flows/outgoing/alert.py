"""Queue words for staff: one delivery for each address of the team, once for each key."""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from bot.channel import CHANNEL
from bot.core import alerting, duties
from bot.core.alerting import Occasion
from bot.core.contacts import Contact
from bot.core.deliveries import Delivery, NewDelivery, Purpose
from bot.core.escalations import NAMED, Step
from bot.flows.rulebook import ClockRules, OutgoingRules, Rulebook, Team

# In the details of what a person is sent: nobody has done anything to them that it tells of.
UNPROMPTED = "unprompted"
# In the details of a notice: the number of the contact that it is about.
CONTACT = "contact"


@dataclass(frozen=True, slots=True)
class Words:
    """What is to be said, and which roles of the team hear it; `key` with the address makes it unique."""

    key: str
    purpose: Purpose
    step: str = ""
    to: tuple[str, ...] = ("team",)
    contact_id: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


def leaves_at(
    purpose: Purpose,
    step: Step | None,
    outlet: str,
    contact: Contact,
    now: datetime,
    book: Rulebook,
    *,
    is_unprompted: bool = False,
) -> datetime | None:
    """When a message about a contact leaves by an outlet, as the contact stands; None: it is not wanted."""
    is_law = step is not None and step.own_by_law and book.clocks.standard_of(contact).basis == "law"
    in_public = contact.visibility == "public" and outlet in book.outgoing.texts
    occasion = Occasion(purpose, step, is_law, in_public, is_unprompted)
    return alerting.leaves_at(occasion, contact, now, book.outgoing.restraint, book.clocks.timing)


def step_alerts(contact: Contact, step: Step, now: datetime, book: Rulebook) -> list[NewDelivery]:
    """The alerts of one escalation step of one contact: none where the daily list tells of it, or staff want quiet."""
    alerts = _to_team(contact.team, _words_of(step, contact, book.clocks), now, book, contact.owner)
    instants = ((delivery, leaves_at(Purpose.ALERT, step, delivery.channel, contact, now, book)) for delivery in alerts)
    return [replace(delivery, next_attempt_at=at) for delivery, at in instants if at is not None]


def _words_of(step: Step, contact: Contact, rules: ClockRules) -> Words:
    # Once a step; but a clock that has another date, waits again or opens its window again is alerted anew.
    dates = {"acknowledge": contact.acknowledge_by, "respond": contact.respond_by}
    again = (dates | {"pause": contact.paused_at, "window": contact.platform_reply_by}).get(step.clock)
    key = f"{contact.id}:alert:{step.name}{f':{again.isoformat()}' if again else ''}"
    # An owner who has let so many steps pass without taking the contact may be away.
    is_unheard = contact.respond_step >= rules.timing.steps_before_lead
    is_passed_over = contact.owner and contact.taken_at is None and is_unheard
    to = (*step.to, "lead") if is_passed_over and "owner" in step.to and "lead" not in step.to else step.to
    return Words(key, Purpose.ALERT, step.name, to, contact_id=contact.id)


def urgent_alerts(contact: Contact, time: int, now: datetime, book: Rulebook) -> list[NewDelivery]:
    """The call about what cannot wait: the team the first `time` (0), then the next level, then from the start again.

    Outside office hours whoever has the night is called. It leaves at any hour and is never left to a list; many to one
    person at once are joined (`calls`).
    """
    team = book.outgoing.team(contact.team)
    if team is None:
        return []
    key = f"{contact.id}:urgent:{time}"
    words = Words(key, Purpose.URGENT, f"urgent-{time + 1}", contact_id=contact.id)
    people = _called(contact, time, team, now, book)
    return [_delivery(person, words, team, now, book.outgoing) for person in present(people, team, now, book)]


def _called(contact: Contact, time: int, team: Team, now: datetime, book: Rulebook) -> tuple[str, ...]:
    """Outside office hours whoever has the night, at first alone, then together with the level whose turn it is."""
    is_first = time == 0
    people = (contact.owner,) if contact.owner and is_first else team.levels[time % len(team.levels)]
    night = duties.night_of(now, book.clocks.default_calendar) if book.outgoing.board.notices.shifts else None
    person = duties.person_on(book.outgoing.board.notices.shifts, team.name, night) if night else ""
    if not person:
        return people
    return (person,) if is_first else (person, *people)


def handed_over(contact: Contact, now: datetime, book: Rulebook) -> list[NewDelivery]:
    """Tell who has a contact from now on."""
    when = contact.assigned_at.isoformat() if contact.assigned_at else ""
    words = Words(f"{contact.id}:handed-over:{when}", Purpose.ALERT, "handed-over", ("owner",), contact_id=contact.id)
    return _to_team(contact.team, words, now, book, contact.owner)


def mentions(contact: Contact, people: Iterable[str], now: datetime, book: Rulebook) -> list[NewDelivery]:
    """Tell colleagues that a note of this moment names them: themselves, whoever stands in for them otherwise."""
    team = book.outgoing.team(contact.team)
    if team is None:
        return []
    words = Words(f"{contact.id}:named:{now.isoformat()}", Purpose.ALERT, NAMED.name, contact_id=contact.id)
    return [_delivery(person, words, team, now, book.outgoing) for person in people]


def notices(team: str | None, key: str, now: datetime, book: Rulebook, **details: str) -> list[NewDelivery]:
    """A notice to a team, or to the operators: `subject`, `happened` and `action` in plain words, no personal data.

    It begins with a link to what it is about, where the details have the end of its address in the console: `page`.
    """
    return _to_team(team, Words(f"notice:{key}", Purpose.NOTICE, details=details), now, book)


def notices_about(contact: Contact, key: str, now: datetime, book: Rulebook, **details: str) -> list[NewDelivery]:
    """A notice about a contact to its team, who open it, or say that they have it, by its links."""
    about = {"reference": contact.reference, CONTACT: contact.id}
    words = Words(f"notice:{key}", Purpose.NOTICE, details={**details, **about})
    return _to_team(contact.team, words, now, book)


def digests(day: str, now: datetime, book: Rulebook, owners: Iterable[tuple[str, str]] = ()) -> list[NewDelivery]:
    """The daily list of everybody, one for each person; what stands in it is asked when it leaves.

    `owners` are those who have open contacts, each as (team, address).
    """
    lists: dict[str, list[list[str]]] = {}
    for name, role, address in _readers(day, owners, book):
        for reader in present((address,), book.outgoing.teams[name], now, book):
            lists.setdefault(reader, []).append([name, role])
    return [_digest(reader, day, lists[reader], now, book) for reader in lists]


def _digest(reader: str, day: str, lists: list[list[str]], now: datetime, book: Rulebook) -> NewDelivery:
    """The list of one person, by the outlet of the first team whose contacts stand in it."""
    words = Words(f"digest:{day}", Purpose.DIGEST, day, details={"lists": lists})
    return _delivery(reader, words, book.outgoing.teams[lists[0][0]], now, book.outgoing)


def _begins_week(day: str, rules: ClockRules) -> bool:
    """Whether this is the first working day of its week."""
    today = date.fromisoformat(day)
    earlier = (today - timedelta(days=n) for n in range(1, today.weekday() + 1))
    return not any(map(rules.default_calendar.is_working_day, earlier))


def _readers(day: str, owners: Iterable[tuple[str, str]], book: Rulebook) -> Iterator[tuple[str, str, str]]:
    """Whose list names contacts of which team, each as (team, role, address)."""
    week_begins = _begins_week(day, book.clocks)
    for name, team in book.outgoing.teams.items():
        for role, addresses in (("team", team.addresses), *team.roles.items()):
            if role != "director" or week_begins:  # what is long overdue, once a week
                yield from ((name, role, address) for address in addresses)
    yield from ((name, f"owner {address}", address) for name, address in owners if name in book.outgoing.teams)


def _to_team(team_name: str | None, words: Words, now: datetime, book: Rulebook, owner: str = "") -> list[NewDelivery]:
    team = book.outgoing.team(team_name)
    if team is None:
        return []
    roles = [role for role in words.to if role != "owner"]
    people = (owner, *(team.addresses_of(roles) if roles else ())) if owner and "owner" in words.to else ()
    readers = present(people or team.addresses_of(words.to), team, now, book)
    return [_delivery(address, words, team, now, book.outgoing) for address in readers]


def present(people: Iterable[str], team: Team, now: datetime, book: Rulebook) -> tuple[str, ...]:
    """Who is told for these: whoever is away has a deputy, else the lead of the team."""
    day, rules = book.clocks.today(now), book.outgoing
    deputies = rules.deputies.beside(rules.board.notices.absences)
    readers: list[str] = []
    for person in people:
        away = deputies.of(person, day)
        readers += [person] if away is None else [away.deputy] if away.deputy else team.addresses_of(("lead",))
    return tuple(dict.fromkeys(readers))


def outlet_of(address: str, team: Team) -> str:
    """By which outlet a person of the team is reached."""
    # A person has an address with an @; whatever else it begins with, it names no outlet.
    names_outlet = address.startswith(CHANNEL) and "@" not in address
    return address.removeprefix(CHANNEL) if names_outlet else team.outlet


def instead_of(delivery: Delivery, address: str, team: Team, now: datetime, rules: OutgoingRules) -> NewDelivery:
    """The same for another address of the team; whoever has it already is not told twice."""
    # A daily list is its reader's own: that this address has one of the day says nothing.
    is_own = delivery.purpose is Purpose.DIGEST
    key = delivery.key if is_own else delivery.key.removesuffix(f":{delivery.recipient}")
    words = Words(key, delivery.purpose, delivery.step, (), delivery.contact_id, delivery.details)
    return _delivery(address, words, team, now, rules)


def _delivery(address: str, words: Words, team: Team, now: datetime, rules: OutgoingRules) -> NewDelivery:
    outlet = outlet_of(address, team)
    return NewDelivery(
        key=f"{words.key}:{address}",
        contact_id=words.contact_id,
        purpose=words.purpose,
        step=words.step,
        channel=outlet,
        recipient=address,
        message_id=f"<{words.purpose}.{secrets.token_hex(10)}@{rules.domain(outlet)}>",
        created_at=now,
        next_attempt_at=now,
        details=words.details,
    )
