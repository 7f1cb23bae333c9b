"""What a program is told instead of a person: one event in JSON, as CloudEvents 1.0 has it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.core.messages import Outbound
from bot.flows.outgoing.claimed import Claimed
from bot.flows.rulebook import OutgoingRules

_TYPE = "ackbot.{}.v1"
# What opens the page of a person, and what they may have typed themselves.
_OF_THE_PERSON = frozenset({"track", "about"})


def event(claim: Claimed, values: Mapping[str, Any], now: datetime, rules: OutgoingRules) -> Outbound:
    """The event of one delivery: `values` are those that its template has for people, without personal data."""
    delivery = claim.delivery
    public_values = {name: value for name, value in values.items() if name not in _OF_THE_PERSON}
    content: dict[str, Any] = {
        "specversion": "1.0",
        "id": delivery.message_id.strip("<>"),
        "source": rules.website or "urn:ackbot",
        "type": _TYPE.format(delivery.purpose),
        "time": now.isoformat(timespec="seconds"),
        "datacontenttype": "application/json",
        "data": {**public_values, "contacts": [_facts(part) for part in (claim, *claim.joined) if part.contact]},
    }
    if claim.contact is not None and not claim.joined:
        content["subject"] = claim.contact.reference
    return Outbound(
        recipient=delivery.recipient,
        content=json.dumps(content, ensure_ascii=False).encode(),
        idempotency_key=delivery.message_id,
        at=now,
    )


def _facts(claim: Claimed) -> dict[str, Any]:
    contact = claim.contact
    if contact is None:
        return {}
    instants = {"received_at": contact.received_at, "acknowledge_by": contact.acknowledge_by}
    instants |= {"respond_by": contact.respond_by}
    return {
        "reference": contact.reference,
        "step": claim.delivery.step,
        "channel": contact.channel,
        "team": contact.team,
        "service": contact.service,
        "urgent": contact.urgent,
        **{name: at.isoformat() if at else None for name, at in instants.items()},
    }
