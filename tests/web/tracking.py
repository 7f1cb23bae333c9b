"""A contact with its page, as the tests of the page need it: what is done on it goes over real HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from bot.channel import Batch
from bot.core.contacts import Contact
from bot.core.messages import Inbound, Party
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.outgoing.compose import MessageWriter
from bot.flows.outgoing.deliver import Attempt, ClaimTerms, record
from bot.flows.residents import door
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox
from bot.store.engine import Store
from bot.store.tables import metadata
from bot.web.site import Site
from tests.web.pages import Browser, Page

WEBSITE = "https://contact.example.gov.uk"
ADDRESS, NAME, SUBJECT = "sam.quimby@residents.example", "Sam Quimby", "Zebra crossing"
WORDS = "The lights at the crossing do not work. Call me on 01632 960 999."
PERSONAL = (ADDRESS, NAME, SUBJECT, WORDS, "Quimby", "01632 960 999", "Zebra")


@dataclass
class Tracked:
    """A contact with its page."""

    store: Store
    book: Rulebook
    browser: Browser
    contact: Contact

    @property
    def path(self) -> str:
        """The address of its page, as the contact stood when it was read."""
        return door.path_of(self.contact, self.book)

    async def do(self, work: Any) -> Any:
        """Let this happen to the store."""
        return await self.store.write(work)

    async def stands(self) -> Contact:
        """The contact as it is stored now."""
        contact = await self.store.read(lambda c: contacts.find(c, self.contact.reference))
        assert contact
        return contact

    async def history(self) -> list[str]:
        """The kinds of its events."""
        events = await self.store.read(lambda c: contacts.events_of(c, self.contact.id))
        return [event.kind for event in events]

    async def deliveries(self, purpose: str) -> list[Any]:
        """What was queued about it for this purpose."""
        deliveries = await self.store.read(lambda c: outbox.of_contact(c, self.contact.id))
        return [delivery for delivery in deliveries if delivery.purpose == purpose]

    async def get(self, below: str = "", **headers: str) -> tuple[int, Page]:
        """A page below that of the contact."""
        answer = await self.browser.get(f"{self.path}{below}", headers=headers)
        return answer.status, Page(await answer.text())

    async def post(self, below: str, **fields: str) -> tuple[int, Page]:
        """What is answered when this is posted there."""
        answer = await self.browser.post(f"{self.path}{below}", data=fields)
        return answer.status, Page(await answer.text())


def message(
    number: int = 1,
    *,
    address: str | None = ADDRESS,
    text: str = WORDS,
    fields: Mapping[str, str] | None = None,
    **more: Any,
) -> Inbound:
    """A message on the form."""
    return Inbound(
        channel="website",
        external_id=f"page{number}",
        digest=f"{number}",
        sender=Party(address, NAME) if address else None,
        subject=SUBJECT,
        text=text,
        fields={"name": NAME, **(fields or {})},
        **more,
    )


def log(connection: Connection, site: Site, inbound: Inbound, now: datetime) -> Contact:
    """The contact of this message, its receipt handed over as it was written."""
    book, writer = site.book, MessageWriter(site.composer, site.book, site.book.secret)
    room = Capacity({"post": 5}, ClaimTerms(timedelta(minutes=5)))
    received = receive(connection, Batch((inbound,)), Reading(inbound.channel), now, book, room)
    for claim in received.claimed:
        record(connection, [Attempt(claim.delivery, now, message=writer.write(claim, now))], book)
    contact = contacts.find(connection, received.filed[0].reference or "")
    assert contact
    return contact


def contents(connection: Connection) -> dict[str, list[Any]]:
    """Everything that the store holds, table by table."""
    return {table.name: sorted(map(repr, connection.execute(select(table)))) for table in metadata.sorted_tables}
