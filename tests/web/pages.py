"""What the tests of the web share: a desk that takes messages, and a page as a reader finds it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestClient
from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.channel import Batch, Temporary
from bot.core.messages import Inbound
from bot.flows.desk.linked import Choice, Shown
from bot.web.server import Filed

Site = TestClient[web.Request, web.Application]
Open = Callable[..., Awaitable[Site]]


@dataclass
class Desk:
    """Takes messages the way the service does: one reference for each message, the same one when it comes again."""

    taken: dict[str, Inbound] = field(default_factory=dict)
    broken: Exception | None = None
    problems: list[str] = field(default_factory=list)

    async def submit(self, inbound: Inbound) -> Filed:
        """Give a reference, unless the store is out of order."""
        if self.broken:
            raise self.broken
        self.taken.setdefault(inbound.external_id, inbound)
        number = list(self.taken).index(inbound.external_id) + 1
        by_email = inbound.sender is not None
        return Filed(f"EX-7K3M-9QP{number}", "Monday 7 December 2026", "10 working days", by_email)

    async def log(self, channel: str, batch: Batch) -> None:
        """Take what a platform brings, unless the store is out of order."""
        if self.broken:
            raise self.broken
        for inbound in batch.messages:
            self.taken.setdefault(f"{channel} {inbound.external_id}", inbound)

    async def look(self, _token: str) -> Shown | None:
        """There is no alert."""
        return None

    async def act(self, _token: str, _choice: Choice) -> bool:
        """There is nothing to act on."""
        return False

    async def why_not_ready(self) -> list[str]:
        """The problems that the test set."""
        return self.problems

    async def figures(self) -> bytes:
        """Some metrics."""
        return b"# HELP contacts_total Contacts.\n"

    def locked(self) -> None:
        """The store cannot take anything just now."""
        self.broken = Temporary("the store is locked")


class Page:
    """A page, parsed; what is looked for must be there."""

    def __init__(self, text: str) -> None:
        self._tree = LexborHTMLParser(text)

    def all(self, selector: str) -> list[LexborNode]:
        """Every element that the CSS selector finds."""
        return self._tree.css(selector)

    def first(self, selector: str) -> LexborNode:
        """The first of them."""
        found = self._tree.css_first(selector)
        assert found is not None, selector
        return found

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
