"""The subscription by which Microsoft Graph calls us when mail has come, and what it says when it does.

Sources: learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks (validation, clientState) and
.../change-notifications-lifecycle-events. What is called about is read all the same when nobody calls.
"""

import asyncio
import hmac
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from bot.channel import ChannelError, Forged, RawRequest
from bot.wire.mail.graph_calls import Calls
from bot.wire.mail.graph_settings import GraphSettings

# A subscription to messages lasts for less than seven days (10,080 minutes).
LASTS, RENEWED_EVERY = timedelta(days=3), timedelta(days=1)
AGAIN_SECONDS = 300.0
_TOKEN_LENGTH = 1_000
_NOT_FOUND = 404
REMOVED, REAUTHORIZE = "subscriptionRemoved", "reauthorizationRequired"

logger = logging.getLogger(__name__)


def proof_of(name: str, settings: GraphSettings) -> str:
    """Return the clientState of a channel, by which a call is known to be Graph's: the same in every process."""
    secret = settings.client_secret or settings.certificate
    assert secret is not None  # noqa: S101 - the settings say so
    words = f"change notifications of {name}".encode()
    return hmac.new(secret.get_secret_value().encode(), words, "sha256").hexdigest()


def address_of(name: str, settings: GraphSettings) -> str:
    """Return where Graph is to call; "" where it cannot, or shall not."""
    url = urlsplit(settings.public_url)
    is_public = url.scheme == "https"
    return f"{settings.public_url.rstrip('/')}/hooks/{name}" if settings.notifications and is_public else ""


def validation(raw: RawRequest) -> bytes | None:
    """Return the answer by which the address is known to be ours; None where the call asks for none."""
    token = raw.query.get("validationToken")
    return None if token is None else token[:_TOKEN_LENGTH].encode("utf-8", "replace")


def events_in(raw: RawRequest, proof: str) -> frozenset[str]:
    """Return the lifecycle events of a call, "" for mail that came. Raises Forged."""
    try:
        values = json.loads(raw.body)["value"]
        proofs = [str(value["clientState"]).encode("utf-8", "replace") for value in values]
        events = frozenset(str(value.get("lifecycleEvent") or "") for value in values)
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        raise Forged("no change notifications") from None
    if not proofs or not all(hmac.compare_digest(value, proof.encode()) for value in proofs):
        raise Forged("another clientState")
    return events


class Subscription:
    """The one subscription of a mailbox: made anew at every start, renewed each day, and again when it was removed."""

    def __init__(self, calls: Calls, address: str, proof: str) -> None:
        self._calls, self.address, self._proof = calls, address, proof
        self._id = ""
        self._is_due = asyncio.Event()

    def note(self, events: frozenset[str]) -> None:
        """Note what Graph said of the subscription itself."""
        if REMOVED in events:
            self._id = ""
        if events & {REMOVED, REAUTHORIZE}:
            self._is_due.set()

    async def keep(self) -> None:
        """Keep it for ever. Where that fails, mail is found by looking, and it is tried again later."""
        while True:
            seconds = RENEWED_EVERY.total_seconds()
            self._is_due.clear()
            try:
                await self.renew()
            except ChannelError as error:
                logger.warning("%s; new mail is looked for meanwhile", error)
                seconds = AGAIN_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._is_due.wait()

    async def renew(self) -> None:
        """Lengthen it, or make it. Raises Temporary, Permanent or Misconfigured."""
        listing = await self._calls.get("/subscriptions")
        ends = _instant(listing.at + LASTS)
        if self._id:
            path = f"/subscriptions/{self._id}"
            answer = await self._calls.ask("PATCH", path, json={"expirationDateTime": ends})
            if answer.status != _NOT_FOUND:
                if answer.status >= 400:
                    raise self._calls.refusal(answer)
                return
        await self._make(ends)
        for earlier in self._earlier(listing.content):
            await self._calls.ask("DELETE", f"/subscriptions/{earlier}")

    async def _make(self, ends: str) -> None:
        content = {
            "changeType": "created",
            "notificationUrl": self.address,
            "lifecycleNotificationUrl": self.address,
            "resource": f"{self._calls.user}/messages",
            "expirationDateTime": ends,
            "clientState": self._proof,
        }
        answer = await self._calls.ask("POST", "/subscriptions", json=content)
        if answer.status >= 400:
            raise self._calls.refusal(answer)
        self._id = str(answer.content.get("id", ""))

    def _earlier(self, listing: Mapping[str, Any]) -> list[str]:
        """Return ours of an earlier start, which would call us twice."""
        values = listing.get("value")
        entries = (value for value in values if isinstance(value, dict)) if isinstance(values, list) else ()
        return [str(v["id"]) for v in entries if v.get("notificationUrl") == self.address and v.get("id") != self._id]


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
