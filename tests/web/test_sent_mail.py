"""The demo's view of what went out."""

from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.web.pages import Browser, Open, Page, value


def write_mail(directory: Path, number: int) -> None:
    mail = EmailMessage()
    mail["From"] = "Exampleshire Council <post@example.gov.uk>"
    mail["To"] = f"person{number}@example.org"
    mail["Subject"] = f"We have your message {number} <b>ż</b>"
    mail.set_content("Dear <b>you</b>\n")
    mail.add_alternative("<p style='color:red'>Dear you</p><script>alert(1)</script>", subtype="html")
    (directory / f"{number}.eml").write_bytes(bytes(mail))


@pytest.fixture
async def view(open_site: Open, tmp_path: Path) -> Browser:
    """A site with three mails, the tenth among them."""
    for number in (1, 2, 10):
        write_mail(tmp_path, number)
    return await open_site(sent_mail=tmp_path)


async def test_the_newest_mail_stands_first(view: Browser) -> None:
    """Numbers count as numbers."""
    page = Page(await (await view.get("/sent")).text())
    assert [value(a, "href") for a in page.all(".mails a")] == ["/sent/10", "/sent/2", "/sent/1"]


async def test_a_mail_is_shown_as_text_and_in_a_locked_frame(view: Browser) -> None:
    """Headers and text part as text; the HTML part alone in a sandbox that loads and runs nothing."""
    page = Page(await (await view.get("/sent/2")).text())
    assert "person2@example.org" in page.text("dl")
    assert page.text("pre") == "Dear <b>you</b>"
    frame = page.first("iframe")
    assert value(frame, "sandbox") == ""
    part = await view.get(value(frame, "src"))
    policy = part.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "color:red" in await part.text()


@pytest.mark.parametrize("number", ["3", "..%2F..%2Fetc%2Fpasswd", "%00", "*"])
async def test_only_mails_that_are_there_are_found(view: Browser, number: str) -> None:
    """No name leads out of the directory."""
    assert (await view.get(f"/sent/{number}")).status == 404


async def test_an_empty_directory_says_so(open_site: Open, tmp_path: Path) -> None:
    """Nothing has gone out yet."""
    browser = await open_site(sent_mail=tmp_path / "not-there-yet")
    response = await browser.get("/sent")
    assert response.status == 200
    assert "Nothing has gone out yet" in await response.text()


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "192.0.2.1"},
        {"Forwarded": "for=192.0.2.1"},
        {"Host": "evil.example"},
        {"Host": "192.0.2.1"},
        {"Host": "[::1%lo]:x"},
    ],
)
async def test_others_may_not_look(view: Browser, headers: dict[str, str]) -> None:
    """A request through a proxy, or by another name than this computer's own, is refused."""
    for address in ("/sent", "/sent/1", "/sent/1/html"):
        response = await view.get(address, headers=headers)
        assert response.status == 403
        assert "person1" not in await response.text()


async def test_outside_the_demo_there_is_no_such_page(browser: Browser) -> None:
    """Without a directory nothing is mounted."""
    assert (await browser.get("/sent")).status == 404
