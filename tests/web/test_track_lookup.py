"""Asking for a link by reference and address: it goes to the address on file, and nobody learns what there is."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.core import threads
from bot.core.contacts import Contact
from bot.flows.residents import links
from bot.flows.rulebook import Rulebook
from bot.present import Present
from bot.settings.reading import Settings
from bot.store import contacts, outbox, suppressions
from bot.store.engine import Store
from bot.web.site import Site
from tests.flows.test_tracking_door import statements
from tests.rulebooks import altered
from tests.web.pages import Browser, Page
from tests.web.tracking import ADDRESS, PERSONAL, WEBSITE, log, message

Logged = Callable[..., Awaitable[Contact]]
SENT = "If we have a message with this reference and this address, we have sent a link there."


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An organisation whose pages stand somewhere."""
    return replace(settings, web=settings.web.model_copy(update={"public_url": WEBSITE}))


@pytest.fixture
def book(book: Rulebook) -> Rulebook:
    """Promises, a website, and an outlet for text messages."""
    ways = {name: replace(way, texts_outlet="texts") for name, way in book.ways.items()}
    return altered(book, ways=ways, words=frozenset({"texts"}))


@pytest.fixture
def logged(site: Site, store: Store) -> Logged:
    """Log a contact two days ago."""

    async def make(**more: Any) -> Contact:
        at = Present().now() - timedelta(days=more.pop("days_ago", 2))
        contact: Contact = await store.write(lambda c: log(c, site, message(**more), at))
        return contact

    return make


async def ask(browser: Browser, reference: str, address: str) -> tuple[int, Page]:
    """What is answered to whoever types this."""
    answer = await browser.post("/track", data={"reference": reference, "address": address})
    return answer.status, Page(await answer.text())


async def links_to(store: Store, contact: Contact) -> list[str]:
    """Where links to its page were queued to."""
    deliveries = await store.read(lambda c: outbox.of_contact(c, contact.id))
    return [delivery.recipient for delivery in deliveries if delivery.purpose == "track-link"]


async def test_the_link_goes_to_the_address_on_file(browser: Browser, logged: Logged, store: Store) -> None:
    """However the reference and the address are typed."""
    contact = await logged()
    body = contact.reference.removeprefix("EX-")
    for typed in (contact.reference, f" {body.lower()} ", contact.reference.replace("-", " ").lower()):
        status, page = await ask(browser, typed, ADDRESS.upper())
        assert (status, SENT in page.text("main")) == (200, True)
    assert await links_to(store, contact) == [ADDRESS] * 3


async def test_a_telephone_number_is_known_in_every_form(browser: Browser, logged: Logged, store: Store) -> None:
    """The link goes by text message, to the number on file."""
    contact = await logged(address="tel:+441632960888")
    for typed in ("01632 960 888", "+44 (0)1632 960888", "0044 1632 960888"):
        assert (await ask(browser, contact.reference, typed))[0] == 200
    assert await links_to(store, contact) == ["tel:+441632960888"] * 3


async def test_a_second_address_on_the_form_is_theirs_too(browser: Browser, logged: Logged, store: Store) -> None:
    """Who gave a telephone number beside their address has the link by text message; a later writer's is not theirs."""
    fields = {"email": ADDRESS, "phone": "01632 960 888"}
    contact, other = await logged(fields=fields), await logged(number=2, address="eve@residents.example")
    assert (await ask(browser, contact.reference, "+44 1632 960888"))[0] == 200
    assert (await ask(browser, other.reference, "+44 1632 960888"))[0] == 200
    assert (await ask(browser, contact.reference, "01632 960 889"))[0] == 200
    assert await links_to(store, contact) == ["tel:+441632960888"]
    assert await links_to(store, other) == []


async def test_no_answer_tells_whether_there_is_a_message(browser: Browser, logged: Logged, store: Store) -> None:
    """The same page, word by word, and the link goes nowhere else."""
    contact = await logged()
    pairs = [(contact.reference, ADDRESS), (contact.reference, "eve@residents.example"), ("EX-2222-2222", ADDRESS)]
    answers = [await browser.post("/track", data={"reference": r, "address": a}) for r, a in pairs]
    assert [answer.status for answer in answers] == [200] * 3
    assert len({await answer.text() for answer in answers}) == 1
    assert await links_to(store, contact) == [ADDRESS]


@pytest.mark.parametrize(
    ("reference", "address", "field"),
    [
        ("EX-2222-2223", ADDRESS, "reference"),
        ("", ADDRESS, "reference"),
        ("EX-2222-2222", "", "address"),
        ("EX-2222-2222", "sam", "address"),
        ("EX-2222-2222", "a@b@c", "address"),
        ("EX-2222-2222", "x" * 400 + "@residents.example", "address"),
    ],
)
async def test_what_was_mistyped_is_said_beside_the_field(
    browser: Browser, reference: str, address: str, field: str
) -> None:
    """A reference shows by itself that a character is wrong; nothing is looked up for that."""
    status, page = await ask(browser, reference, address)
    assert status == 422
    assert page.value(f"#{field}", "aria-invalid") == "true"
    assert page.value("#address", "value") == address.strip()


async def test_three_links_a_day_are_enough(browser: Browser, logged: Logged, store: Store) -> None:
    """For whoever asks again the page says the same."""
    contact = await logged()
    for _ in range(5):
        assert (await ask(browser, contact.reference, ADDRESS))[0] == 200
    assert len(await links_to(store, contact)) == 3


async def test_whoever_asks_too_often_waits(browser: Browser, logged: Logged, store: Store) -> None:
    """One reference ten times, one network twenty times in an hour; what there is does not matter."""
    contact = await logged()
    for reference in (contact.reference, "EX-2222-2222"):
        statuses = [(await ask(browser, reference, f"guess{n}@residents.example"))[0] for n in range(12)]
        assert statuses[:10] == [200] * 10 or statuses[:8] == [200] * 8
        assert statuses[-1] == 429
    assert await links_to(store, contact) == []


@pytest.mark.parametrize(("guesses", "number", "looked_up"), [("addresses", 1_000, 10), ("references", 10_000, 20)])
async def test_of_ten_thousand_guesses_few_are_looked_up(
    site: Site, logged: Logged, store: Store, guesses: str, number: int, looked_up: int
) -> None:
    """Of addresses for one reference, or of references from one network; and none of them finds anything."""
    contact, now = await logged(), Present().now()

    def wish(guessed: int) -> links.Wish:
        address = f"guess{guessed}@residents.example"
        if guesses == "addresses":
            return links.Wish(contact.reference, address, "")
        return links.Wish(threads.reference_of(guessed, "EX"), address, "203.0.113.9")

    def guess(connection: Any) -> int:
        return sum(links.send(connection, wish(guessed), now, now, site.book) for guessed in range(1, number + 1))

    assert await store.write(guess) == looked_up
    assert await links_to(store, contact) == []


async def test_the_work_is_the_same_whatever_there_is(site: Site, logged: Logged, store: Store) -> None:
    """The store is asked as many questions, of the same words, for a contact, another address and none."""
    contact, now = await logged(), Present().now()

    def run(connection: Any) -> list[list[str]]:
        runs = []
        for number, (reference, address) in enumerate(
            [(contact.reference, ADDRESS), (contact.reference, "eve@residents.example"), ("EX-2222-2222", ADDRESS)]
        ):
            with statements(connection) as run:
                assert links.send(
                    connection, links.Wish(reference, address, f"203.0.113.{number}"), now, now, site.book
                )
            runs.append([statement for statement in run if not statement.startswith(("SAVEPOINT", "RELEASE"))])
        return runs

    first, second, third = await store.write(run)
    assert first == second == third


async def _closed_long_ago(store: Store, contact: Contact) -> None:
    at = Present().now() - timedelta(days=40)
    values = {"state": "answered", "responded_at": at, "next_look_at": None}
    await store.write(lambda c: contacts.put(c, contact.id, values))


async def _urgent(store: Store, contact: Contact) -> None:
    await store.write(lambda c: contacts.put(c, contact.id, {"urgent": "gas"}))


async def _suppressed(store: Store, contact: Contact) -> None:
    now = Present().now()
    await store.write(lambda c: suppressions.add(c, ADDRESS, "it came back", now, now + timedelta(days=30)))


async def _public(store: Store, contact: Contact) -> None:
    await store.write(lambda c: contacts.put(c, contact.id, {"visibility": "public"}))


async def _forgotten(store: Store, contact: Contact) -> None:
    await store.write(lambda c: contacts.put(c, contact.id, {"forgotten": True}))


@pytest.mark.parametrize("change", [_closed_long_ago, _urgent, _suppressed, _public, _forgotten])
async def test_no_link_is_sent_where_there_is_no_page(
    browser: Browser, logged: Logged, store: Store, change: Callable[[Store, Contact], Awaitable[None]]
) -> None:
    """Or where mail to the address came back; and the answer is the same."""
    contact = await logged(days_ago=50)
    await change(store, contact)
    status, page = await ask(browser, contact.reference, ADDRESS)
    assert (status, SENT in page.text("main")) == (200, True)
    assert await links_to(store, contact) == []


async def test_a_merged_contact_leads_to_the_one_in_which_it_goes_on(
    browser: Browser, logged: Logged, store: Store
) -> None:
    """Where that is the same person's; the page of somebody else is not theirs to see."""
    duplicate, survivor, of_another = [
        await logged(number=n, address=a) for n, a in enumerate((ADDRESS, ADDRESS, "eve@residents.example"), 1)
    ]
    await store.write(lambda c: contacts.put(c, duplicate.id, {"merged_into": survivor.id}))
    await ask(browser, duplicate.reference, ADDRESS)
    assert await links_to(store, survivor) == [ADDRESS]
    await store.write(lambda c: contacts.put(c, duplicate.id, {"merged_into": of_another.id}))
    await ask(browser, duplicate.reference, ADDRESS)
    assert await links_to(store, of_another) == []


async def test_nothing_that_was_typed_is_in_an_address_or_title(browser: Browser, logged: Logged) -> None:
    """It is posted, and the page that follows names nobody."""
    contact = await logged()
    answer = await browser.post("/track", data={"reference": contact.reference, "address": ADDRESS})
    page = Page(await answer.text())
    assert not answer.url.query
    assert not [words for words in PERSONAL if words in page.text("title") or words in await answer.text()]
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
