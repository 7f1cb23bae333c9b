"""What the tests of the web share: a desk that takes messages, and a page as a reader finds it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from aiohttp import web
from aiohttp.test_utils import TestClient
from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.channel import Batch
from bot.core.contacts import Contact
from bot.core.messages import Inbound
from bot.flows.intake.batches import Capacity, Filed, Reading
from bot.flows.intake.receive import receive
from bot.flows.rulebook import Rulebook
from bot.present import Present
from bot.store import contacts
from bot.store.engine import Store, StoreUnavailable

Browser = TestClient[web.Request, web.Application]
Open = Callable[..., Awaitable[Browser]]


@dataclass
class Desk:
    """Logs messages as the service does, unless it is broken, and remembers them: the same one comes in once."""

    store: Store
    book: Rulebook
    taken: dict[str, Inbound] = field(default_factory=dict)
    broken: Exception | None = None
    problems: list[str] = field(default_factory=list)

    async def log(self, batch: Batch, reading: Reading) -> list[Filed]:
        """Log what comes by the form."""
        self.take(batch, reading)
        work = partial(receive, batch=batch, reading=reading, now=Present().now(), book=self.book, room=Capacity())
        return (await self.store.write(work)).filed

    async def keep(self, batch: Batch, reading: Reading) -> list[Filed]:
        """Take what a platform brings, which no store needs to know."""
        self.take(batch, reading)
        return []

    def take(self, batch: Batch, reading: Reading) -> None:
        """Remember it, unless the store is out of order."""
        if self.broken:
            raise self.broken
        for inbound in batch.messages:
            self.taken.setdefault(f"{reading.channel} {inbound.external_id}", inbound)

    async def contact(self) -> Contact:
        """The only contact that there is."""
        (contact,) = await self.store.read(contacts.list_all)
        return contact

    async def why_not_ready(self) -> list[str]:
        """The problems that the test set."""
        return self.problems

    async def figures(self) -> bytes:
        """Some metrics."""
        return b"# HELP contacts_total Contacts.\n"

    def locked(self) -> None:
        """The store cannot take anything just now."""
        self.broken = StoreUnavailable("the store is locked")


class Page:
    """A page, parsed; what is looked for must be there."""

    def __init__(self, text: str) -> None:
        self._tree = LexborHTMLParser(text)

    def all(self, selector: str) -> list[LexborNode]:
        """Every element that the CSS selector finds."""
        return self._tree.css(selector)

    def first(self, selector: str) -> LexborNode:
        """The first of them."""
        node = self._tree.css_first(selector)
        assert node is not None, selector
        return node

    def text(self, selector: str = "html") -> str:
        """The text of the first, without the space around it."""
        return self.first(selector).text().strip()

    def value(self, selector: str, attribute: str) -> str:
        """One attribute of the first."""
        return value(self.first(selector), attribute)


def value(node: LexborNode, attribute: str) -> str:
    """An attribute that must be there; "" when it has no value."""
    assert attribute in node.attributes, attribute
    return node.attributes[attribute] or ""
