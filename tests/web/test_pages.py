"""Every page: readable by anybody, small, and safe."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import ClientResponse

from bot.present import Present
from bot.web.site import Site
from channels.web_form import MESSAGE_LIMIT
from tests.web.pages import Browser, Open, Page, value

ADDRESSES = {"form": ("get", "/"), "faults": ("post", "/"), "missing": ("get", "/nowhere"), "wrong": ("put", "/")}
OF_EVERYBODY = ("standards", "accessibility", "privacy", "track", "you-said", "performance")
ADDRESSES |= {name: ("get", f"/{name}") for name in OF_EVERYBODY}
MOST_BYTES = 60_000
MOST_STYLE_BYTES = 12_288


@pytest.fixture(params=ADDRESSES)
async def answer(request: pytest.FixtureRequest, browser: Browser) -> ClientResponse:
    """One page after the other."""
    method, address = ADDRESSES[request.param]
    body = {"email": "wrong"} if method == "post" else None
    return await browser.request(method, address, data=body)


@pytest.fixture
async def page(answer: ClientResponse) -> Page:
    """The page, parsed."""
    return Page(await answer.text())


async def test_a_page_has_one_heading_a_language_and_a_title(page: Page) -> None:
    """One h1, `lang`, a title that names the organisation, a link past the header that works."""
    assert len(page.all("h1")) == 1
    assert page.value("html", "lang") == "en"
    assert page.text("title").endswith("Exampleshire Council")
    assert page.value("a.skip", "href") == "#main"
    assert page.first("main#main") is not None


async def test_ids_are_unique_and_every_reference_finds_its_target(page: Page) -> None:
    """`id`s occur once; labels, descriptions and links inside the page point at something."""
    ids = [value(node, "id") for node in page.all("[id]")]
    assert len(ids) == len(set(ids))
    targets = [value(label, "for") for label in page.all("label")]
    targets += [i for node in page.all("[aria-describedby]") for i in value(node, "aria-describedby").split()]
    targets += [value(a, "href").removeprefix("#") for a in page.all("a[href^='#']")]
    assert set(targets) <= set(ids)


async def test_every_input_has_a_label_and_no_placeholder(page: Page) -> None:
    """A label for each field that can be seen, no text that vanishes on typing, no script, nothing from elsewhere."""
    labelled = {value(label, "for") for label in page.all("label")}
    for control in page.all("input:not([type=hidden]), textarea"):
        assert value(control, "id") in labelled
        assert "placeholder" not in control.attributes
    assert not page.all("script, [style], style, [onclick], [required]")
    assert all(value(node, "href").startswith("/") for node in page.all("link"))


async def test_other_ways_to_reach_us_stand_on_every_page(page: Page) -> None:
    """Phone, text relay, website and the emergency number."""
    footer = page.text("footer")
    assert page.first("footer a[href='tel:03001232224']") is not None
    for words in ("0300 123 2224", "18001", "https://www.example.gov.uk", "999"):
        assert words in footer


async def test_the_privacy_notice_stands_above_the_button_and_on_every_page(browser: Browser) -> None:
    """Under one name that says where it leads (WCAG 2.2, 2.4.4 and 3.2.4)."""
    form = Page(await (await browser.get("/")).text())
    links = form.all("a[href='/privacy']")
    assert {link.text() for link in links} == {"How we use what you tell us (privacy notice)"}
    assert len(links) == 2
    markup = form.first("form").html or ""
    assert markup.index("/privacy") < markup.index("<button")
    other = Page(await (await browser.get("/standards")).text())
    assert other.first("footer a[href='/privacy']") is not None


async def test_pages_protect_the_reader(answer: ClientResponse) -> None:
    """Nothing from elsewhere may load, frame us, sniff, or learn where the reader came from; no versions are told."""
    headers = answer.headers
    policy = headers["Content-Security-Policy"]
    for rule in ("default-src 'none'", "style-src 'self'", "form-action 'self'", "base-uri 'none'"):
        assert rule in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Server"] == "Ackbot"


async def test_pages_with_what_somebody_typed_are_not_stored(browser: Browser) -> None:
    """Only the empty form may be kept, so that going back after a dropped line still shows what was typed."""
    assert (await browser.get("/")).headers["Cache-Control"] == "private, no-cache"
    for form in ({"email": "wrong"}, {"email": "a@example.org", "message": "x"}):
        assert (await browser.post("/", data=form)).headers["Cache-Control"] == "no-store"


async def test_the_form_is_posted_to_another_address_than_its_own(browser: Browser) -> None:
    """Browsers put the error page of a dropped line in the place of a page with the same address."""
    page = Page(await (await browser.get("/")).text())
    assert page.value("form", "action") == "/?send"


async def test_form_and_channel_agree_about_the_longest_message(browser: Browser) -> None:
    """The hint names the limit that the check uses."""
    page = Page(await (await browser.get("/")).text())
    assert f"{MESSAGE_LIMIT:,}" in page.text("#message-hint")


async def test_fields_can_be_filled_in_by_the_browser(browser: Browser) -> None:
    """WCAG 2.2, 1.3.5: what is about the person says what it is for."""
    fields = {"step": "message", "go": "continue", "message": "The lamp is out."}
    page = Page(await (await browser.post("/", data=fields)).text())
    purposes = {value(i, "id"): value(i, "autocomplete") for i in page.all("input[autocomplete]")}
    assert purposes.pop("website") == "off"
    own = {"name": "name", "email": "email", "phone": "tel", "address": "street-address", "times": "off"}
    assert purposes == own


async def test_a_page_is_light_enough_for_a_poor_line(browser: Browser) -> None:
    """Page, stylesheet and icon together stay small, before compression; the stylesheet may be kept for ever."""
    text = await (await browser.post("/", data={"email": "wrong"})).text()
    sizes = [len(text.encode())]
    for node in Page(text).all("link"):
        asset = await browser.get(value(node, "href"))
        assert asset.status == 200
        assert "immutable" in asset.headers["Cache-Control"]
        sizes.append(len(await asset.read()))
    assert sum(sizes) < MOST_BYTES
    assert sizes[1] <= MOST_STYLE_BYTES


async def test_pages_are_compressed(browser: Browser) -> None:
    """A browser that takes gzip gets it."""
    response = await browser.get("/", headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"


async def test_an_error_keeps_what_the_protocol_asks_for(browser: Browser) -> None:
    """405 says what is allowed (RFC 9110 section 15.5.6)."""
    response = await browser.put("/")
    assert response.status == 405
    assert "POST" in response.headers["Allow"]


async def test_a_rehearsal_says_so_on_every_page(open_site: Open) -> None:
    """The notice is part of the layout."""
    browser = await open_site(present=Present(datetime(2026, 12, 18, 10, tzinfo=UTC), 60))
    for address in ("/", "/nowhere"):
        page = Page(await (await browser.get(address)).text())
        assert "It began on 18 December 2026 and runs 60 times as fast" in page.text(".notice")


async def test_an_organisation_may_have_its_own_words(open_site: Open, site: Site, tmp_path: Path) -> None:
    """A page in the configuration's templates comes before ours; without phone and website the rest still works."""
    (tmp_path / "templates" / "pages").mkdir(parents=True)
    (tmp_path / "templates" / "pages" / "error.html").write_text(
        "{% extends 'pages/layout.html' %}{% block main %}Ours{% endblock %}"
    )
    unreachable = site.settings.organisation.model_copy(update={"phone": "", "website": ""})
    browser = await open_site(settings=replace(site.settings, directory=tmp_path, organisation=unreachable))
    assert "Ours" in await (await browser.get("/nowhere")).text()
    assert (await browser.get("/")).status == 200
