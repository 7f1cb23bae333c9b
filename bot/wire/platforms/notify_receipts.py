"""What GOV.UK Notify says of a mail, a text message or a letter that we handed over, in a call or in its list.

Source: docs.notifications.service.gov.uk/rest-api.html ("Delivery receipts", "Get the status of multiple messages").
"""

from collections.abc import Iterator
from typing import Any

from bot.core.messages import Inbound, Post
from bot.wire.platforms.notify_api import text_of
from bot.wire.platforms.reading import NotUnderstood

# "received" is of a letter: it is printed, and posted.
_ARRIVED = frozenset({"delivered", "received"})
# Why it did not arrive, and whether it may if it is sent once more.
FAILURES = {
    "permanent-failure": ("the address or the number does not exist", False),
    "temporary-failure": ("the mailbox is full or the phone is off", True),
    "technical-failure": ("Notify could not hand it to the network or the printer", True),
    "validation-failed": ("something in the letter stands outside the area that can be printed", False),
    "virus-scan-failed": ("Notify takes the letter for a virus", False),
    "returned-letter": ("the letter came back", False),
    "cancelled": ("somebody cancelled the letter in Notify", False),
}
# Rightly ignored, as another status follows; and after `sent` (abroad) none ever does.
_UNDER_WAY = frozenset({"created", "sending", "pending", "sent", "accepted", "pending-virus-check"})


def read(channel: str, values: Any) -> Iterator[Inbound]:
    """Yield what became of one of ours, or nothing as long as it is under way; raises NotUnderstood."""
    name, status = text_of(values, "id"), text_of(values, "status")
    if status in _UNDER_WAY:
        return
    if status not in FAILURES and status not in _ARRIVED:
        raise NotUnderstood("a delivery receipt with a status that we do not know")
    reason, may_pass = FAILURES.get(status, ("", False))
    yield Inbound(
        channel=channel,
        external_id=f"{name} {status}",
        digest="",
        sender=None,
        post=Post(
            "undelivered" if reason else "delivered",
            about=name,
            key=str(values.get("reference") or ""),
            may_pass=may_pass,
        ),
        fault=f"{reason} ({status})" if reason else "",
    )
