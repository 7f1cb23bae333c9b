"""Queue words for staff: one delivery for each address of the team, once for each key."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.core.contacts import Contact
from bot.core.escalations import Step
from bot.flows.rulebook import Rulebook, Team
from bot.teams import CHANNEL

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Words:
    """What is to be said, and which roles of the team hear it; `key` with the address makes it unique."""

    key: str
    purpose: str
    step: str = ""
    to: tuple[str, ...] = ("team",)
    contact_id: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


def step_alerts(contact: Contact, step: Step, now: datetime, book: Rulebook) -> list[Values]:
    """The alerts of one escalation step of one contact."""
    # Once a step; but a clock that has another date, waits again or opens its window again is alerted anew.
    dates = {"acknowledge": contact.acknowledge_by, "respond": contact.respond_by}
    again = (dates | {"pause": contact.paused_at, "window": contact.platform_reply_by}).get(step.clock)
    key = f"{contact.id}:alert:{step.name}{f':{again.isoformat()}' if again else ''}"
    words = Words(key, "alert", step.name, step.to, contact_id=contact.id)
    leaves_at = book.restraint.leaves_at(step, contact, now)
    return [row | {"next_attempt_at": leaves_at} for row in _to_team(contact.team, words, now, book)]


def notices(team: str | None, key: str, now: datetime, book: Rulebook, **details: str) -> list[Values]:
    """A notice to the operators: `subject`, `happened` and `action` in plain words, without personal data."""
    return _to_team(team, Words(f"notice:{key}", "notice", details=details), now, book)


def digests(day: str, now: datetime, book: Rulebook) -> list[Values]:
    """The daily list of everybody, one for each person; what stands in it is asked when it leaves."""
    rows: dict[str, Values] = {}
    for name, team in book.teams.items():
        for role in ("team", *team.roles):
            for address in team.addresses_of([role]) if role == "team" else team.roles[role]:
                words = Words(f"digest:{day}", "digest", day, details={"lists": []})
                row = rows.setdefault(address, _row(address, words, team, now, book))
                row["details"]["lists"].append([name, role])
    return list(rows.values())


def _to_team(team_name: str | None, words: Words, now: datetime, book: Rulebook) -> list[Values]:
    team = book.team(team_name)
    if team is None:
        return []
    return [_row(address, words, team, now, book) for address in team.addresses_of(words.to)]


def _row(address: str, words: Words, team: Team, now: datetime, book: Rulebook) -> Values:
    outlet = address.removeprefix(CHANNEL) if address.startswith(CHANNEL) else team.outlet
    return {
        "key": f"{words.key}:{address}",
        "contact_id": words.contact_id,
        "purpose": words.purpose,
        "step": words.step,
        "channel": outlet,
        "recipient": address,
        "message_id": f"<{words.purpose}.{secrets.token_hex(10)}@{book.domain(outlet)}>",
        "details": dict(words.details),
        "created_at": now,
        "next_attempt_at": now,
    }
