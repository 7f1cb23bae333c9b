"""Queue words for staff: one delivery for each address of the team, once for each key."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.core.contacts import Contact
from bot.core.escalations import Step
from bot.flows.rulebook import Rulebook

Values = dict[str, Any]


def step_alerts(contact: Contact, step: Step, now: datetime, book: Rulebook) -> list[Values]:
    """The alerts of one escalation step of one contact."""
    return _to_team(contact.team, f"{contact.id}:alert:{step.name}", "alert", step.name, now, book, contact=contact)


def notices(team: str | None, key: str, now: datetime, book: Rulebook, **details: str) -> list[Values]:
    """A notice to the operators: `subject`, `happened` and `action` in plain words, without personal data."""
    return _to_team(team, f"notice:{key}", "notice", "", now, book, details=details)


def digests(team: str | None, day: str, now: datetime, book: Rulebook) -> list[Values]:
    """The daily list of one team; what stands in it is asked when it leaves."""
    return _to_team(team, f"digest:{team}:{day}", "digest", day, now, book, details={"team": team})


def _to_team(
    team_name: str | None,
    key: str,
    purpose: str,
    step: str,
    now: datetime,
    book: Rulebook,
    *,
    contact: Contact | None = None,
    details: Mapping[str, Any] | None = None,
) -> list[Values]:
    team = book.team(team_name)
    if team is None:
        return []
    return [
        {
            "key": f"{key}:{address}",
            "contact_id": contact.id if contact else None,
            "purpose": purpose,
            "step": step,
            "channel": team.outlet,
            "recipient": address,
            "message_id": f"<{purpose}.{secrets.token_hex(10)}@{book.domain(team.outlet)}>",
            "details": dict(details or {}),
            "created_at": now,
            "next_attempt_at": now,
        }
        for address in team.addresses
    ]
