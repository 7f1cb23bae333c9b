"""The form page after page, as a browser without scripts posts it, and the files on the last one."""

from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from aiohttp import FormData

from bot.core.topics import Route, Router, Service
from bot.store import contacts
from bot.web.site import Site
from bot.wire.mail import mime
from tests.components.clamd import DANGER, Clamd
from tests.components.form import shown_before
from tests.rulebooks import altered
from tests.web.pages import Browser, Desk, Open, Page, value
from tests.wire import sample_files

MESSAGE = {"message": "The lamp is out.\n\nHigh Street.", "place": "by the mill"}
YOU = {"name": "Zoë", "email": "zoe@example.org", "prefers": "email"}
HOSTILE = "\"'><script>alert(1)</script>"


def on(page: Page) -> dict[str, str]:
    """What a browser would post of this page as it is."""
    kinds = ("hidden", "text", "email", "tel")
    inputs = [field for kind in kinds for field in page.all(f"form input[type={kind}]")]
    fields = {value(field, "name"): field.attributes.get("value") or "" for field in inputs}
    fields |= {value(t, "name"): t.text().removeprefix("\n") for t in page.all("form textarea")}
    fields |= {value(i, "name"): value(i, "value") for i in page.all("form input[checked]")}
    selects = [(value(s, "name"), s.css_first("option[selected]")) for s in page.all("form select")]
    return fields | {name: option.attributes["value"] or "" for name, option in selects if option is not None}


async def press(browser: Browser, page: Page, go: str, **changed: str) -> Page:
    """Fill in some fields, and press a button."""
    response = await browser.post("/?send", data=on(page) | changed | {"go": go})
    return Page(await response.text())


async def at_check(browser: Browser, **changed: str) -> Page:
    """The last page, a minute after the first was shown."""
    page = Page(await (await browser.get("/")).text())
    token = page.value("input[name=token]", "value")
    stamp = shown_before(token, "a secret of the tests, 32 and more")
    you = await press(browser, page, "continue", **MESSAGE, shown=stamp)
    return await press(browser, you, "continue", **YOU | changed)


def posting(page: Page, *files: tuple[str, bytes]) -> FormData:
    """What the last page posts with these files."""
    data = FormData(default_to_multipart=True)
    for name, words in on(page).items():
        data.add_field(name, words)
    for name, content in files:
        data.add_field("files", BytesIO(content), filename=name)
    data.add_field("go", "send")
    return data


async def test_three_pages_lead_to_one_message(browser: Browser, desk: Desk) -> None:
    """Nothing is stored before the last button, and then all that was said."""
    page = await at_check(browser, needs="large-print", times="mornings")
    assert not desk.taken
    for words in ("The lamp is out.", "by the mill", "Zoë", "zoe@example.org", "By email", "mornings", "Large print"):
        assert words in page.text("main")
    response = await browser.post("/?send", data=posting(page))
    thanks = Page(await response.text())
    (message,) = desk.taken.values()
    assert response.status == 200
    assert thanks.text(".reference") == (await desk.contact()).reference
    assert (message.text, message.by_program) == (MESSAGE["message"], False)
    assert {**message.fields} == {
        **YOU,
        "phone": "",
        "place": "by the mill",
        "needs": "large-print",
        "times": "mornings",
    }
    assert "Large print" in thanks.text("main")


async def test_going_back_loses_nothing(browser: Browser) -> None:
    """By each button that leads back, with hostile words, and twice the same token."""
    page = await at_check(browser, name=HOSTILE, needs="bsl")
    first = await press(browser, page, "message")
    assert first.text("#message") == MESSAGE["message"]
    again = await press(browser, await press(browser, first, "continue"), "continue")
    assert on(again) | {"step": ""} == on(page) | {"step": ""}
    you = await press(browser, again, "back")
    assert you.value("#name", "value") == HOSTILE
    assert [value(box, "value") for box in you.all("input[checked]")] == ["email", "bsl"]
    assert not again.all("script")


async def test_another_language_keeps_what_was_typed_and_the_page(speaking: Any) -> None:
    """From every page that was posted; Enter in a field still goes on, for the first button of the form does."""
    browser = await speaking("en", "cy")
    first = Page(await (await browser.get("/")).text())
    assert first.value("nav.languages a", "href") == "/cy/"
    you = await press(browser, first, "continue", **MESSAGE)
    buttons = you.all("button[form=message-form], form button")
    assert [value(button, "value") for button in buttons] == ["continue", "you", "continue", "back"]
    for page in (you, await press(browser, you, "continue", **YOU)):
        (switch,) = page.all("nav.languages button.plain")
        assert not page.all("nav.languages a")
        fields = on(page) | {"name": HOSTILE, "go": value(switch, "value")}
        welsh = Page(await (await browser.post(value(switch, "formaction"), data=fields)).text())
        assert welsh.value("html", "lang") == "cy"
        assert {**fields, "language": ""}.items() <= {**on(welsh), "language": "", "go": fields["go"]}.items()


async def test_every_question_on_one_page_changes_its_language_too(speaking: Any) -> None:
    """As it is shown to whoever posted all of them at once with a fault."""
    browser = await speaking("en", "cy")
    whole = Page(await (await browser.post("/", data={**MESSAGE, "email": "zoe"})).text())
    (switch,) = whole.all("nav.languages button.plain")
    fields = on(whole) | {"go": value(switch, "value")}
    welsh = Page(await (await browser.post(value(switch, "formaction"), data=fields)).text())
    assert (welsh.value("html", "lang"), welsh.value("#email", "value")) == ("cy", "zoe")
    assert welsh.text("#message") == MESSAGE["message"]


async def test_who_wants_the_language_that_they_wrote_in_is_not_given_that_of_the_page(
    speaking: Any, desk: Desk
) -> None:
    """The page suggests its own, and forgets that once somebody chose."""
    browser = await speaking("en", "cy")
    first = Page(await (await browser.get("/cy/")).text())
    you = Page(await (await browser.post("/cy/?send", data=on(first) | MESSAGE | {"go": "continue"})).text())
    assert you.value("#language option[selected]", "value") == "cy"
    fields = on(you) | YOU | {"language": value(you.all("#language option")[0], "value")}
    check = Page(await (await browser.post("/cy/?send", data=fields | {"go": "continue"})).text())
    back = Page(await (await browser.post("/cy/?send", data=on(check) | {"go": "back"})).text())
    assert back.value("#language option[selected]", "value") == fields["language"]
    await browser.post("/cy/?send", data=on(check) | {"go": "send"})
    (message,) = desk.taken.values()
    assert "language" not in message.fields


async def test_what_fits_into_a_field_is_kept_whole(browser: Browser, desk: Desk) -> None:
    """A browser takes no more than is kept, so that nothing is cut off behind the page on which it was checked."""
    first = Page(await (await browser.get("/")).text())
    you = await press(browser, first, "continue", **MESSAGE)
    most = {
        value(field, "name"): int(value(field, "maxlength"))
        for field in [*first.all("[maxlength]"), *you.all("[maxlength]")]
    }
    assert list(most) == ["place", "times", "address"]
    long = {name: "ab" * (count // 2) for name, count in most.items()}
    await browser.post("/?send", data={**MESSAGE, **YOU, **long})
    (message,) = desk.taken.values()
    assert long.items() <= message.fields.items()


async def test_photos_that_do_not_go_back_are_asked_for_again(browser: Browser) -> None:
    """A browser posts their names alone where they would be sent in vain; the person is told."""
    check = await at_check(browser)
    buttons = [button for button in check.all("main button") if value(button, "value") != "send"]
    assert {value(button, "formenctype") for button in buttons} == {"application/x-www-form-urlencoded"}
    request = "Please choose your photos and files again"
    assert request in (await press(browser, check, "message", files="hole.jpg")).text("main")
    assert request not in (await press(browser, check, "message", files="")).text("main")


async def test_only_the_faults_of_this_page_keep_somebody_on_it(browser: Browser) -> None:
    """Of the other page nothing is said before it was seen; back leads from a page with faults, too."""
    page = Page(await (await browser.get("/")).text())
    first = await press(browser, page, "continue", message=" ")
    assert [value(a, "href") for a in first.all(".summary a")] == ["#message"]
    you = await press(browser, first, "continue", **MESSAGE)
    wrong = await press(browser, you, "continue", email="zoe", prefers="letter")
    assert [value(a, "href") for a in wrong.all(".summary a")] == ["#email", "#address"]
    assert wrong.value("input[name=prefers][checked]", "value") == "letter"
    assert (await press(browser, wrong, "back")).text("#message") == MESSAGE["message"]


async def test_a_fault_that_is_met_at_the_end_leads_to_its_page(browser: Browser, desk: Desk) -> None:
    """As of a page that was kept from yesterday."""
    page = await at_check(browser)
    broken = await press(browser, page, "send", email="zoe")
    assert broken.value("input[name=step]", "value") == "you"
    assert not desk.taken


async def test_the_service_shows_its_page_and_its_other_way_and_the_place_its_area(open_site: Open, desk: Desk) -> None:
    """Before anything is sent, so that whoever is served there need not wait."""
    bins = Service("bins", "Bins", page="https://www.example.gov.uk/bins", other_route="Call 0300 1")
    router = Router([bins], [Route(1, area="west-mill", prefixes=("TA1",))], None)
    browser = await open_site(book=altered(desk.book, router=router))
    page = Page(await (await browser.get("/?service=bins")).text())
    you = await press(browser, page, "continue", **MESSAGE, postcode="ta1 3du")
    assert you.first("a[href='https://www.example.gov.uk/bins']") is not None
    check = await press(browser, you, "continue", **YOU)
    assert "Call 0300 1" in check.text("main")
    assert "We think that this is in: West mill" in " ".join(check.text("main").split())


async def test_somebody_with_only_a_phone_or_an_address_is_told_what_comes(browser: Browser, desk: Desk) -> None:
    """A call or a letter, and no email."""
    for answers, words in (
        ({"prefers": "phone", "phone": "01632 960 001", "email": ""}, "We will call you"),
        ({"prefers": "letter", "address": "1 Mill Lane", "email": ""}, "We will write to you by post"),
    ):
        page = await at_check(browser, **answers)
        thanks = await press(browser, page, "send")
        assert words in thanks.text("main")
        assert "We will not send you an email" in thanks.text("main")
    assert [message.told_by for message in desk.taken.values()] == ["at once", "at once"]


async def test_photos_are_kept_without_their_place(browser: Browser, desk: Desk) -> None:
    """With the message, under their names; the page of thanks names them."""
    page = await at_check(browser)
    files = (("hole.jpg", sample_files.jpeg()), ("letter.pdf", b"%PDF-1.7"))
    thanks = Page(await (await browser.post("/?send", data=posting(page, *files))).text())
    assert [item.text().strip() for item in thanks.all("main li")] == ["hole.jpg", "letter.pdf"]
    contact = await desk.contact()
    (raw,) = (await desk.store.read(lambda c: contacts.raw_by_message(c, contact.id))).values()
    assert [file.name for file in mime.files(raw)] == ["hole.jpg", "letter.pdf"]
    assert sample_files.PLACE not in mime.files(raw)[0].content


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([("run.exe", b"MZ")], "run.exe may be a program"),
        ([("page.jpg", b"<html><script>")], "We cannot take page.jpg"),
        ([(f"{n}.pdf", b"%PDF-") for n in range(6)], "Choose 5 files or fewer"),
        ([("big.pdf", b"%PDF-" + bytes(11_000_000))], "The file big.pdf is too big"),
    ],
    ids=["program", "page", "six", "large"],
)
async def test_files_that_are_refused_are_named_and_the_words_stay(
    browser: Browser, desk: Desk, files: list[tuple[str, bytes]], words: str
) -> None:
    """On the page on which they were chosen, which says that they must be chosen again."""
    page = await at_check(browser)
    response = await browser.post("/?send", data=posting(page, *files))
    again = Page(await response.text())
    assert (response.status, desk.taken) == (422, {})
    assert words in again.text("#files-error")
    assert "Please choose your photos and files again" in again.text(".summary")
    assert again.value("#files", "aria-invalid") == "true"
    assert on(again) == on(page)


async def test_without_files_in_the_settings_none_are_asked_for(open_site: Open, site: Site) -> None:
    """`files = 0`; what is posted all the same is refused."""
    form = site.settings.form.model_copy(update={"files": 0})
    browser = await open_site(settings=replace(site.settings, form=form))
    page = await at_check(browser)
    assert not page.all("input[type=file]")
    response = await browser.post("/?send", data=posting(page, ("a.jpg", sample_files.jpeg())))
    assert response.status == 422


@pytest.mark.needs("clamd")
async def test_a_file_with_a_virus_is_left_out_and_all_are_told(open_site: Open, site: Site, desk: Desk) -> None:
    """The message is taken; the person reads it on the page, staff among the answers of the form."""
    with Clamd() as clamd:
        form = site.settings.form.model_copy(update={"clamav": clamd.address})
        browser = await open_site(settings=replace(site.settings, form=form))
        page = await at_check(browser)
        files = (("bad.txt", DANGER), ("hole.jpg", sample_files.jpeg()))
        thanks = Page(await (await browser.post("/?send", data=posting(page, *files))).text())
    assert "bad.txt" in thanks.text(".danger")
    (message,) = desk.taken.values()
    assert [file.name for file in mime.files(message.raw)] == ["hole.jpg"]
    assert "bad.txt" in message.fields["files_not_kept"]


async def test_each_page_is_light(browser: Browser) -> None:
    """60 KB at most, with a message of the greatest length carried along."""
    page = await at_check(browser, name="n" * 200)
    long = await press(browser, page, "message", message="x" * 10_000)
    assert len(str(on(long))) > 10_000
    for markup in (page, long):
        assert len((markup.first("html").html or "").encode()) < 60_000
