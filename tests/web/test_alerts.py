"""The page behind the link of an alert: looking changes nothing, posting acts once, and nobody guesses an address."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot.channel import Temporary
from bot.core import links
from bot.core.contacts import Contact
from bot.flows.changes import respond
from bot.flows.desk import linked
from bot.flows.outgoing import alert
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox
from bot.store.engine import Store
from bot.store.tables import deliveries
from bot.web.public.alert_link import Alerts
from tests.flows.conftest import NOW, Make, book, mail, store, writing
from tests.flows.desk import again, logged
from tests.flows.test_urgent import GAS
from tests.web.pages import Open, Page, Site

__all__ = ["book", "mail", "store"]
SECRET = b"a secret of the test"


class Behind:
    """A contact with an alert, and the site that shows it at `now`."""

    def __init__(self, store: Store, book: Rulebook, message: Any) -> None:
        self._store, self.now, self.broken = store, NOW, False
        self.book = replace(book, secret=SECRET, website="https://contact.example.gov.uk", urgent=(GAS,))
        with writing(store) as connection:
            self.contact = logged(connection, self.book, message)
            outbox.queue(connection, alert.handed_over(self.contact, NOW, self.book))
            sent = connection.execute(select(deliveries.c.id).where(deliveries.c.step == "handed-over")).scalar_one()
        self.path = f"/alerts/{links.token(sent, self.contact.id, NOW + timedelta(days=14), SECRET)}"

    async def look(self, token: str) -> linked.Shown | None:
        """As the service does."""
        shown: linked.Shown | None = self._do(lambda c: linked.show(c, token, self.now, self.book))
        return shown

    async def act(self, token: str, choice: linked.Choice) -> Any:
        """As the service does."""
        return self._do(lambda c: linked.act(c, token, choice, self.now, self.book))

    def known(self) -> Contact:
        """As it is stored."""
        found: Contact = self._do(lambda c: again(c, self.contact.reference))
        return found

    def history(self) -> list[str]:
        """The kinds of its events."""
        return [event["kind"] for event in self._do(lambda c: contacts.events_of(c, self.contact.id))]

    def answered(self) -> None:
        """Staff answer."""
        self._do(lambda c: respond.respond(c, self.contact.reference, self.now, actor="staff:me"))

    def _do(self, work: Callable[[Connection], Any]) -> Any:
        if self.broken:
            raise Temporary("the store is locked")
        with writing(self._store) as connection:
            return work(connection)


@pytest.fixture
def behind(store: Store, book: Rulebook, mail: Make) -> Behind:
    """An urgent contact with a name in it that must not be shown."""
    return Behind(store, book, mail(1, text="I smell gas. My name is Zebedee.", Subject="Zebedee"))


@pytest.fixture
async def site(open_site: Open, behind: Behind) -> Site:
    """The site with that page."""
    return await open_site(alerts=Alerts(behind.look, behind.act))


async def test_looking_shows_what_is_to_be_done_and_changes_nothing(site: Site, behind: Behind) -> None:
    """Reference, date, team; no word of the person; not kept by anybody on the way."""
    before = behind.known()
    for method in ("get", "head"):
        for _ in range(3):
            response = await getattr(site, method)(behind.path)
            assert response.status == 200
            assert (response.headers["Cache-Control"], response.headers["X-Robots-Tag"]) == ("no-store", "noindex")
    text = await (await site.get(behind.path)).text()
    assert behind.contact.reference in text
    assert "There may be gas" in text
    assert not [word for word in ("Zebedee", "resident1") if word in text]
    assert behind.known() == before


async def test_whoever_takes_it_is_known_and_the_second_one_is_told(site: Site, behind: Behind) -> None:
    """By the address to which the alert went."""
    first = await site.post(behind.path, data={"action": "take"})
    assert (first.status, "It is yours." in await first.text()) == (200, True)
    assert (behind.known().taken_by, behind.known().urgent_at) == ("staff:staff@example.gov.uk", None)
    second = await site.post(behind.path, data={"action": "take"})
    assert (second.status, "was taken by" in await second.text()) == (409, True)
    assert behind.history().count("taken") == 1


async def test_quiet_is_one_of_the_times_that_are_offered(site: Site, behind: Behind) -> None:
    """Never beyond the moment at which nearly all of the time is used."""
    page = Page(await (await site.get(behind.path)).text())
    offered = [node.attributes["value"] for node in page.all("#until option")]
    assert len(offered) >= 2
    assert (await site.post(behind.path, data={"action": "quiet", "until": offered[-1]})).status == 200
    assert behind.known().quiet_until is not None
    for wrong in ("2099-01-01T09:00+00:00", "2026-12-01T09:00+00:00", "2020-01-01T09:00", "", "soon"):
        assert (await site.post(behind.path, data={"action": "quiet", "until": wrong})).status == 422


async def test_it_is_handed_over(site: Site, behind: Behind) -> None:
    """To a person of the team, who is told; what is wrong says so."""
    for owner in ("<script>", "channel:post@x.example", "a@b.example,c@d.example"):
        wrong = await site.post(behind.path, data={"action": "assign", "team": "front", "owner": owner})
        assert (wrong.status, "must be an email address" in await wrong.text()) == (422, True)
    stranger = await site.post(behind.path, data={"action": "assign", "owner": "evil@evil.example"})
    assert (stranger.status, "obody of staff has the address" in await stranger.text()) == (422, True)
    nobody = await site.post(behind.path, data={"action": "assign", "team": "nosuch"})
    assert nobody.status == 422
    done = await site.post(behind.path, data={"action": "assign", "team": "front", "owner": "Staff@example.gov.uk"})
    assert (done.status, behind.known().owner) == (200, "staff@example.gov.uk")
    assert (await site.post(behind.path, data={})).status == 409


async def test_a_link_ends_and_cannot_be_made(site: Site, behind: Behind) -> None:
    """After a fortnight it says so; what we have not signed is no page."""
    behind.now += timedelta(days=15)
    for asked in (site.get(behind.path), site.post(behind.path, data={"action": "take"})):
        ended = await asked
        assert (ended.status, "This link has ended" in await ended.text()) == (410, True)
    for path in (behind.path[:-1] + "x", "/alerts/1.2.3.x", "/alerts/%00", "/alerts/..%2f"):
        assert (await site.get(path)).status == 404
        assert (await site.post(path, data={"action": "take"})).status == 404


async def test_what_is_answered_needs_nothing_more(site: Site, behind: Behind) -> None:
    """The page says so; an old page that is sent is told so."""
    behind.answered()
    text = await (await site.get(behind.path)).text()
    assert "answered or closed" in text
    assert "<button" not in text
    assert (await site.post(behind.path, data={"action": "take"})).status == 409


async def test_a_store_that_cannot_be_read_is_no_loss(site: Site, behind: Behind) -> None:
    """Try again."""
    behind.broken = True
    assert (await site.get(behind.path)).status == 503
    assert (await site.post(behind.path, data={"action": "take"})).status == 503
