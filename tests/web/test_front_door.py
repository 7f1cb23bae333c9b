"""The form: shown, checked, taken, answered."""

from urllib.parse import urlencode

import pytest
from aiohttp import FormData
from structlog.testing import capture_logs

from bot.core.messages import Party
from bot.core.topics import Route, Router, Service
from tests.components.form import shown_before
from tests.rulebooks import altered
from tests.web.pages import Browser, Desk, Open, Page, value

GOOD = {"name": "Zoë O'Brien", "email": "zoe@example.org", "phone": "", "message": "The lamp is out.\r\nHigh Street."}
HOSTILE = "<script>alert(1)</script>\"'>{{ 7*7 }}"


async def token_of(browser: Browser) -> str:
    page = Page(await (await browser.get("/")).text())
    return page.value("input[name=token]", "value")


async def send(browser: Browser, **changed: str) -> tuple[int, str, Page]:
    token = await token_of(browser)
    fields = {"token": token, "shown": shown_before(token, "a secret of the tests, 32 and more"), **GOOD, **changed}
    response = await browser.post("/", data=fields)
    text = await response.text()
    return response.status, text, Page(text)


async def test_reference_and_date_are_shown_once_the_message_is_taken(browser: Browser, desk: Desk) -> None:
    """A person who sends the form reads the reference, also letter by letter, the date in words, and what comes."""
    status, text, page = await send(browser)
    assert status == 200
    contact = await desk.contact()
    assert page.text(".reference") == contact.reference
    assert page.text(".spelled") == " ".join(contact.reference.replace("-", ""))
    assert desk.book.clocks.respond_by(contact) in text
    assert "10 working days" in text
    assert "zoe@example.org" in text
    assert "0300 123 2224" in text
    (inbound,) = desk.taken.values()
    assert inbound.text == "The lamp is out.\nHigh Street."


async def test_without_an_email_address_no_email_is_promised(browser: Browser, desk: Desk) -> None:
    """Somebody who gives only a phone number is told to keep the reference, not to wait for an email."""
    status, text, _ = await send(browser, email="", phone="01632 960 001")
    assert status == 200
    assert "We will not send you an email" in text
    assert "960" not in text
    assert next(iter(desk.taken.values())).sender == Party("tel:+441632960001", GOOD["name"])


async def test_the_same_page_sent_twice_is_one_contact(browser: Browser, desk: Desk) -> None:
    """A repeated submission shows the same reference (a double click, a reload, a dropped line)."""
    form = {"token": await token_of(browser), **GOOD}
    pages = [await (await browser.post("/", data=form)).text() for _ in range(3)]
    assert len(set(pages)) == 1
    assert len(desk.taken) == 1


async def test_changed_words_on_the_same_page_are_not_lost(browser: Browser, desk: Desk) -> None:
    """Going back and writing something else is another message, whatever the token says."""
    form = {"token": await token_of(browser), **GOOD}
    await browser.post("/", data=form)
    await browser.post("/", data={**form, "message": "Another lamp."})
    assert [m.text for m in desk.taken.values()] == ["The lamp is out.\nHigh Street.", "Another lamp."]


async def test_every_page_has_its_own_token(browser: Browser) -> None:
    """Two people never share a token."""
    assert await token_of(browser) != await token_of(browser)


async def test_all_faults_are_listed_together_and_lead_to_their_fields(browser: Browser, desk: Desk) -> None:
    """Status 422; each fault stands in the summary and at its field, and what was typed is kept."""
    status, _, page = await send(browser, name="n" * 201, email="zoe at home", phone="12", message=" \r\n ")
    assert status == 422
    assert not desk.taken
    assert page.text("title").startswith("Error: ")
    summary = page.first("[role=alert]")
    linked = [value(a, "href").removeprefix("#") for a in summary.css("a")]
    assert linked == ["name", "email", "phone", "message"]
    for link, field in zip(summary.css("a"), linked, strict=True):
        control = page.first(f"#{field}")
        assert value(control, "aria-invalid") == "true"
        assert f"{field}-error" in value(control, "aria-describedby").split()
        assert page.text(f"#{field}-error").endswith(link.text())
    assert page.value("#email", "value") == "zoe at home"


async def test_what_was_typed_is_kept_and_harmless(browser: Browser) -> None:
    """Hostile text comes back as text, in lines and in the message, down to a first empty line."""
    token = f"tok{HOSTILE}"
    _, text, page = await send(browser, token=token, name=HOSTILE, email=HOSTILE, message="\n\n" + HOSTILE)
    assert not page.all("script")
    assert "{{ 7*7 }}" in text
    assert page.value("#name", "value") == HOSTILE
    assert page.value("input[name=token]", "value") == token
    assert page.first("#message").text().endswith("\n\n" + HOSTILE)


async def test_a_store_that_cannot_take_it_now_loses_nothing(browser: Browser, desk: Desk) -> None:
    """Status 503, the words and the token still there; the next try is taken."""
    desk.locked()
    status, text, page = await send(browser)
    assert status == 503
    assert "press “Send message” again" in text
    assert page.text("#message") == "The lamp is out.\r\nHigh Street.".replace("\r", "")
    desk.broken = None
    again = {"token": page.value("input[name=token]", "value"), **GOOD}
    assert (await browser.post("/", data=again)).status == 200
    assert (await browser.post("/", data=again)).status == 200
    assert len(desk.taken) == 1


async def test_no_reference_is_shown_when_the_code_breaks(browser: Browser, desk: Desk) -> None:
    """An unforeseen error is a plain page and a log line without a word of what was written."""
    desk.broken = RuntimeError("INSERT failed: zoe@example.org, The lamp is out")
    with capture_logs() as logged:
        status, text, page = await send(browser)
    assert status == 500
    assert not page.all(".reference")
    assert "INSERT" not in text
    (line,) = logged
    assert line["error"] == "RuntimeError"
    assert "form.py:" in line["where"]
    assert "lamp" not in str(line)
    assert "zoe" not in str(line)


async def test_multipart_is_taken_as_well_and_files_are_left_out(browser: Browser, desk: Desk) -> None:
    """A form posted as multipart/form-data gives the same message; a file in a field's place is not text."""
    data = FormData(default_to_multipart=True)
    for name, words in {**GOOD, "token": await token_of(browser)}.items():
        data.add_field(name, words)
    data.add_field("phone", b"\x00" * 5000, filename="x.exe")
    assert (await browser.post("/", data=data)).status == 200
    assert next(iter(desk.taken.values())).fields["email"] == "zoe@example.org"


URLENCODED = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("text/plain", b"message=x", 415),
        ("multipart/form-data", b"message=x", 400),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx\r\n--b--\r\n", 400),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data; name=name\r\n\r\nx", 400),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: none\r\n\r\nx\r\n--b--\r\n",
            400,
        ),
        (f"{URLENCODED}; charset=no-such", b"message=x", 400),
        (f"{URLENCODED}; charset=utf-16", b"message=x", 400),
        (URLENCODED, b"message=\xff\xfe", 400),
        (URLENCODED, b"&" * 300_000, 413),
        (URLENCODED, b"message=" + b"x" * 600_000, 413),
        (f"{URLENCODED}; charset=unicode_escape", b"message=\\ud800", 422),
        (URLENCODED, b"", 422),
        (URLENCODED, b"message=%00%ff%ed%a0%80&email=%0d%0aBcc:x", 422),
        (URLENCODED, b"message=" + b"%F0%9F%98%80" * 10_001, 422),
    ],
)
async def test_bad_bodies_get_a_clear_page(
    browser: Browser, desk: Desk, content_type: str, body: bytes, status: int
) -> None:
    """Wrong type, wrong charset, torn, empty or huge: a page in our layout, and nothing is logged as a contact."""
    response = await browser.post("/", data=body, headers={"Content-Type": content_type})
    page = Page(await response.text())
    assert response.status == status
    assert len(page.all("h1")) == 1
    assert "0300 123 2224" in page.text()
    assert not desk.taken


async def test_a_body_that_is_not_what_its_encoding_says_is_refused(browser: Browser, desk: Desk) -> None:
    """A lying Content-Encoding is the caller's mistake, not ours."""
    headers = {"Content-Type": URLENCODED, "Content-Encoding": "gzip"}
    response = await browser.post("/", data=b"message=x", headers=headers)
    assert response.status == 400
    assert not desk.taken


async def test_the_longest_allowed_message_fits(browser: Browser, desk: Desk) -> None:
    """10,000 characters of four bytes, with all other fields full, are taken."""
    message = "😀" * 10_000
    status, _, _ = await send(browser, message=message, name="é" * 200, phone="1" * 40)
    assert status == 200
    assert next(iter(desk.taken.values())).text == message


async def test_doubled_fields_count_once(browser: Browser, desk: Desk) -> None:
    """The first of two fields with one name is the one that counts."""
    pairs = [*GOOD.items(), ("email", "other@example.org")]
    headers = {"Content-Type": URLENCODED}
    assert (await browser.post("/", data=urlencode(pairs), headers=headers)).status == 200
    assert next(iter(desk.taken.values())).sender == Party("zoe@example.org", "Zoë O'Brien")


async def test_without_a_form_channel_there_is_no_form(open_site: Open) -> None:
    """An organisation without the channel `web_form` shows a page that says where else to go."""
    browser = await open_site(channels={})
    for response in (await browser.get("/"), await browser.post("/", data=GOOD)):
        assert response.status == 404
        assert "0300 123 2224" in await response.text()


async def test_a_form_asks_what_it_is_about_where_there_are_services(open_site: Open, desk: Desk) -> None:
    """A link may have chosen; what was chosen stays on the page with the errors, and is sent with the message."""
    services = [Service("parks", "Parks"), Service("bins", "Bins & recycling")]
    router = Router(services, [Route(1, area="taunton", prefixes=("TA1",))], None)
    browser = await open_site(book=altered(desk.book, router=router))
    page = Page(await (await browser.get("/?service=bins")).text())
    assert page.value("option[selected]", "value") == "bins"
    assert page.value("#postcode", "autocomplete") == "postal-code"
    status, text, _ = await send(browser, service="parks", postcode="ta1 3du", message="")
    assert (status, '<option value="parks" selected>' in text) == (422, True)
    await send(browser, service="parks", postcode="ta1 3du")
    (taken,) = desk.taken.values()
    assert (taken.fields["service"], taken.fields["postcode"]) == ("parks", "TA1 3DU")


async def test_a_form_without_services_asks_for_none(browser: Browser) -> None:
    """No question that leads nowhere."""
    text = await (await browser.get("/?service=%22%3E<b>")).text()
    assert "What is it about?" not in text
    assert "<b>" not in text
