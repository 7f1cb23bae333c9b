"""What a person types stands in no address, no title and no line of the log, whatever they do on our pages."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
import structlog
from aiohttp import ClientResponse, FormData
from structlog.testing import LogCapture

from bot.channel import Batch
from bot.flows.intake.batches import Filed, Reading
from bot.flows.rulebook import Rulebook
from bot.present import Present
from bot.settings.reading import Settings
from bot.store import contacts
from bot.store.engine import Store
from bot.web.public import form_page
from bot.web.site import Site
from tests.web.pages import Browser, Open, Page
from tests.web.tracking import WEBSITE, Tracked, log, message

# Of 400 bytes, each of another field, so that a part of it would be found again.
SAID = {name: (f"{name} Persimmon-{name} " * 40)[:400] for name in ("name", "phone", "message", "place", "address")}
EMAIL = f"{'persimmon.' * 5}quimby@{'persimmon' * 6}.example"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An organisation whose pages stand somewhere."""
    return replace(settings, web=settings.web.model_copy(update={"public_url": WEBSITE}))


@contextmanager
def lines() -> Iterator[LogCapture]:
    """Every line of the log, with all that it says."""
    before, capture = structlog.get_config()["processors"], LogCapture()
    structlog.configure(processors=[structlog.processors.format_exc_info, capture])
    yield capture
    structlog.configure(processors=before)


async def _fall_over(batch: Batch, _reading: Reading) -> list[Filed]:
    raise ValueError(f"what nobody foresaw, at {batch.messages[0].text}")


async def _titles(answers: list[ClientResponse]) -> list[str]:
    pages = [await answer.text() for answer in answers]
    return [Page(text).text("title") for text in pages if "<title>" in text]


def _addresses(answers: list[ClientResponse]) -> list[str]:
    hops = [hop for answer in answers for hop in (*answer.history, answer)]
    return [f"{hop.url} {hop.headers.get('Location', '')}" for hop in hops]


async def _everything_on(browser: Browser, tracked: Tracked) -> list[ClientResponse]:
    """Everything that a person can type on our pages, posted in full, once rightly and once wrongly."""
    form = {**SAID, "email": EMAIL, "phone": "01632 960 987", "go": "send", "step": "check"}
    hidden = {
        "token": "a" * 22,
        "shown": form_page.stamp("a" * 22, Present().now(), b"x"),
        form_page.TRAP: SAID["name"],
    }
    long = SAID["message"] * 30
    answers = [
        await browser.post("/?send", data=form | hidden),
        await browser.post("/", data=form | {"email": SAID["name"]}),
        await browser.post("/track", data={"reference": tracked.contact.reference, "address": EMAIL}),
        await browser.post("/track", data={"reference": SAID["message"], "address": SAID["address"]}),
        await browser.post(f"{tracked.path}/message", data={"message": SAID["message"], "token": SAID["name"]}),
        await browser.post(f"{tracked.path}/message", data={"message": long, "token": "b" * 22}),
        await browser.post(f"{tracked.path}/needs", data={"language": SAID["name"], "needs": SAID["message"]}),
        await browser.post(f"{tracked.path}/feedback", data={"answer": "no", "words": SAID["message"]}),
        await browser.post(f"{tracked.path[:-1]}x/message", data={"message": SAID["message"]}),
    ]
    files = FormData({"message": SAID["message"], "token": "c" * 22})
    files.add_field("files", b"MZ\0", filename=f"{SAID['name'][:200]}.exe", content_type="text/plain")
    answers.append(await browser.post(f"{tracked.path}/message", data=files))
    answers.append(await browser.post(f"{tracked.path}/withdraw", data=SAID))
    return answers


async def test_nothing_that_is_typed_is_in_an_address_a_title_or_the_log(
    settings: Settings, site: Site, store: Store, book: Rulebook, open_site: Open
) -> None:
    """Found by search: 400 bytes of every field, by the form, the page of a message and the asking for a link."""
    contact = await store.write(lambda c: log(c, site, message(address=EMAIL), Present().now() - timedelta(days=1)))
    tracked = Tracked(store, book, await open_site(), contact)
    with lines() as capture:
        answers = await _everything_on(tracked.browser, tracked)
        tracked.browser = await open_site(log=_fall_over)
        answers += await _everything_on(tracked.browser, tracked)
    assert {answer.status for answer in answers} <= {200, 404, 409, 422, 500, 503}
    logged = [json.dumps(entry, default=str) for entry in capture.entries]
    assert any("web.failed" in line for line in logged)
    texts = [*_addresses(answers), *await _titles(answers), *logged]
    assert not [
        text for text in texts if "ersimmon" in text or "uimby" in text or "960 987" in text or "960987" in text
    ]
    # It has come in all the same.
    arrived = await store.read(lambda c: contacts.messages_of(c, contact.id))
    assert "Persimmon" in arrived[-1].text
