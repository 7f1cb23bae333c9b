"""Text messages that GOV.UK Notify received: one of them, as a call or its list has it, and the list.

Source: docs.notifications.service.gov.uk/rest-api.html ("Received text messages", "Get received text messages").
The list has the last seven days, the newest first.
"""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from bot.channel import Batch, Coverage
from bot.core import phones
from bot.core.messages import Inbound, Party, Post
from bot.wire.platforms.notify_api import NotifyApi, text_of
from bot.wire.platforms.polling import Rounds
from bot.wire.platforms.reading import NotUnderstood, read_each

# A call may be on its way for as long; then its message should be logged.
_OVERLAP = timedelta(minutes=2)
_BEFORE_ALL, _LONGEST = datetime.fromtimestamp(0, UTC), timedelta(days=7)
# A shorter one belongs to a service, as a name in letters does (Ofcom, "short codes"): nobody can answer it.
_NUMBER = re.compile(r"\+?[0-9]{7,15}")
# A call, and an entry of the list, have names of their own for the same.
_NAMES = {"source_number": "user_number", "message": "content", "date_received": "created_at"}


def read(channel: str, values: Any) -> Iterator[Inbound]:
    """Yield the message of a call or of an entry of the list; raises NotUnderstood."""
    name, source = text_of(values, "id"), _text_of(values, "source_number").split()
    number = "".join(source)
    is_number = _NUMBER.fullmatch(number) is not None
    address = _address(number) if is_number else f"text:{' '.join(source)}"
    words = _words(values)
    yield Inbound(
        channel=channel,
        external_id=name,
        digest=hashlib.sha256(words.encode()).hexdigest(),
        sender=Party(address),
        text=words,
        received_at=_instant(values),
        # Whoever sends by a gateway of their own may write any number there.
        unproven=True,
        post=Post(conversation=address, by_program=not is_number),
        raw=json.dumps(values, ensure_ascii=False).encode("utf-8", "replace"),
    )


class Received:
    """The list of one service, compared with what is logged."""

    def __init__(self, channel: str, api: NotifyApi, poll_seconds: float) -> None:
        self._channel, self._api = channel, api
        self._rounds = Rounds(poll_seconds)

    async def look(
        self, cursor: str | None, ready: asyncio.Event, begin: Literal["now", "all"], *, is_called: bool
    ) -> AsyncGenerator[Batch]:
        """Yield batches from the cursor on, again and again; what a call should have brought is said to be missed."""
        first, until = _place(cursor) if cursor else (_BEFORE_ALL, _BEFORE_ALL)
        if cursor is None and begin == "now":
            first = until = datetime.fromtimestamp(await self._api.now(), UTC)
            yield Batch((), _cursor(first, until), position_only=True)
        ready.set()
        caught_up = False
        try:
            async with aclosing(self._rounds.begin()) as rounds:
                async for span in rounds:
                    since = max(until, _BEFORE_ALL + _LONGEST) - max(span or _OVERLAP, _OVERLAP)
                    entries = await self._since(max(since, first))
                    for batch in self._batches(entries, until, again=caught_up and is_called):
                        yield batch
                    until, caught_up = max([until, *(at for at, _ in entries)]), True
                    yield Batch((), _cursor(first, until), up_to_date=True)
        finally:
            ready.clear()

    def coverage(self) -> Coverage:
        """Return how long ago the list was read."""
        return self._rounds.coverage()

    def _batches(self, entries: list[tuple[datetime, Any]], until: datetime, *, again: bool) -> Iterator[Batch]:
        """Yield what should be logged already, and the rest."""
        for is_late in (True, False):
            pieces = [entry for at, entry in entries if (at < until - _OVERLAP) is is_late]
            messages = tuple(read_each(self._channel, pieces, lambda piece: read(self._channel, piece)))
            if messages:
                yield Batch(messages, again=again and is_late)

    async def _since(self, since: datetime) -> list[tuple[datetime, Any]]:
        """Return what was received from then on, the oldest first; of what has no instant, all."""
        entries: list[tuple[datetime, Any]] = []
        async for page in self._api.pages("/v2/received-text-messages", "received_text_messages", {}):
            of_page = [(_instant_or(entry, since), entry) for entry in page]
            entries += [(at, entry) for at, entry in of_page if at >= since]
            if of_page and of_page[-1][0] < since:
                break
        return entries[::-1]


def _cursor(first: datetime, until: datetime) -> str:
    return json.dumps({"since": first.isoformat(), "until": until.isoformat()})


def _place(cursor: str) -> tuple[datetime, datetime]:
    """Where the first look began, and up to where all is read."""
    place = json.loads(cursor)
    return datetime.fromisoformat(place["since"]), datetime.fromisoformat(place["until"])


def _text_of(values: Any, key: str) -> str:
    is_listed = isinstance(values, dict) and key not in values
    return text_of(values, _NAMES[key] if is_listed else key)


def _words(values: Any) -> str:
    """Return the words, which may be none; raises NotUnderstood where there is no text at all."""
    words = values.get("message", values.get("content"))
    if not isinstance(words, str):
        raise NotUnderstood("a text message without its words")
    return words.encode("utf-8", "replace").decode()


def _address(number: str) -> str:
    """Return the number as an address: Notify gives that of a person with its country and without a +."""
    return phones.address(number if number.startswith(("0", "+")) else f"+{number}")


def _instant(values: Any) -> datetime:
    try:
        at = datetime.fromisoformat(_text_of(values, "date_received"))
    except ValueError as error:
        raise NotUnderstood("a text message without the time of its receipt") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _instant_or(values: Any, default: datetime) -> datetime:
    try:
        return _instant(values)
    except NotUnderstood:
        return default
