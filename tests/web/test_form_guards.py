"""A program at the form, and many messages from one network: all are taken, and the page says what is true."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest

from bot.core.contacts import Contact
from bot.present import Present
from bot.store import contacts, holds
from bot.web.public import form_page
from bot.web.site import Site
from tests.web.pages import Browser, Desk, Open, Page

SECRET = b"a secret of the tests, 32 and more"
LATER, PERHAPS, NOW = "will come later than usual", "You may not get an email", "We are sending an email"


async def fields(browser: Browser, **more: str) -> dict[str, str]:
    """The form as it is shown, with a message."""
    page = Page(await (await browser.get("/")).text())
    names = ("token", "shown", form_page.TRAP)
    hidden = {name: page.value(f"input[name={name}]", "value") for name in names}
    return {**hidden, "name": "Sam", "email": "sam@residents.example", "message": "The lamp is out.", **more}


def before(token: str, span: timedelta) -> str:
    """What the page of this token would hold, had it been shown so long ago."""
    return form_page.stamp(token, Present().now() - span, SECRET)


async def everybody(desk: Desk) -> list[Contact]:
    """Every contact that was logged."""
    return await desk.store.read(contacts.list_all)


@pytest.mark.parametrize("span", [timedelta(seconds=4), timedelta(hours=5), timedelta(days=40)])
async def test_who_takes_their_time_has_a_receipt(browser: Browser, desk: Desk, span: timedelta) -> None:
    """A page may lie open for as long as it likes."""
    posted = await fields(browser)
    posted["shown"] = before(posted["token"], span)
    assert NOW in await (await browser.post("/", data=posted)).text()
    assert [contact.outcome for contact in await everybody(desk)] == ["acknowledge"]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"shown": ""},
        {"token": "another-page-of-ours-00"},
        {"shown": "0.0000"},
        {"shown": "x\u00e9.\u00e9"},
        {form_page.TRAP: "https://buy.example"},
    ],
    ids=["at once", "no page", "another page", "forged", "nonsense", "trap"],
)
async def test_what_a_program_sent_is_logged_and_left_to_staff(
    browser: Browser, desk: Desk, changes: dict[str, str]
) -> None:
    """Its clock runs like any other's, no email is promised, and the page shows the reference."""
    posted = await fields(browser)
    if form_page.TRAP in changes:
        posted["shown"] = before(posted["token"], timedelta(minutes=1))
    response = await browser.post("/", data=posted | changes)
    text = await response.text()
    (contact,) = await everybody(desk)
    assert (response.status, PERHAPS in text, contact.reference in text) == (200, True, True)
    assert (contact.outcome, contact.rule) == ("ask", "30 form filled in by a program")
    assert contact.respond_by is not None


async def test_a_page_that_is_corrected_still_knows_when_it_was_shown(browser: Browser) -> None:
    """Who corrects a fault within a second has written for longer than that."""
    posted = await fields(browser, email="sam at home")
    posted["shown"] = before(posted["token"], timedelta(minutes=1))
    page = Page(await (await browser.post("/", data=posted)).text())
    assert page.value("input[name=shown]", "value") == posted["shown"]
    corrected = posted | {"email": "sam@residents.example"}
    assert NOW in await (await browser.post("/", data=corrected)).text()


async def test_nobody_meets_the_field_for_programs(browser: Browser) -> None:
    """It is hidden from screen readers and the keyboard, browsers leave it empty, and its label says what it is."""
    page = Page(await (await browser.get("/")).text())
    trap = page.first(f"input[name={form_page.TRAP}]")
    assert (trap.attributes["tabindex"], trap.attributes["autocomplete"]) == ("-1", "off")
    assert trap.parent is not None
    assert trap.parent.attributes["aria-hidden"] == "true"
    assert page.text(f"label[for={form_page.TRAP}]") == "Leave this empty"


async def send(browser: Browser, number: int, **headers: str) -> str:
    """Somebody writes; what the page says of the receipt."""
    posted = await fields(browser, email=f"p{number}@homes{number}.example")
    posted["shown"] = before(posted["token"], timedelta(minutes=1))
    text = await (await browser.post("/", data=posted, headers=headers)).text()
    return next(line for line in (NOW, LATER, PERHAPS) if line in text)


async def test_of_many_from_one_network_some_receipts_wait(open_site: Open, site: Site, desk: Desk) -> None:
    """Fifteen leave, the rest is held; somebody from another network is not concerned. IPv6 counts by 64 bits."""
    web = site.settings.web.model_copy(update={"trusted_proxies": (ip_network("127.0.0.1"),)})
    browser = await open_site(settings=replace(site.settings, web=web))
    neighbours = [{"X-Forwarded-For": f"2001:db8:1:2::{n}"} for n in range(17)]
    words = [await send(browser, n, **headers) for n, headers in enumerate(neighbours)]
    assert words == [NOW] * 15 + [LATER] * 2
    assert await send(browser, 20, **{"X-Forwarded-For": "2001:db8:1:3::1"}) == NOW
    assert await send(browser, 21, **{"X-Forwarded-For": "192.0.2.7"}) == NOW
    logged = await everybody(desk)
    assert [contact.outcome for contact in logged] == ["acknowledge"] * 19
    assert await desk.store.read(holds.count) == 2


async def test_behind_a_proxy_that_nobody_named_people_are_not_one_network(browser: Browser) -> None:
    """All of them come from its address; what its header says is not believed, and only the limits for all hold."""
    words = [await send(browser, n, **{"X-Forwarded-For": "192.0.2.7"}) for n in range(21)]
    assert words == [NOW] * 20 + [LATER]
