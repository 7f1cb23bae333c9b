"""Public pages in the languages of the organisation."""

import asyncio
from typing import Any

from tests.web.conftest import TITLES
from tests.web.pages import Browser, Page, value


async def read(browser: Browser, path: str, **headers: str) -> Page:
    return Page(await (await browser.get(path, headers=headers)).text())


async def test_each_language_has_its_own_address(speaking: Any) -> None:
    """The organisation's own stands at /, the others below their code, each with `lang` and `dir`."""
    browser = await speaking("en", "cy", "ar")
    for path, lang, direction, title in (
        ("/", "en", "ltr", "Send us a message"),
        ("/cy/", "cy", "ltr", TITLES["cy"]),
        ("/cy", "cy", "ltr", TITLES["cy"]),
        ("/ar/", "ar", "rtl", TITLES["ar"]),
    ):
        page = await read(browser, path)
        assert (page.value("html", "lang"), page.value("html", "dir"), page.text("h1")) == (lang, direction, title)


async def test_an_organisation_whose_own_language_is_welsh_has_english_at_an_address_of_its_own(speaking: Any) -> None:
    """The first of `languages` is the one without a code."""
    browser = await speaking("cy", "en")
    assert (await read(browser, "/")).text("h1") == TITLES["cy"]
    assert (await read(browser, "/en/")).text("h1") == "Send us a message"
    assert (await browser.get("/cy/")).status == 404


async def test_a_language_that_is_not_offered_has_no_page(speaking: Any) -> None:
    """Its address is unknown, in the organisation's own language."""
    browser = await speaking("en", "cy")
    answer = await browser.get("/pl/")
    assert answer.status == 404
    assert Page(await answer.text()).text("h1") == "Page not found"


async def test_links_stay_in_the_language(speaking: Any) -> None:
    """The standards, the address of the form, and where a page of errors leads."""
    page = await read(await speaking("en", "cy"), "/cy/")
    assert page.first("footer a[href='/cy/standards']") is not None
    assert page.value("form", "action") == "/cy/?send"


async def test_a_reader_changes_the_language_of_the_same_page(speaking: Any) -> None:
    """Each language under its own name, marked as that language; the one that is read is no link."""
    page = await read(await speaking("en", "cy", "ar"), "/cy/?service=bins")
    links = {value(link, "href"): (link.text(), value(link, "hreflang")) for link in page.all("nav.languages a")}
    assert links == {"/?service=bins": ("English", "en"), "/ar/?service=bins": ("العربية", "ar")}
    assert page.text("nav.languages [aria-current]") == "Cymraeg"
    assert [value(item, "dir") for item in page.all("nav.languages li")] == ["ltr", "ltr", "rtl"]
    assert not (await read(await speaking("en"), "/")).all("nav.languages")


async def test_the_browser_only_suggests(speaking: Any) -> None:
    """A line in the language that it asks for; nobody is moved, and whoever chose a language is not asked again."""
    browser = await speaking("en", "cy")
    header = {"Accept-Language": "cy-GB,cy;q=0.9,en;q=0.8"}
    answer = await browser.get("/", headers=header, allow_redirects=False)
    page = Page(await answer.text())
    assert (answer.status, page.value("html", "lang")) == (200, "en")
    assert page.value(".suggestion", "lang") == "cy"
    assert page.value(".suggestion a", "href") == "/cy/"
    for path, languages in (("/", "en-GB"), ("/", "fr"), ("/cy/", "en-GB,en"), ("/", "")):
        assert not (await read(browser, path, **{"Accept-Language": languages})).all(".suggestion")


async def test_an_error_is_in_the_language_of_its_address(speaking: Any) -> None:
    """Also below a language where there is no such page; what a translation says is no markup."""
    browser = await speaking("en", "cy")
    answer = await browser.get("/cy/nowhere")
    text = await answer.text()
    assert answer.status == 404
    assert Page(text).value("html", "lang") == "cy"
    assert "Anfonwch neges atom &amp; 404" in text
    assert (await read(browser, "/cy//evil.example")).all("a[href*=evil]") == []


async def test_an_address_that_is_none_has_a_page_of_its_own(speaking: Any) -> None:
    """A request for the server itself (RFC 9110 section 9.3.7), and addresses that begin with several slashes."""
    browser = await speaking("en", "cy")
    reader, writer = await asyncio.open_connection(browser.host, browser.port)
    writer.write(b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    answer = (await reader.read()).decode()
    writer.close()
    assert answer.split(" ", 2)[1] in ("404", "405")
    assert '<html lang="en"' in answer


async def test_what_the_program_says_is_translated_with_its_numbers(speaking: Any) -> None:
    """The fault of a field; a translation that lost a number gives way to the one that came with the service."""
    browser = await speaking("en", "cy")
    fields = {"name": "n" * 201, "email": "sam@residents.example", "message": "m" * 10_001}
    page = Page(await (await browser.post("/cy/?send", data=fields)).text())
    assert "Anfonwch neges atom: 10,001/10,000" in page.text("#message-error")
    assert page.text("#name-error").endswith("Uchafswm y nodau: 200")
    assert page.value("nav.languages button.plain", "formaction") == "/?send"


async def test_what_nobody_checked_can_be_left_out(speaking: Any) -> None:
    """With `only_checked_translations` its page is English, says so, and no page leads to it."""
    browser = await speaking("en", "cy", "pl", only_checked_translations=True)
    assert [item.text() for item in (await read(browser, "/")).all("nav.languages li")] == ["English", "Cymraeg"]
    page = await read(browser, "/pl/")
    assert (page.value("html", "lang"), page.text("h1")) == ("en", "Send us a message")
    assert "only have this page in English" in page.text("main")


async def test_pages_of_staff_are_english(speaking: Any) -> None:
    """Whatever the organisation's own language is."""
    page = await read(await speaking("cy", "en"), "/alerts/nonsense")
    assert page.value("html", "lang") == "en"
