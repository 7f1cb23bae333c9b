"""The console in a real browser: read by axe-core, on a phone, large, and without scripts."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, StorageState

from bot.cli import person_folder
from bot.settings.organisation import Organisation
from tests.architecture.house import ROOT
from tests.components.browser import AXE, faults, is_too_wide
from tests.components.officer import PASSWORD
from tests.components.ports import PATIENCE_SECONDS, wait_until
from tests.components.service import ask
from tests.console.conftest import ADMINISTRATOR, House, run, url
from tests.flows.conftest import NOW

PAGES = (
    *(
        "queue",
        "queue?which=suppressed&words=road",
        "record",
        "backlog",
        "figures",
        "figures?from=yesterday&team=-",
        "figures/contacts?figure=received",
        "alerts",
        "coverage",
        "standards",
        "templates",
        "duty",
        "feedback",
        "improvements",
        "reports",
        "words/template/en/acknowledgement",
        "words/answer/en/bin-missed",
    ),
    *(
        "templates/en/acknowledgement",
        "templates/ar/acknowledgement",
        "shunted",
        "public",
        "people",
        "people?change=ada@example.gov.uk",
        "audit",
        "account",
    ),
    "account/second-factor",
)
CONTACTS = (
    *("contacts/{hole}", "contacts/{hole}/person", "contacts/{hole}/page", "contacts/{complaint}", "contacts/{long}"),
    "contacts/EX-0000-0000",
)


@pytest.fixture(scope="module")
def hole(house: House) -> str:
    """The reference of a contact with something of everything; there is another one."""
    reference = house.contact("There is a hole in the road.", subject="A hole")
    house.contact("For information.", sender={"name": "Bo"})
    house.officer("lead").act(reference, "needs", need="Large print")
    return reference


@pytest.fixture(scope="module")
def complaint(house: House) -> str:
    """The reference of a complaint that is late and whose person has asked again: staff are asked all that there is."""
    reference = house.late_contact("Nobody answers.", sender={"name": "Cy", "email": "cy@residents.example"})
    house.officer("lead").act(reference, "classify", kind="complaint")
    return reference


@pytest.fixture(scope="module")
def reader(browser: Browser, signed_in: StorageState) -> Iterator[Page]:
    """A page of the administrator's into which axe-core is loaded."""
    context = browser.new_context(storage_state=signed_in)
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    context.add_init_script(Axe().axe_script)
    yield context.new_page()
    context.close()


# Each word of up to 15 letters that stands on more than one line; at a hyphen or a slash a line may end.
TORN = """() => {
  const torn = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    for (const word of node.data.matchAll(/\\S+/g))
      for (const part of word[0].length > 15 ? [] : word[0].matchAll(/[^-/]+/g)) {
        const range = document.createRange(), start = word.index + part.index;
        range.setStart(node, start);
        range.setEnd(node, start + part[0].length);
        if (new Set([...range.getClientRects()].map(box => Math.round(box.top))).size > 1) torn.push(part[0]);
      }
  return torn;
}"""


@pytest.fixture(scope="module")
def long(house: House) -> str:
    """The reference of a contact with long words in every place; they stand in the lists, too."""
    reference = house.contact("Acknowledgements. " * 40, subject="A" * 150, sender={"name": "Wilhelmina Cholmondeley"})
    lead = house.officer("lead")
    lead.act(reference, "holding-reply", note="n" * 2_000)
    own = house.officer("administrator")
    own.post("/console/views", {**own.get("/console/queue").hidden(), "query": "which=urgent", "name": "v" * 60})
    lead.act(reference, "assign", owner="a.very.long.name.of.an.officer@housing.exampleshire.example.gov.uk")
    return reference


@pytest.fixture(scope="module")
def references(hole: str, complaint: str, long: str) -> dict[str, str]:
    """Every contact, by its name in a path."""
    return {"hole": hole, "complaint": complaint, "long": long}


@pytest.mark.parametrize("path", [*PAGES, *CONTACTS])
def test_any_page_is_read_by_everybody(reader: Page, house: House, references: dict[str, str], path: str) -> None:
    """No violation of axe-core's rules (WCAG 2.2 AA among them), with everything that folds opened; no word is torn.

    On a phone (or at 400 per cent) and on a desk: long addresses break, plain words do not, nothing overflows.
    """
    reader.goto(url(house, path.format(**references)))
    reader.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")
    assert faults(reader) == {}
    for width in (320, 1280):
        reader.set_viewport_size({"width": width, "height": 900})
        assert (reader.evaluate(TORN), is_too_wide(reader)) == ([], False), width


def test_what_leaves_is_read_before_by_keyboard(reader: Page, house: House, hole: str) -> None:
    """Opened, typed, read and changed without a mouse; axe-core finds nothing on what is shown before, or of danger."""
    reader.goto(url(house, f"contacts/{hole}"))
    reader.locator("#close > summary").press("Enter")
    reader.locator("#close-reason").press_sequentially("It was filled on Monday.")
    reader.locator("#close-reason").press("Enter")
    reader.wait_for_selector("form#before")
    assert "It was filled on Monday." in reader.inner_text(".words")
    assert faults(reader) == {}
    reader.get_by_role("button", name="Change it").press("Enter")
    reader.wait_for_selector("#close[open]")
    assert reader.input_value("#close-reason") == "It was filled on Monday."

    reader.goto(url(house, "record"))
    reader.locator("#text").press_sequentially("I can smell gas.")
    reader.locator("#email").press_sequentially("nowhere")
    reader.locator("#email").press("Enter")
    reader.wait_for_selector("[aria-label=Danger]")
    assert faults(reader) == {}


@pytest.mark.parametrize("path", ["sign-in", "link"])
def test_axe_finds_nothing_at_the_door(browser: Browser, house: House, path: str) -> None:
    """The pages on which a stranger signs in have no violation, either."""
    stranger = browser.new_context()
    stranger.add_init_script(Axe().axe_script)
    door = stranger.new_page()
    door.goto(url(house, path))
    assert faults(door) == {}
    stranger.close()


def test_axe_finds_nothing_on_what_a_person_is_given(browser: Browser, tmp_path: Path) -> None:
    """The page of an access request is read at home, from a file."""
    message = {"received_at": NOW, "channel": "inbox", "written_by": "sender", "text": "My bin.", "raw": ""}
    lost = {"name": "bin.jpg", "state": "lost"}
    sent_message = {"at": NOW, "subject": "We have your message", "words": "Thank you.", "raw": "VGhhbmsgeW91Lg=="}
    sent_message |= {"english": "We thank you."}
    file = {"name": "map.txt", "content": "VGhlIG1hcC4="}
    contact = {
        "reference": "EX-7K3M-9QPH",
        "subject": "Bin",
        "messages": [message | {"fields": "{}", "of_platform": [lost]}],
        "events": [{"at": NOW, "kind": "logged", "details": {"rule": "a person"}}],
        "deliveries": [
            {"purpose": "acknowledgement", "to": "sam@residents.example", "state": "sent", "messages": [sent_message]}
        ],
        "drafts": [{"typed_at": NOW, "subject": "", "words": "We come on Monday.", "files": [file]}],
        "state": "answered",
    }
    needs_noted = {"needs": "Large print", "noted_at": NOW, "language": "pl", "language_at": NOW}
    others = {"suppressions": [{"until": NOW, "reason": "mail came back"}], "needs": needs_noted, "not_logged": []}
    record = {"address": "sam@residents.example", "contacts": [contact], **others}
    organisation = Organisation(name="Exampleshire Council", reference_prefix="EX")
    person_folder.write(tmp_path / "sam", record, organisation, NOW, [ROOT / "templates"])
    context = browser.new_context()
    context.add_init_script(Axe().axe_script)
    reader = context.new_page()
    reader.goto((tmp_path / "sam" / "index.html").as_uri())
    assert (tmp_path / "sam" / "drafts" / "002-map.txt").read_text() == "The map."
    assert reader.title() == "What Exampleshire Council keeps about sam@residents.example"
    assert faults(reader) == {}
    context.close()


def test_axe_finds_nothing_on_the_way_in(browser: Browser, house: House) -> None:
    """A link fills in its code, which goes to no server; the second factor, its recovery codes and its question."""
    link = run(house.service, "staff", "add", "nia@example.gov.uk", "--role", "reader").split()[-1]
    context = browser.new_context()
    context.add_init_script(Axe().axe_script)
    page, requests = context.new_page(), list[str]()
    page.on("request", lambda request: requests.append(request.url + request.headers.get("referer", "")))
    code = link.rpartition("#")[2]
    page.goto(url(house, f"link#{code}"))
    assert (page.input_value("#code"), urlsplit(page.url).fragment) == (code, "")
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.goto(url(house, "account/second-factor"))
    secret = page.locator("code").inner_text()
    page.fill("#code", pyotp.TOTP(secret).now())
    page.fill("#old_password", PASSWORD)
    page.click("main button")
    assert page.locator(".codes li").count() == 10
    assert faults(page) == {}
    page.click(".who button")
    page.fill("#address", "nia@example.gov.uk")
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/sign-in/code?next=*")
    assert faults(page) == {}
    assert not [url for url in requests if code in url]
    context.close()


@pytest.mark.parametrize(("width", "height", "most"), [(1280, 800, 400), (360, 740, 740)])
def test_the_words_of_the_person_are_on_the_first_screen(
    reader: Page, house: House, width: int, height: int, most: int
) -> None:
    """Under banners for danger, for an acknowledgement that did not arrive and for needs; and how long is left."""
    words = "I smell gas in the kitchen and the ceiling is coming down."
    person = {"name": "Wilhelmina Cholmondeley", "email": f"w{width}@residents.example"}
    reference = house.contact(
        words, subject="The ceiling of our kitchen is coming down since the storm " * 2, sender=person
    )
    house.officer("lead").act(reference, "needs", need="Large print", more="British Sign Language; Welsh")
    waiting = "SELECT 1 FROM deliveries WHERE purpose = 'acknowledgement' AND state IN ('created', 'sending')"
    wait_until(lambda: not ask(house.service.store_url, waiting), what="the receipt")
    house.change(
        "UPDATE deliveries SET state = 'permanent-failure', last_error = 'Permanent: 550 5.1.1 <w@residents.example>: "
        "Recipient address rejected: User unknown in virtual mailbox table' "
        "WHERE id = (SELECT max(id) FROM deliveries WHERE purpose = 'acknowledgement')"
    )
    reader.set_viewport_size({"width": width, "height": height})
    reader.goto(url(house, f"contacts/{reference}?list=which%3Durgent"))
    banners = " ".join(reader.locator(".danger, .needs").all_inner_texts())
    assert all(word in banners for word in ("gas", "550 5.1.1 Recipient address rejected", "Large print; British Sign"))
    assert reader.locator(".who-wrote .tag").count() == 1
    box = reader.locator(".newest .words").bounding_box()
    assert box is not None
    assert box["y"] <= most
    assert words in reader.inner_text(".newest .words")
    # The first line is read, not only begun.
    assert box["y"] + 24 <= height


def test_axe_would_find_something(page: Page) -> None:
    """A planted fault is found: the check can fail."""
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<input type=text>')")
    page.evaluate(Axe().axe_script)
    assert [rule for rule, _ in page.evaluate(AXE, {})] == ["label"]


def test_the_queue_refreshes_itself_and_leaves_alone_who_is_at_work(page: Page, house: House) -> None:
    """A contact that comes in appears; while a box is ticked nothing moves."""
    page.evaluate("document.getElementById('queue').dataset.refresh")
    page.clock.install()
    page.reload()
    reference = house.contact("I came while the page was open.", received_at=None)
    page.clock.run_for(31_000)
    page.wait_for_selector(f"a[href$='{reference}']")
    assert "Up to date at" in page.inner_text("#refreshed")
    page.check(f"input[value='{reference}']")
    later = house.contact("I came while somebody was at work.")
    page.clock.run_for(31_000)
    assert page.locator(f"a[href$='{later}']").count() == 0


def test_everything_works_without_scripts_and_at_four_times_the_size(browser: Browser, house: House) -> None:
    """Four times as large is a quarter of the width: an answer is recorded on 320 px without JavaScript."""
    reference = house.contact("No scripts here.")
    context = browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 256})
    page = context.new_page()
    page.goto(url(house, f"contacts/{reference}"))
    page.fill("#address", ADMINISTRATOR)
    page.fill("#password", "a long enough password")
    page.click("button[type=submit]")
    page.wait_for_url(f"**/contacts/{reference}")
    page.click("details.act:has(#respond-note) > summary")
    page.click("button[value=respond]")
    page.wait_for_url("**told=*")
    assert "The answer is recorded." in page.inner_text("main")
    context.close()


HOSTILE = """<script>window.harmed = 1</script><img src=x onerror="window.harmed=1">"><svg onload=window.harmed=1>
<style>*{display:none}</style>{{7*7}}{% for x in y %}<a href="javascript:window.harmed=1">click</a>"""


def test_script_in_every_field_stays_words(page: Page, house: House) -> None:
    """Whatever somebody writes into whatever field is shown as words, wherever it is shown."""
    reference = house.contact(HOSTILE, subject=HOSTILE[:150], sender={"name": HOSTILE[:150], "phone": "01632 960 003"})
    lead = house.officer("lead")
    lead.act(reference, "needs", more=HOSTILE[:200])
    lead.act(reference, "holding-reply", note=HOSTILE)
    wait_until(lambda: bool(ask(house.service.store_url, "SELECT 1 FROM message_words LIMIT 1")), what="the index")
    for path in (f"contacts/{reference}", "queue", "audit", "queue?words=%3Cscript%3Ealert(1)%3C/script%3E"):
        page.goto(url(house, path))
        assert page.evaluate("window.harmed") is None
        assert page.locator("main script, main svg, main img, main style").count() == 0
        assert "49" not in page.title()
