"""The list from which a contact was opened: the way back to it, and the contact that comes next in it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy import Connection

from bot.core.contacts import Contact, State
from bot.core.roles import Scope
from bot.store import queue
from bot.web.console import filters
from bot.web.console.doorkeeper import ROOT
from bot.web.console.filters import Filters
from bot.web.forms import number_of

NAME = "list"
MOST_PAGES = 10_000
_LONGEST = 2_000
_MOST_FIELDS = 30
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# "o" for open or "f" for finished, then the date that was due, in microseconds since 1970.
_PLACE = re.compile(r"([of])([0-9]{0,17})")


@dataclass(frozen=True, slots=True)
class List:
    """The filters and the page of a list of the queue; without `?list=` everything open.

    `place` is where the contact stood when somebody began to act on it: what they do may move it, or take it out.
    """

    filters: Filters
    number: int
    place: str = ""

    @classmethod
    def of(cls, request: web.Request, values: Mapping[str, str] | None = None) -> "List":
        """The list that a form carries in its `values`, or the address in `?list=`."""
        return cls.read((values or {}).get(NAME) or request.query.get(NAME, ""))

    @classmethod
    def read(cls, query: str) -> "List":
        """The list with that query, as `query` and `field` write it; what makes no sense is left out."""
        try:
            values = dict(parse_qsl(query[:_LONGEST], max_num_fields=_MOST_FIELDS))
        except ValueError:
            values = {}
        place = values.get("place", "")
        return cls(filters.read(values), page_in(values), place if _PLACE.fullmatch(place) else "")

    @property
    def query(self) -> str:
        """What stands behind `?list=`, before it is quoted."""
        return urlencode({**self.filters.values, **({"page": self.number} if self.number > 1 else {})})

    @property
    def back(self) -> str:
        """The address of the list."""
        return f"{ROOT}/queue?{self.query}" if self.query else f"{ROOT}/queue"

    def address(self, reference: str) -> str:
        """The address of a contact of this list."""
        return address_in(self.query, reference)

    def next(self, connection: Connection, contact: Contact, scope: Scope, zone: ZoneInfo, now: datetime) -> str:
        """The address of the contact that comes after this contact in the list as it stands now; "" at its end."""
        criteria = self.filters.as_criteria(zone)
        reference = queue.next_of(connection, criteria, scope, now, _place_in(self.place, contact))
        return self.address(reference) if reference else ""

    def field(self, contact: Contact) -> str:
        """The hidden field `list` of a form: the list, and where the contact stood in it before anything was done."""
        place = self.place or _place_of(contact)
        return f"{self.query}&place={place}" if self.query else f"place={place}"


def address_in(query: str, reference: str) -> str:
    """The address of a contact that is opened from the list with that query."""
    return f"{ROOT}/contacts/{reference}?{NAME}={quote(query)}" if query else f"{ROOT}/contacts/{reference}"


def page_in(values: Mapping[str, Any]) -> int:
    """The page of a list that is asked for, from 1 on."""
    return min(max(number_of(str(values.get("page", ""))) or 1, 1), MOST_PAGES)


def _place_of(contact: Contact) -> str:
    due = (contact.due_at - _EPOCH) // _MICROSECOND if contact.due_at is not None else ""
    return f"{'o' if contact.state == State.OPEN else 'f'}{due}"


def _place_in(text: str, contact: Contact) -> queue.Place:
    """The place that a form carried, else where the contact stands now."""
    match = _PLACE.fullmatch(text or _place_of(contact))
    is_open, due_at = contact.state == State.OPEN, contact.due_at
    if match is not None:
        is_open, due_at = match[1] == "o", _EPOCH + int(match[2]) * _MICROSECOND if match[2] else None
    return queue.Place(contact.id, contact.received_at, due_at, is_open)
