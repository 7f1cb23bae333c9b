"""A resident in a real browser, by keyboard, without scripts and pictures: from the form in Welsh back to the queue."""

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page

from tests.components import service as configured
from tests.components.browser import chromium
from tests.components.ports import PATIENCE_SECONDS, wait_until
from tests.components.service import Service
from tests.conftest import Needs
from tests.journeys.test_answer import officer_of
from tests.wire.sample_files import PLACE, jpeg, png

LANGUAGES = 'languages = ["en", "cy", "pl"]\n'
# Whoever fills in a form faster than this is taken for a program.
SLOW_MILLISECONDS = 3_100
# No page has as many things that the keyboard stops at.
MOST_STEPS = 120
ADDRESS = "nia@residents.example"
PHOTOS: list[FilePayload] = [
    {"name": "twll.jpg", "mimeType": "image/jpeg", "buffer": jpeg()},
    {"name": "twll.png", "mimeType": "image/png", "buffer": png()},
]


@pytest.fixture
def page(needs: Needs) -> Iterator[Page]:
    """A page of a browser that runs no script and loads no picture."""
    needs("chromium")
    with chromium() as browser:
        context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
        context.route("**", lambda r: r.abort() if r.request.resource_type == "image" else r.continue_())
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        yield context.new_page()


def _reach(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus."""
    target = page.locator(selector).first
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"the keyboard does not reach {selector} on {page.url}")


def _press(page: Page, selector: str) -> None:
    """Reach a link or a button and press Enter; returns when the next page is there."""
    _reach(page, selector)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def _type(page: Page, selector: str, words: str) -> None:
    _reach(page, selector)
    page.keyboard.insert_text(words)


def _mails(folder: Path) -> list[EmailMessage]:
    """What has left for the resident, the oldest first."""
    paths = sorted(folder.glob("*.eml"), key=lambda path: (len(path.stem), path.stem))
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]
    return [mail for mail in mails if mail["To"] == ADDRESS]


def _text(mail: EmailMessage, kind: str = "plain") -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def _send_the_form(page: Page, start: str) -> None:
    page.goto(start)
    _press(page, "nav a[hreflang=cy], a[hreflang=cy]")
    assert page.locator("html").get_attribute("lang") == "cy"
    page.wait_for_timeout(SLOW_MILLISECONDS)
    _type(page, "#message", "Mae twll mawr yn y ffordd o flaen yr ysgol, ac mae'n beryglus i feiciau.")
    _press(page, "main button[type=submit]")
    _type(page, "#email", ADDRESS)
    _press(page, "main button[type=submit]")
    page.set_input_files("#files", PHOTOS)
    _press(page, "main button[name=go][value=send], main form > button[type=submit]:last-of-type")


def _contact(service: Service) -> dict[str, Any]:
    (contact,) = service.contacts()
    return contact


def test_from_the_form_in_welsh_back_to_the_queue(page: Page, tmp_path: Path) -> None:
    """Two photos, a receipt in Welsh and English, a line more on the page of the message, an answer, and a "no"."""
    with Service(tmp_path, [configured.FORM, configured.LOOPBACK]) as service:
        service.stop()
        path = service.config / "ackbot.toml"
        path.write_text(path.read_text().replace("website =", f"{LANGUAGES}website =", 1))
        service.start()
        root = f"http://127.0.0.1:{service.web_port}"
        _send_the_form(page, f"{root}/")
        reference = page.locator(".reference").first.inner_text().strip()
        assert reference == _contact(service)["reference"]

        sent_mail = service.directory / "sent"
        wait_until(lambda: len(_mails(sent_mail)) == 1, what="the receipt")
        receipt = _text(_mails(sent_mail)[0])
        assert receipt.index("Rydym wedi cael eich neges") < receipt.index("We have your message")
        assert PLACE not in b"".join(path.read_bytes() for path in sent_mail.glob("*.eml"))

        link = re.search(r"https://contact\.example\.gov\.uk(/track/\S+)", receipt)
        assert link is not None
        page.goto(root + link[1])
        assert page.locator("html").get_attribute("lang") == "cy"
        assert reference in page.locator("main").inner_text()
        _type(page, "#message", "Mae'r twll wrth y groesfan.")
        _press(page, "form[action$='/message'] button")
        lines = service.command("contacts", "show", reference).stdout
        assert "Mae'r twll wrth y groesfan." in lines

        officer = officer_of(service, tmp_path)
        assert officer.act(reference, "answer", kind="full", words="We have mended the hole.").status == 200
        wait_until(lambda: _contact(service)["state"] == "answered", what="the answer")
        page.goto(root + link[1])
        _press(page, "a[href$='/feedback']")
        _reach(page, "input[name=answer]")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        assert page.locator("input[name=answer]:checked").get_attribute("value") == "no"
        _type(page, "textarea", "Mae'r twll yno o hyd.")
        _press(page, "main button[type=submit]")
        contact = _contact(service)
        assert (contact["state"], contact["reference"]) == ("open", reference)
        assert contact["respond_by"]
