"""The page that asks whether our answer helped: what it says in every state, and that looking changes nothing."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.core.feedback import FeedbackRules
from bot.flows.changes import close, respond, void_links
from bot.flows.changes.close import Closing
from bot.flows.rulebook import Rulebook, Team
from bot.present import Present
from bot.settings.reading import Settings
from bot.store import feedback
from bot.store.engine import Store
from bot.web.site import Site
from tests.rulebooks import altered
from tests.web.pages import Open, Page
from tests.web.tracking import PERSONAL, WEBSITE, Tracked, contents, log, message

Answered = Callable[..., Awaitable[Tracked]]
HERE = "/feedback"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Pages at an address."""
    return replace(settings, web=settings.web.model_copy(update={"public_url": WEBSITE}))


@pytest.fixture
def book(book: Rulebook) -> Rulebook:
    """A council that asks, though never about a complaint."""
    teams = {"front": Team("front", ("staff@example.gov.uk",), "post")}
    ways = {name: replace(way, team="front") for name, way in book.ways.items()}
    rules = FeedbackRules(ask=True, never_kinds=frozenset({"complaint"}))
    return altered(book, website=WEBSITE, teams=teams, ways=ways, feedback=rules)


@pytest.fixture
def answered(site: Site, store: Store, book: Rulebook, open_site: Open) -> Answered:
    """Log a contact and answer it some days ago, and open a browser on its site."""

    async def start(*, days_ago: float = 2, **more: Any) -> Tracked:
        at = Present().now() - timedelta(days=days_ago)
        contact = await store.write(lambda c: log(c, site, message(**more), at))
        tracked = Tracked(store, book, await open_site(), contact)
        await tracked.do(lambda c: respond.respond(c, contact.reference, at, book, actor="staff:me"))
        return tracked

    return start


def choices(page: Page, name: str) -> list[str]:
    """The values that can be chosen there."""
    return [node.attributes["value"] or "" for node in page.all(f"input[name={name}]")]


async def test_the_page_asks_one_question_with_five_steps_and_a_box(answered: Answered) -> None:
    """Nothing of the person is on it, no program finds it, and the page of the message leads there."""
    tracked = await answered()
    status, page = await tracked.get(HERE)
    assert status == 200
    assert page.text("h1") == "Did we answer your question?"
    assert choices(page, "answer") == ["yes", "partly", "no"]
    assert len(choices(page, "satisfaction")) == 5
    assert page.value("form[method=post]", "action") == f"{tracked.path}{HERE}"
    assert page.value("meta[name=robots]", "content") == "noindex, nofollow"
    assert not [words for words in PERSONAL if words in page.text()]
    assert "Tell us: yes, partly or no" in (await tracked.get())[1].text("main")


async def test_looking_changes_nothing(answered: Answered, store: Store) -> None:
    """Whatever a scanner of mail follows, and however it asks; nor is anything chosen by an address."""
    tracked = await answered()
    before = await store.read(contents)
    for below in (HERE, f"{HERE}?answer=no"):
        await tracked.get(below)
        await tracked.browser.head(f"{tracked.path}{below}")
    assert await store.read(contents) == before


async def test_yes_is_thanked_for(answered: Answered, store: Store) -> None:
    """And kept; what was said is there to be changed when the page is opened anew."""
    tracked = await answered()
    status, page = await tracked.post(HERE, answer="yes", satisfaction="satisfied", words="Quick.")
    assert (status, page.text("h1")) == (200, "Thank you")
    assert "We are glad" in page.text("main")
    row = await store.read(lambda c: feedback.of(c, tracked.contact.id))
    assert row
    assert (row.answer, row.satisfaction, row.words) == ("yes", "satisfied", "Quick.")
    again = (await tracked.get(HERE))[1]
    assert "checked" in again.first("#answer").attributes
    assert again.text("textarea") == "Quick."


async def test_no_puts_it_back_into_the_queue_and_says_by_when(answered: Answered) -> None:
    """The page of the message is that of an open one again, and is asked no second time."""
    tracked = await answered()
    _, page = await tracked.post(HERE, answer="no", words="The lights are still out.")
    stands = await tracked.stands()
    assert stands.state == "open"
    assert tracked.book.clocks.respond_by(stands) in page.text("main")
    assert "You have told us already" not in (await tracked.get())[1].text("main")
    assert "with this team" in (await tracked.get())[1].text("main")
    status, page = await tracked.post(HERE, answer="yes")
    assert status == 409
    assert (await tracked.stands()).state == "open"


async def test_after_the_days_for_that_no_is_for_the_team(answered: Answered, book: Rulebook, open_site: Open) -> None:
    """The page says so."""
    tracked = await answered(days_ago=20)
    site_book = altered(book, reopen_days=10)
    tracked.browser = await open_site(book=site_book)
    _, page = await tracked.post(HERE, answer="no")
    assert "We have told the team." in page.text("main")
    assert (await tracked.stands()).state == "answered"


@pytest.mark.parametrize(
    ("fields", "field", "fault"),
    [
        ({}, "answer", "Choose yes, partly or no"),
        ({"answer": "perhaps", "words": "kept words"}, "answer", "Choose yes, partly or no"),
        ({"answer": "yes", "satisfaction": "glad"}, "satisfaction", "Choose one of the answers, or none"),
        ({"answer": "yes", "words": "a" * 1201}, "words", "Use 1,200 characters or fewer"),
    ],
)
async def test_what_is_missing_is_said_beside_the_field(
    answered: Answered, fields: dict[str, str], field: str, fault: str
) -> None:
    """And what was typed is kept."""
    tracked = await answered()
    status, page = await tracked.post(HERE, **fields)
    assert status == 422
    assert page.text(f"#{field}-error").endswith(fault)
    assert page.value(".summary a", "href") == f"#{field}"
    assert page.all(f"#{field}")
    assert page.text("textarea") == fields.get("words", "")


async def test_what_staff_have_read_is_not_changed(answered: Answered) -> None:
    """The page shows it, and how to tell more."""
    tracked = await answered()
    await tracked.post(HERE, answer="partly")
    now = Present().now()
    await tracked.do(lambda c: feedback.note_reading(c, tracked.contact.id, "staff:me", now))
    _, page = await tracked.get(HERE)
    assert "You have told us already" in page.text("main")
    assert not page.all("form[method=post]")
    assert (await tracked.post(HERE, answer="yes"))[0] == 409


async def test_before_there_is_an_answer_there_is_no_question(
    site: Site, store: Store, book: Rulebook, open_site: Open
) -> None:
    """Open, or closed without one."""
    at = Present().now() - timedelta(days=1)
    contact = await store.write(lambda c: log(c, site, message(), at))
    tracked = Tracked(store, book, await open_site(), contact)
    assert "We have not answered you yet" in (await tracked.get(HERE))[1].text("main")
    closing = Closing.of("told", "", "by phone")
    await tracked.do(lambda c: close.close(c, contact.reference, "staff:me", at, book, closing))
    page = (await tracked.get(HERE))[1]
    assert "There is nothing to ask you" in page.text("main")
    assert "Tell us: yes" not in (await tracked.get())[1].text("main")


async def test_a_wrong_key_opens_nothing(answered: Answered, store: Store) -> None:
    """Neither to look nor to act."""
    tracked = await answered()
    wrong = tracked.path[:-1] + ("a" if tracked.path[-1] != "a" else "b")
    assert (await tracked.browser.get(f"{wrong}{HERE}")).status == 404
    assert (await tracked.browser.post(f"{wrong}{HERE}", data={"answer": "no"})).status == 404
    assert await store.read(lambda c: feedback.of(c, tracked.contact.id)) is None


async def test_a_link_that_was_made_void_opens_nothing(answered: Answered) -> None:
    """As the page of the message itself."""
    tracked = await answered()
    now: datetime = Present().now()
    await tracked.do(lambda c: void_links.make_void(c, tracked.contact, "sender", now))
    assert (await tracked.get(HERE))[0] == 404
