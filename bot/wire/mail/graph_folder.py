"""A folder of a mailbox by Microsoft Graph: its changes, page by page, and its messages as they came over the wire.

Sources: learn.microsoft.com/en-us/graph/delta-query-messages, .../graph/api/message-delta,
.../graph/outlook-get-mime-message (a message as MIME, which marks nothing as read) and .../graph/json-batching.
A $filter would find 5,000 messages at most, and none that is moved in later: the folder is walked through instead.
"""

import base64
import binascii
import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, Self
from urllib.parse import quote

from bot.channel import Misconfigured, Permanent, Temporary
from bot.core.messages import Inbound
from bot.wire.mail.graph_calls import IMMUTABLE, Answer, Calls
from bot.wire.mail.imap_messages import PART_BYTES, WHOLE_BYTES
from bot.wire.mail.imap_position import plausible

PAGE = "odata.maxpagesize=500"
# A batch takes 20 calls at most; what has files is fetched by itself, as it may be long.
BATCH_CALLS = 20
TRIES = 3
_SELECT = "id,receivedDateTime,hasAttachments,isDraft"
_WELL_KNOWN = {
    "inbox": "inbox",
    "junk email": "junkemail",
    "junkemail": "junkemail",
    "sent items": "sentitems",
    "sentitems": "sentitems",
    "archive": "archive",
    "deleted items": "deleteditems",
    "deleteditems": "deleteditems",
}
_OK, _NOT_FOUND, _GONE = 200, 404, 410
_SHOWN = {"From": "from", "Subject": "subject", "Message-ID": "internetMessageId"}
_LONGEST = 500


class NoFolder(Misconfigured):
    """The mailbox has no folder of that name."""


class StateLost(Exception):
    """Graph does not know any more what we have read: the folder has to be read from the beginning."""


def well_known(name: str) -> str:
    """Return Microsoft's own name of a folder, whatever the language of the mailbox; "" where it has none."""
    return _WELL_KNOWN.get(name.casefold(), "")


@dataclass(frozen=True, slots=True)
class Item:
    """What a page says of a message."""

    id: str
    received_at: datetime | None
    has_files: bool

    @classmethod
    def read(cls, value: Any) -> Self | None:
        """Return it; None for what was taken away, and for a draft. Raises ValueError where it has no id."""
        if not isinstance(value, dict) or not isinstance(value.get("id"), str) or not value["id"]:
            raise ValueError("a message without an id")
        if "@removed" in value or value.get("isDraft") is True:
            return None
        try:
            at = datetime.fromisoformat(str(value.get("receivedDateTime")))
        except ValueError:
            at = None
        return cls(value["id"], plausible(at), value.get("hasAttachments") is not False)


@dataclass(frozen=True, slots=True)
class Page:
    """Messages that came, and where Graph says to go on: `is_last` where nothing more has changed.

    `strange` are entries that we do not understand, as Graph gave them.
    """

    items: tuple[Item, ...]
    link: str
    is_last: bool
    at: datetime
    strange: tuple[bytes, ...] = ()

    @classmethod
    def read(cls, answer: Answer) -> Self | None:
        """Return it; None where an answer is no page."""
        values = answer.content.get("value")
        onward, last = (str(answer.content.get(f"@odata.{name}") or "") for name in ("nextLink", "deltaLink"))
        if not isinstance(values, list) or not (onward or last):
            return None
        items, strange = list[Item](), list[bytes]()
        for value in values:
            try:
                item = Item.read(value)
            except ValueError:
                strange.append(json.dumps(value, sort_keys=True).encode())
            else:
                items += [item] if item is not None else []
        return cls(tuple(items), onward or last, not onward, answer.at, tuple(strange))


@dataclass(frozen=True, slots=True)
class Harvest:
    """What came of fetching: messages with what of each was read, those that are given up, how many have vanished."""

    bodies: Sequence[tuple[Item, bytes, bool]] = ()
    unreadable: tuple[Inbound, ...] = ()
    vanished: int = 0


@dataclass(slots=True)
class GraphFolder:
    """The folder `name`; `channel` is whose messages it holds. `tries` counts what went wrong with single messages."""

    calls: Calls
    name: str
    channel: str
    tries: Counter[str] = field(default_factory=Counter)
    _id: str = ""

    async def find(self) -> str:
        """Return the folder's id for addresses. Raises NoFolder."""
        if not self._id:
            self._id = well_known(self.name) or await self._find()
        return self._id

    async def count(self) -> int:
        """Return how many messages it holds. Raises NoFolder."""
        answer = await self.calls.ask("GET", f"{self.calls.user}/mailFolders/{await self.find()}")
        self._raise_for(answer)
        return int(answer.content.get("totalItemCount", 0))

    async def page(self, link: str) -> Page:
        """Return what `link` leads to; "" is the beginning. Raises StateLost, NoFolder, Temporary or Misconfigured."""
        start = f"{self.calls.user}/mailFolders/{await self.find()}/messages/delta?changeType=created&$select={_SELECT}"
        headers = {"Prefer": f"{IMMUTABLE}, {PAGE}"}
        answer = await self.calls.ask("GET", link or start, headers=headers)
        is_lost = answer.status == _GONE or "syncstate" in answer.code.lower()
        if is_lost and link:
            raise StateLost
        self._raise_for(answer)
        page = Page.read(answer)
        if page is None:
            raise Temporary(f"channel {self.calls.name}: Graph gave a page that says nothing of where to go on")
        return page

    def not_understood(self, page: Page) -> tuple[Inbound, ...]:
        """Return what stands on a page and is no message that we could ask for: it is kept for a person."""
        fault = f"Microsoft Graph names something in the folder {self.name} that we do not understand"
        return tuple(self._lost(entry, fault, b"\r\n" + entry, None) for entry in page.strange)

    async def harvests(self, items: Sequence[Item]) -> AsyncIterator[Harvest]:
        """Yield the messages in this order, a few at a time. Raises Temporary or Misconfigured."""
        for has_files, run in groupby(items, key=lambda item: item.has_files):
            group = list(run)
            while group and not has_files:
                few, group = group[:BATCH_CALLS], group[BATCH_CALLS:]
                async for harvest in self._together(few):
                    yield harvest
            for item in group:
                yield await self._fetch(item)

    async def _together(self, items: Sequence[Item]) -> AsyncIterator[Harvest]:
        bodies = await self._batch(items) if len(items) > 1 else {}
        if bodies:
            yield Harvest([(item, bodies[item.id], False) for item in items if item.id in bodies])
        for item in items:
            if item.id not in bodies:
                yield await self._fetch(item)

    async def _find(self) -> str:
        """Return the id of a folder by its name, or by the names on the way to it."""
        first, *names = self.name.split("/")
        folder_id = well_known(first)
        place = f"{self.calls.user}/mailFolders" + (f"/{folder_id}/childFolders" if folder_id else "")
        for name in names if folder_id else (first, *names):
            expression = quote("displayName eq '" + name.replace("'", "''") + "'")
            answer = await self.calls.ask(
                "GET", f"{place}?$filter={expression}&$select=id", headers={"Prefer": IMMUTABLE}
            )
            if answer.status != _OK:
                raise self.calls.refusal(answer)
            values = answer.content.get("value") or [{}]
            folder_id = quote(str(values[0].get("id", "")), safe="")
            if not folder_id:
                raise self._no_folder()
            place = f"{self.calls.user}/mailFolders/{folder_id}/childFolders"
        return folder_id

    def _raise_for(self, answer: Answer) -> None:
        if answer.status == _OK:
            return
        refusal = self.calls.refusal(answer)
        if answer.status == _NOT_FOUND and isinstance(refusal, Permanent):
            self._id = ""
            raise self._no_folder()
        raise refusal

    def _no_folder(self) -> NoFolder:
        return NoFolder(f"channel {self.calls.name}: the mailbox has no folder {self.name!r}")

    async def _batch(self, items: Sequence[Item]) -> Mapping[str, bytes]:
        """Return those messages that one call gave; the others are asked for by themselves."""
        calls = [
            {
                "id": str(number),
                "method": "GET",
                "url": f"{self._path(item)}/$value",
                "headers": {"Prefer": IMMUTABLE},
            }
            for number, item in enumerate(items)
        ]
        answer = await self.calls.ask("POST", "/$batch", json={"requests": calls})
        if answer.status in (401, 403):
            raise self.calls.refusal(answer)
        responses = answer.content.get("responses", ()) if answer.status == _OK and not answer.is_cut else ()
        bodies: dict[str, bytes] = {}
        for response in responses if isinstance(responses, list) else ():
            body = _decoded(response)
            if body is not None and str(response.get("id", "")).isdecimal() and int(response["id"]) < len(items):
                bodies[items[int(response["id"])].id] = body
        return bodies

    async def _fetch(self, item: Item) -> Harvest:
        """Fetch one message. What Graph does not give, while it gives pages, is given up after a few tries."""
        answer = await self.calls.ask(
            "GET", f"{self._path(item)}/$value", most_bytes=WHOLE_BYTES, headers={"Prefer": IMMUTABLE}
        )
        if answer.status == _OK:
            self.tries.pop(item.id, None)
            body = answer.body[:PART_BYTES] if answer.is_cut else answer.body
            return Harvest([(item, body, answer.is_cut)])
        refusal = self.calls.refusal(answer)
        if answer.status == _NOT_FOUND and isinstance(refusal, Permanent):
            return Harvest(vanished=1)
        if isinstance(refusal, Misconfigured) or answer.status in (429, 503):
            raise refusal
        self.tries[item.id] += 1
        if self.tries[item.id] < TRIES:
            raise Temporary(*refusal.args)
        return await self._give_up(item, answer)

    async def _give_up(self, item: Item, answer: Answer) -> Harvest:
        """Return the message as one that cannot be read, with what Graph knows of it."""
        path = f"{self._path(item)}?$select={','.join(_SHOWN.values())}"
        facts = await self.calls.ask("GET", path, headers={"Prefer": IMMUTABLE})
        del self.tries[item.id]
        fault = f"Microsoft Graph does not give a message in the folder {self.name}: {answer.status} {answer.code}"
        raw = _header(facts.content) + f"\r\n[{fault}]\r\n".encode()
        return Harvest(unreadable=(self._lost(item.id.encode(), fault, raw, item.received_at),))

    def _lost(self, name: bytes, fault: str, raw: bytes, received_at: datetime | None) -> Inbound:
        digest = hashlib.sha256(b"graph " + name).hexdigest()
        return Inbound(self.channel, f"graph {digest}", digest, None, received_at=received_at, fault=fault, raw=raw)

    def _path(self, item: Item) -> str:
        return f"{self.calls.user}/messages/{quote(item.id, safe='')}"


def _decoded(response: Any) -> bytes | None:
    """Return the body of an answer within a batch: what is no JSON is in base64."""
    if not isinstance(response, dict) or response.get("status") != _OK or not isinstance(response.get("body"), str):
        return None
    text = response["body"].translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return None


def _header(facts: Mapping[str, Any]) -> bytes:
    """Return what Graph knows of a message without its content, as a header."""
    values = {name: facts.get(key) for name, key in _SHOWN.items()}
    party = values["From"]
    entry = party.get("emailAddress") if isinstance(party, dict) else None
    address = entry.get("address", "") if isinstance(entry, dict) else ""
    values["From"] = f"<{address}>" if address else ""
    lines = (f"{name}: {' '.join(str(value)[:_LONGEST].split())}\r\n" for name, value in values.items() if value)
    return "".join(lines).encode()
