"""The pictures in docs/: taken of the real console, and taken anew whenever it looks different.

`make screenshots` takes them. Here the same pages are opened, and what they show is compared with what the pictures in
docs/ were taken of.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.components.browser import chromium, sign_in
from tests.components.ports import wait_until
from tests.components.service import ask
from tests.conftest import Needs
from tests.console.conftest import House, house_in

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
SHOWN = PICTURES / "shown.json"
# A rehearsal that hardly moves: every date on the pictures is the same tomorrow.
MOMENT = ("--pretend-now", "2026-12-18T10:00+00:00", "--speed", "0.001")
_CHANGES = re.compile(r'name="(csrf|token|seen)" value="[^"]*"|/assets/[0-9a-f]+/|EX-\w{4}-\w{4}|\bat=\d+|event \d+')


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house at one moment, with what a morning brings."""
    made = house_in(tmp_path_factory.mktemp("frozen"), daily_list=True)
    try:
        made.service.start(*MOMENT)
        _a_morning(made)
        yield made
    finally:
        made.service.kill()


def _a_morning(made: House) -> None:
    earlier = {"received_at": "2026-12-04T09:00:00+00:00"}
    made.contact("Our bin was not emptied.", subject="Missed bin", sender={"name": "Sam Green", "email": "s@a.example"})
    damp = made.contact(
        "There is black mould in the children's bedroom. The landlord does not answer.",
        subject="Damp and mould",
        sender={"name": "Kay Brown", "email": "kay@a.example"},
        how="letter",
        **earlier,
    )
    made.contact(
        "The lamp outside number 12 is out.", subject="Street lamp", sender={"name": "Lou", "phone": "01632 960 001"}
    )
    lead = made.officer("lead")
    lead.act(damp, "assign", team="housing", owner="hal@example.gov.uk")
    waiting = "SELECT 1 FROM deliveries WHERE state IN ('created', 'sending')"
    wait_until(lambda: not ask(made.service.store_url, waiting), what="everything that leaves")
    lead.act(damp, "needs", need="Large print")


def test_the_pictures_show_the_console_as_it_is(frozen: House, needs: Needs, tmp_path: Path) -> None:
    """What is on the pages is what the pictures in docs/ show; else `make screenshots` and look at them."""
    needs("chromium")
    renew = os.environ.get("SCREENSHOTS") == "renew"
    folder = PICTURES if renew else tmp_path
    folder.mkdir(exist_ok=True)
    shown: dict[str, str] = {}
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1100, "height": 800}, locale="en-GB")
        page = sign_in(context, frozen.service.web_port, "ada@example.gov.uk")
        damp = page.get_attribute("tr:has-text('Damp') th a", "href")
        pages = {
            "queue": "queue",
            "contact": damp or "",
            "record": "record",
            "backlog": "backlog",
            "figures": "figures",
        }
        for name, path in pages.items():
            page.goto(f"http://127.0.0.1:{frozen.service.web_port}/console/{path.rpartition('/console/')[2]}")
            page.screenshot(path=folder / f"{name}.png", full_page=name == "figures")
            shown[name] = _fingerprint(page)
        page.set_viewport_size({"width": 360, "height": 800})
        page.goto(f"http://127.0.0.1:{frozen.service.web_port}/console/queue")
        page.screenshot(path=folder / "phone.png")
    assert all((folder / f"{name}.png").stat().st_size > 5_000 for name in (*shown, "phone"))
    if renew:
        SHOWN.write_text(json.dumps(shown, indent=2) + "\n", encoding="utf-8")
    assert json.loads(SHOWN.read_text(encoding="utf-8")) == shown, "they are old: make screenshots"


def _fingerprint(page: Page) -> str:
    """A hash of the page and of its style, without what differs each time."""
    markup = _CHANGES.sub("", page.content())
    style = (Path(__file__).parents[2] / "templates" / "console" / "console.css").read_text(encoding="utf-8")
    return hashlib.sha256((markup + style).encode()).hexdigest()[:16]
