"""The page behind the link of an alert: looking changes nothing, posting acts once, and nobody guesses an address."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from bot.core import links
from bot.core.contacts import Contact
from bot.flows.changes import respond
from bot.flows.outgoing import alert
from bot.flows.rulebook import Rulebook
from bot.present import Present
from bot.store import contacts, outbox
from bot.store.conditions import IS_CALL
from bot.store.engine import Store
from bot.store.tables import deliveries
from tests.flows.conftest import NOW, Make, book, mail, store, writing
from tests.flows.desk import again, logged
from tests.flows.test_urgent import GAS
from tests.rulebooks import altered
from tests.web.pages import Browser, Open, Page

__all__ = ["book", "mail", "store"]
SECRET = b"a secret of the test"


class Behind:
    """A contact with an alert."""

    def __init__(self, store: Store, book: Rulebook, message: Any) -> None:
        self._store = store
        self.book = altered(book, secret=SECRET, website="https://contact.example.gov.uk", urgent=(GAS,))
        with writing(store) as connection:
            self.contact = logged(connection, self.book, message)
            outbox.queue(connection, alert.handed_over(self.contact, NOW, self.book))
            sent = connection.execute(select(deliveries.c.id).where(deliveries.c.step == "handed-over")).scalar_one()
        self.path = f"/alerts/{links.token(sent, self.contact.id, NOW + timedelta(days=14), SECRET)}"

    def known(self) -> Contact:
        """As it is stored."""
        contact: Contact = self._do(lambda c: again(c, self.contact.reference))
        return contact

    def history(self) -> list[str]:
        """The kinds of its events."""
        return [event.kind for event in self._do(lambda c: contacts.events_of(c, self.contact.id))]

    def answered(self) -> None:
        """Staff answer."""
        self._do(lambda c: respond.respond(c, self.contact.reference, NOW, self.book, actor="staff:me"))

    def _do(self, work: Callable[[Connection], Any]) -> Any:
        with writing(self._store) as connection:
            return work(connection)


@pytest.fixture
def behind(store: Store, book: Rulebook, mail: Make) -> Behind:
    """An urgent contact with a name in it that must not be shown."""
    return Behind(store, book, mail(1, text="I smell gas. My name is Zebedee.", Subject="Zebedee"))


@pytest.fixture
async def opened(store: Store) -> AsyncIterator[Store]:
    """The store with its writer thread."""
    store.open()
    yield store
    await store.close()


@pytest.fixture
async def browser(open_site: Open, opened: Store, behind: Behind) -> Browser:
    """A browser, when the alert has just left."""
    return await open_site(book=behind.book, present=Present(NOW))


async def test_looking_shows_what_is_to_be_done_and_changes_nothing(browser: Browser, behind: Behind) -> None:
    """Reference, date, team; no word of the person; not kept by anybody on the way."""
    before = behind.known()
    for method in ("get", "head"):
        for _ in range(3):
            response = await getattr(browser, method)(behind.path)
            assert response.status == 200
            assert (response.headers["Cache-Control"], response.headers["X-Robots-Tag"]) == ("no-store", "noindex")
    text = await (await browser.get(behind.path)).text()
    assert f'<a href="/console/contacts/{behind.contact.reference}">' in text
    assert "There may be gas" in text
    assert not [word for word in ("Zebedee", "resident1") if word in text]
    assert behind.known() == before


async def test_whoever_takes_it_is_known_and_the_second_one_is_told(browser: Browser, behind: Behind) -> None:
    """By the address to which the alert went."""
    first = await browser.post(behind.path, data={"action": "take"})
    assert (first.status, "It is yours." in await first.text()) == (200, True)
    assert (behind.known().taken_by, behind.known().urgent_at) == ("staff:staff@example.gov.uk", None)
    second = await browser.post(behind.path, data={"action": "take"})
    assert (second.status, "was taken by" in await second.text()) == (409, True)
    assert behind.history().count("taken") == 1


async def test_quiet_is_one_of_the_times_that_are_offered(browser: Browser, behind: Behind) -> None:
    """Never beyond the moment at which nearly all of the time is used."""
    page = Page(await (await browser.get(behind.path)).text())
    offered = [node.attributes["value"] for node in page.all("#until option")]
    assert len(offered) >= 2
    assert (await browser.post(behind.path, data={"action": "quiet", "until": offered[-1]})).status == 200
    assert behind.known().quiet_until is not None
    for wrong in ("2099-01-01T09:00+00:00", "2026-12-01T09:00+00:00", "2020-01-01T09:00", "", "soon"):
        assert (await browser.post(behind.path, data={"action": "quiet", "until": wrong})).status == 422


async def test_it_is_handed_over(browser: Browser, behind: Behind) -> None:
    """To a person of the team, who is told; what is wrong says so."""
    for owner in ("<script>", "channel:post@x.example", "a@b.example,c@d.example"):
        wrong = await browser.post(behind.path, data={"action": "assign", "team": "front", "owner": owner})
        assert (wrong.status, "must be an email address" in await wrong.text()) == (422, True)
    stranger = await browser.post(behind.path, data={"action": "assign", "owner": "evil@evil.example"})
    assert (stranger.status, "obody of staff has the address" in await stranger.text()) == (422, True)
    nobody = await browser.post(behind.path, data={"action": "assign", "team": "nosuch"})
    assert nobody.status == 422
    done = await browser.post(behind.path, data={"action": "assign", "team": "front", "owner": "Staff@example.gov.uk"})
    assert (done.status, behind.known().owner) == (200, "staff@example.gov.uk")
    assert (await browser.post(behind.path, data={})).status == 409


async def test_all_of_a_flood_are_taken_by_one_button(
    browser: Browser, store: Store, behind: Behind, mail: Make
) -> None:
    """The page of a call counts all that its person was called about; the button takes what the page counted."""
    for number in range(2, 5):
        with writing(store) as connection:
            logged(connection, behind.book, mail(number, text=f"I smell gas at {number} High Street."))
    with writing(store) as connection:
        connection.execute(update(deliveries).where(deliveries.c.purpose == "urgent").values(state="sent", sent_at=NOW))
        call = connection.execute(select(deliveries.c.id, deliveries.c.contact_id).where(IS_CALL)).first()
        assert call
    path = f"/alerts/{links.token(call.id, call.contact_id, NOW + timedelta(days=14), SECRET)}"
    page = Page(await (await browser.get(path)).text())
    assert [button.text() for button in page.all("button[value=take-all]")] == ["Take all 4"]
    (up_to,) = (node.attributes["value"] for node in page.all("input[name=up_to]"))
    assert not Page(await (await browser.get(behind.path)).text()).all("button[value=take-all]")
    answer = await browser.post(path, data={"action": "take-all", "up_to": up_to})
    assert (answer.status, "4 contacts are yours." in await answer.text()) == (200, True)
    assert behind.known().urgent_at is None
    second = await browser.post(path, data={"action": "take-all", "up_to": up_to})
    assert (second.status, "obody is called about any" in await second.text()) == (409, True)


async def test_a_link_ends_and_cannot_be_made(open_site: Open, opened: Store, behind: Behind) -> None:
    """After a fortnight it says so; what we have not signed is no page."""
    browser = await open_site(book=behind.book, present=Present(NOW + timedelta(days=15)))
    for request in (browser.get(behind.path), browser.post(behind.path, data={"action": "take"})):
        ended = await request
        assert (ended.status, "This link has ended" in await ended.text()) == (410, True)
    for path in (behind.path[:-1] + "x", "/alerts/1.2.3.x", "/alerts/%00", "/alerts/..%2f"):
        assert (await browser.get(path)).status == 404
        assert (await browser.post(path, data={"action": "take"})).status == 404


async def test_what_is_answered_needs_nothing_more(browser: Browser, behind: Behind) -> None:
    """The page says so; an old page that is sent is told so."""
    behind.answered()
    text = await (await browser.get(behind.path)).text()
    assert "answered or closed" in text
    assert "<button" not in text
    assert (await browser.post(behind.path, data={"action": "take"})).status == 409


async def test_a_store_that_cannot_be_read_is_no_loss(open_site: Open, behind: Behind, tmp_path: Path) -> None:
    """Try again."""
    lost = Store(f"sqlite:///{tmp_path / 'nowhere' / 'ackbot.db'}")
    lost.open()
    browser = await open_site(book=behind.book, present=Present(NOW), store=lost)
    assert (await browser.get(behind.path)).status == 503
    assert (await browser.post(behind.path, data={"action": "take"})).status == 503
    await lost.close()
