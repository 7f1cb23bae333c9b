"""The page of a contact: what it says in every state, what can be done on it, and that looking changes nothing."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import FormData
from sqlalchemy import Connection, select, update

from bot.core import tracking
from bot.core.closings import Outcome
from bot.core.events import Event, EventKind
from bot.core.histories import Kind
from bot.core.roles import Role
from bot.flows import staffing
from bot.flows.changes import close, respond, void_links
from bot.flows.changes.adjust import ClockChange, Word, adjust
from bot.flows.changes.close import Closing
from bot.flows.outgoing.tell import Later, new_date
from bot.flows.rulebook import Rulebook, Team
from bot.present import Present
from bot.settings.reading import Settings
from bot.store import contacts, outbox, staff
from bot.store.engine import Store
from bot.store.outbox import delivery_of
from bot.store.staff import Account
from bot.store.tables import deliveries
from bot.web.site import Site
from tests.flows.test_urgent import GAS
from tests.rulebooks import altered
from tests.web.pages import Open, Page
from tests.web.tracking import ADDRESS, PERSONAL, WEBSITE, WORDS, Tracked, contents, log, message

Begin = Callable[..., Awaitable[Tracked]]
PAGE_BYTES = 20 * 1024


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An organisation whose pages stand somewhere."""
    return replace(settings, web=settings.web.model_copy(update={"public_url": WEBSITE}))


@pytest.fixture
def book(book: Rulebook) -> Rulebook:
    """Promises, a website, a team, and what cannot wait."""
    teams = {"front": Team("front", ("staff@example.gov.uk",), "post")}
    ways = {name: replace(way, team="front") for name, way in book.ways.items()}
    return altered(book, teams=teams, urgent=(GAS,), ways=ways)


@pytest.fixture
def begin(site: Site, store: Store, book: Rulebook, open_site: Open) -> Begin:
    """Log a contact some days ago, its receipt sent, and open a browser on its site."""

    async def start(*, days_ago: float = 2, **more: Any) -> Tracked:
        at = Present().now() - timedelta(days=days_ago)
        contact = await store.write(lambda c: log(c, site, message(**more), at))
        return Tracked(store, book, await open_site(), contact)

    return start


async def adjusted(tracked: Tracked, kind: Kind, to: str = "", reason: str = "") -> None:
    """Let staff change the clock now."""
    word, now = Word("staff:me", reason), Present().now()
    reference = tracked.contact.reference
    await tracked.do(lambda c: adjust(c, reference, ClockChange(kind, None, to), word, now, tracked.book))


async def test_the_page_says_where_it_is_and_by_when(begin: Begin) -> None:
    """With the team, the date of the answer, and what we sent; in a title that names nobody."""
    tracked = await begin()
    status, page = await tracked.get()
    assert status == 200
    words = page.text("main")
    assert tracked.contact.reference in words
    assert "Your message is with this team: Front" in words
    due = tracked.book.clocks.respond_by(tracked.contact)
    assert f"You will have our full answer by:{due}" in words
    assert "We have your message" in page.text("main ul")
    assert page.text("title") == "Where your message is – Exampleshire Council"


async def test_nothing_of_the_person_is_on_the_page(begin: Begin) -> None:
    """No name, address, subject or word of theirs; in no header, and for no search engine."""
    tracked = await begin()
    answer = await tracked.browser.get(tracked.path)
    text = await answer.text()
    assert not [words for words in PERSONAL if words in text or words in str(answer.headers)]
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert "<script" not in text
    assert len(text.encode()) <= PAGE_BYTES


async def test_what_we_sent_is_shown_as_it_left_without_its_key(begin: Begin) -> None:
    """The words of the receipt, on a page of their own."""
    tracked = await begin()
    status, page = await tracked.get("/sent/1")
    assert status == 200
    words = page.text("pre")
    assert f"Your reference: {tracked.contact.reference}" in words
    assert tracking.key(tracked.contact.id, tracked.contact.reference, 0, tracked.book.secret) not in words
    assert [(await tracked.get(f"/sent/{number}"))[0] for number in ("0", "2", "x", "-1")] == [404] * 4


async def test_while_we_wait_the_page_says_so(begin: Begin) -> None:
    """And since when; no date is promised meanwhile."""
    tracked = await begin()
    await adjusted(tracked, Kind.PAUSED)
    words = (await tracked.get())[1].text("main")
    assert "We are waiting for you." in words
    assert "full answer by" not in words


async def test_a_new_date_is_shown_with_the_reason_that_was_told(
    begin: Begin, site: Site, store: Store, book: Rulebook
) -> None:
    """What staff wrote for the person, once it has left; before that only the date."""
    tracked = await begin()
    before = book.clocks.respond_by(tracked.contact)
    await adjusted(tracked, Kind.RESTARTED)
    stands = await tracked.stands()
    page = (await tracked.get())[1]
    assert f"Before: {before}" in page.text("main")
    assert f"New date: {book.clocks.respond_by(stands)}" in page.text("main")
    assert "You told us more" not in page.text("main")


async def test_an_answer_is_said_and_when(begin: Begin) -> None:
    """The page says that it is answered, and asks for nothing more than what the person wants to add."""
    tracked = await begin()
    at = Present().now()
    await tracked.do(lambda c: respond.respond(c, tracked.contact.reference, at, tracked.book, actor="staff:me"))
    words = (await tracked.get())[1].text("main")
    assert "We have answered you." in words
    assert "You no longer need this?" not in words


@pytest.mark.parametrize(
    ("closing", "words"),
    [
        (Closing(Outcome.TOLD, note="by phone"), "We told you about it by phone or by letter."),
        (Closing(Outcome.WITHDRAWN), "You told us that you no longer need this."),
        (Closing(Outcome.SPAM), "Your message is closed."),
    ],
)
async def test_a_closed_contact_says_how_it_ended(begin: Begin, closing: Closing, words: str) -> None:
    """In words for the person; a note of staff is none."""
    tracked = await begin()
    now = Present().now()
    await tracked.do(lambda c: close.close(c, tracked.contact.reference, "staff:me", now, tracked.book, closing))
    text = (await tracked.get())[1].text("main")
    assert words in text
    assert "by phone" not in text.replace("by phone or by letter", "")


async def test_of_what_is_urgent_the_page_says_only_how_to_call(begin: Begin) -> None:
    """No reference, no date, nothing that we sent, and no page below it."""
    tracked = await begin(text="I smell gas in the hall.")
    assert tracked.contact.urgent
    page = (await tracked.get())[1]
    words = page.text("main")
    assert "Please call us" in words
    assert "0300 123 2224" in words
    assert tracked.contact.reference not in words
    assert "gas" not in words
    assert not page.all("main form, main ul, main dl")
    assert (await tracked.get("/sent/1"))[0] == 404
    assert "Please call us" in (await tracked.get("/withdraw"))[1].text("main")


async def test_quiet_kinds_are_as_quiet(begin: Begin, book: Rulebook) -> None:
    """What the organisation names as such."""
    tracked = await begin()
    await tracked.do(lambda c: contacts.put(c, tracked.contact.id, {"kind": "domestic-abuse"}))
    assert "Please call us" in (await tracked.get())[1].text("h1")


async def test_looking_changes_nothing(begin: Begin, store: Store) -> None:
    """Whatever a scanner follows, by GET or HEAD, also with a wrong key."""
    tracked = await begin()
    before = await store.read(contents)
    links = ["", "/withdraw", "/new-link", "/sent/1", "/message", "/needs", "/feedback"]
    addresses = [f"{tracked.path}{below}" for below in links] + [f"{tracked.path[:-1]}x", "/track"]
    for address in addresses:
        await tracked.browser.get(address)
        await tracked.browser.head(address)
    assert await store.read(contents) == before


async def test_what_is_added_joins_the_contact_and_lets_its_clock_run_on(begin: Begin) -> None:
    """As a message of the person; the page says so, and nobody else's address is named."""
    tracked = await begin()
    await adjusted(tracked, Kind.PAUSED)
    status, page = await tracked.post("/message", message="It is the one by the school.", token="a" * 22)
    assert status == 200
    assert "We have added what you wrote" in page.text("[role=status]")
    stands = await tracked.stands()
    assert (stands.paused_at, stands.state) == (None, "open")
    assert {"follow-up", "resumed"} <= set(await tracked.history())
    arrived = await tracked.store.read(lambda c: contacts.messages_of(c, tracked.contact.id))
    assert [(m.text, m.written_by) for m in arrived[1:]] == [("It is the one by the school.", "sender")]


async def test_the_same_page_posted_twice_adds_once(begin: Begin) -> None:
    """Somebody who presses twice, or loads the page again, has written once."""
    tracked = await begin()
    for _ in range(3):
        await tracked.post("/message", message="It is the one by the school.", token="a" * 22)
    assert (await tracked.history()).count("follow-up") == 1


@pytest.mark.parametrize("words", ["", " \n ", "\u200b", "x" * 10_001])
async def test_what_cannot_be_added_is_said_beside_the_field(begin: Begin, words: str) -> None:
    """And what was typed stands there still."""
    tracked = await begin()
    status, page = await tracked.post("/message", message=words, token="a" * 22)
    assert status == 422
    assert page.value("#message", "aria-invalid") == "true"
    assert page.text("#message") == words.strip()
    assert "follow-up" not in await tracked.history()


async def test_danger_in_what_is_added_calls_somebody(begin: Begin) -> None:
    """And from then on the page says only how to call."""
    tracked = await begin()
    page = (await tracked.post("/message", message="Now I smell gas.", token="a" * 22))[1]
    assert (await tracked.stands()).urgent == "gas"
    assert "Please call us" in page.text("main")
    assert "We have added what you wrote" in page.text("main")
    assert await tracked.deliveries("urgent")


async def test_words_for_a_quiet_contact_are_not_lost(begin: Begin) -> None:
    """A page that was opened before may be posted afterwards."""
    tracked = await begin(text="I smell gas in the hall.")
    status, page = await tracked.post("/message", message="He is back.", token="a" * 22)
    assert status == 200
    assert "We have added what you wrote" in page.text("main")
    assert "follow-up" in await tracked.history()


async def test_what_is_added_after_the_answer_opens_it_again(begin: Begin) -> None:
    """Within the days for that; the answer is due anew."""
    tracked = await begin()
    at = Present().now()
    await tracked.do(lambda c: respond.respond(c, tracked.contact.reference, at, tracked.book, actor="staff:me"))
    await tracked.post("/message", message="That is not right.", token="a" * 22)
    stands = await tracked.stands()
    assert stands.state == "open"
    assert stands.respond_by
    assert stands.respond_by > at


async def test_what_is_added_after_those_days_is_a_new_message(begin: Begin, book: Rulebook) -> None:
    """The page gives the new reference, and the contact stays as it is."""
    tracked = await begin(days_ago=30)
    tracked.book = book
    at = Present().now() - timedelta(days=20)
    await tracked.do(lambda c: respond.respond(c, tracked.contact.reference, at, tracked.book, actor="staff:me"))
    await tracked.do(lambda c: contacts.put(c, tracked.contact.id, {"responded_at": at - timedelta(days=9)}))
    page = (await tracked.post("/message", message="Another thing.", token="a" * 22))[1]
    notice = page.text("[role=status]")
    everybody = await tracked.store.read(contacts.list_all)
    (new,) = (contact for contact in everybody if contact.id != tracked.contact.id)
    assert new.reference in notice
    assert new.linked_to == tracked.contact.id
    assert (await tracked.stands()).state == "answered"


async def test_who_no_longer_needs_it_is_asked_once_more(begin: Begin) -> None:
    """The link shows a page with a button; the button closes the contact and tells the team."""
    tracked = await begin()
    assert "Yes, I no longer need this" in (await tracked.get("/withdraw"))[1].text("form")
    assert (await tracked.stands()).state == "open"
    page = (await tracked.post("/withdraw"))[1]
    assert "we have stopped" in page.text("[role=status]")
    assert (await tracked.stands()).state == "closed"
    events = await tracked.store.read(lambda c: contacts.events_of(c, tracked.contact.id))
    assert (events[-1].kind, events[-1].actor, events[-1].details["outcome"]) == ("closed", "sender", "withdrawn")
    notices = await tracked.store.read(lambda c: [d.details for d in _notices(c)])
    assert [details["reference"] for details in notices] == [tracked.contact.reference]
    assert not await tracked.deliveries("closing")


def _notices(connection: Connection) -> list[Any]:
    return [delivery_of(row) for row in connection.execute(select(deliveries).where(deliveries.c.purpose == "notice"))]


async def test_withdrawn_twice_is_once(begin: Begin) -> None:
    """A stale page that is posted again changes nothing more."""
    tracked = await begin()
    for _ in range(2):
        status, _page = await tracked.post("/withdraw")
        assert status == 200
    assert (await tracked.history()).count("closed") == 1


async def test_who_writes_again_opens_what_they_had_withdrawn(begin: Begin) -> None:
    """With the date that it had."""
    tracked = await begin()
    await tracked.post("/withdraw")
    await tracked.post("/message", message="I do need it.", token="a" * 22)
    stands = await tracked.stands()
    assert (stands.state, stands.respond_by) == ("open", tracked.contact.respond_by)
    assert {"opened again", "follow-up"} <= set(await tracked.history())


async def test_what_is_answered_cannot_be_withdrawn(begin: Begin) -> None:
    """The page says why, and nothing changes."""
    tracked = await begin()
    at = Present().now()
    await tracked.do(lambda c: respond.respond(c, tracked.contact.reference, at, tracked.book, actor="staff:me"))
    status, page = await tracked.post("/withdraw")
    assert status == 409
    assert "We have finished this already." in page.text("[role=alert]")
    assert (await tracked.stands()).state == "answered"


async def test_a_quiet_contact_is_not_withdrawn(begin: Begin) -> None:
    """Whoever reads the mail of somebody in danger must not be able to call off their help."""
    tracked = await begin(text="I smell gas in the hall.")
    status, page = await tracked.post("/withdraw")
    assert status == 409
    assert "Please call us" in page.text("h1")
    assert (await tracked.stands()).state == "open"


async def test_a_new_link_makes_the_old_ones_void(begin: Begin) -> None:
    """It goes to the address on file; the page that was open is closed."""
    tracked = await begin()
    page = (await tracked.post("/new-link"))[1]
    assert "We have sent you a new one" in page.text("main")
    assert (await tracked.get())[0] == 404
    (link,) = await tracked.deliveries("track-link")
    assert link.recipient == ADDRESS
    tracked.contact = await tracked.stands()
    assert (await tracked.get())[0] == 200


async def test_without_an_address_to_write_to_the_page_says_to_call(begin: Begin) -> None:
    """The old links end all the same."""
    tracked = await begin(address=None)
    page = (await tracked.post("/new-link"))[1]
    assert "We cannot send you a new one from here" in page.text("main")
    assert (await tracked.get())[0] == 404


async def test_every_address_without_a_page_looks_alike(begin: Begin) -> None:
    """Wrong keys, unknown references, links that are void, contacts that are gone: one page, word by word."""
    tracked = await begin()
    void = tracked.path
    await tracked.do(lambda c: void_links.make_void(c, tracked.contact, "staff:me", Present().now()))
    addresses = [
        void,
        f"/track/{tracked.contact.reference}/{'a' * 26}",
        f"/track/EX-2222-2222/{'a' * 26}",
        "/track/nonsense/nothing",
        f"/track/{tracked.contact.reference}/%00",
    ]
    answers = [await tracked.browser.get(address) for address in addresses]
    assert {answer.status for answer in answers} == {404}
    assert len({(await answer.text()) for answer in answers}) == 1
    posted = await tracked.browser.post(f"{void}/message", data={"message": WORDS, "token": "a" * 22})
    assert posted.status == 404


async def test_whoever_guesses_is_slowed_down(begin: Begin) -> None:
    """After some wrong keys nothing is looked up any more from there; the person's own page opened before."""
    tracked = await begin()
    assert (await tracked.get())[0] == 200
    wrong = f"/track/{tracked.contact.reference}/{'b' * 26}"
    statuses = [(await tracked.browser.get(wrong)).status for _ in range(30)]
    assert statuses == [404] * 10 + [429] * 20
    others = [(await tracked.browser.get(f"/track/EX-2222-{n:04}/{'b' * 26}")).status for n in range(100)]
    assert others.count(404) == 90
    assert others[-10:] == [429] * 10


async def test_the_page_opens_in_the_language_of_its_person(
    begin: Begin, settings: Settings, site: Site, open_site: Open
) -> None:
    """Who follows the link of a mail is led there once; who then chooses another language is left alone."""
    tracked = await begin()
    organisation = settings.organisation.model_copy(update={"languages": ("en", "cy")})
    offered = replace(settings, organisation=organisation)
    addressing = replace(tracked.book.outgoing.addressing, languages=("en", "cy"))
    tracked.book = altered(tracked.book, addressing=addressing)
    tracked.browser = await open_site(settings=offered, book=tracked.book)
    await tracked.do(lambda c: contacts.put(c, tracked.contact.id, {"wished_language": "cy"}))
    for site_before in ("none", "cross-site"):
        headers = {"Sec-Fetch-Site": site_before}
        answer = await tracked.browser.get(tracked.path, allow_redirects=False, headers=headers)
        assert (answer.status, answer.headers["Location"]) == (303, f"/cy{tracked.path}")
        assert (await tracked.browser.get(answer.headers["Location"], allow_redirects=False)).status == 200
    # Old browsers do not say where somebody comes from: whoever chooses English there must get it.
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {}):
        assert (await tracked.browser.get(tracked.path, allow_redirects=False, headers=headers)).status == 200


async def test_files_are_added_with_the_words(begin: Begin) -> None:
    """As they come with the form: examined, and a part of the message."""
    tracked = await begin()
    form = FormData({"message": "Here are my notes.", "token": "a" * 22})
    form.add_field("files", b"The hole is by the school.\n", filename="hole.txt", content_type="text/plain")
    answer = await tracked.browser.post(f"{tracked.path}/message", data=form)
    assert answer.status == 200
    assert "We have added what you wrote" in await answer.text()
    raws = await tracked.store.read(lambda c: contacts.raw_messages_of(c, tracked.contact.id))
    assert b'filename="hole.txt"' in raws[-1]


async def test_a_file_that_may_be_a_program_is_refused_with_its_reason(begin: Begin) -> None:
    """Beside the field, with what was typed; nothing is added."""
    tracked = await begin()
    form = FormData({"message": "Here is a program.", "token": "a" * 22})
    form.add_field("files", b"MZ" + b"\0" * 200, filename="run.exe", content_type="application/octet-stream")
    answer = await tracked.browser.post(f"{tracked.path}/message", data=form)
    page = Page(await answer.text())
    assert answer.status == 422
    assert page.all("#files-error")
    assert page.text("#message") == "Here is a program."
    assert "follow-up" not in await tracked.history()


async def test_staff_see_the_page_without_its_forms(begin: Begin, store: Store, open_site: Open) -> None:
    """And why there is none, where there is none."""
    tracked = await begin()
    account = Account("ada@example.gov.uk", "Ada", Role.OFFICER, frozenset(), "", Present().now(), None)

    def sign_in(c: Connection) -> str:
        staff.add(c, account)
        return staffing.sign_in(c, account, "password", Present().now(), Present().now())

    headers = {"Cookie": f"ackbot={await tracked.do(sign_in)}"}
    address = f"/console/contacts/{tracked.contact.reference}/page"
    page = Page(await (await tracked.browser.get(address, headers=headers)).text())
    assert "Your message is with this team: Front" in page.text("main")
    assert not page.all("main form, main a[href*='/track']")
    await tracked.do(lambda c: contacts.put(c, tracked.contact.id, {"visibility": "public"}))
    answer = await tracked.browser.get(address, headers=headers)
    assert "Because what was written is public." in await answer.text()


async def test_a_reason_is_shown_once_the_person_was_told(begin: Begin) -> None:
    """What stands in the message with the new date, when that has left."""
    tracked = await begin()
    before = tracked.contact.respond_by
    assert before
    reason, reference = "We look into the lights.", tracked.contact.reference
    later = Later(tracked.contact.id, reference, "", before, before + timedelta(days=9), reason)
    details = {"respond_by_before": before.isoformat(), "respond_by": later.after.isoformat(), "note": "for staff"}

    def extend(c: Connection, *, is_sent: bool) -> None:
        now = Present().now()
        if is_sent:
            (first,) = (d for d in outbox.of_contact(c, tracked.contact.id) if d.purpose == "acknowledgement")
            outbox.queue(c, [new_date(later, first, now, tracked.book.outgoing)])
            c.execute(update(deliveries).where(deliveries.c.purpose == "new-date").values(state="sent", sent_at=now))
        else:
            contacts.note(c, [Event(tracked.contact.id, now, EventKind.EXTENDED, "staff:me", details)])

    await tracked.do(lambda c: extend(c, is_sent=False))
    words = (await tracked.get())[1].text("main")
    assert "We need longer." in words
    assert "look into the lights" not in words
    await tracked.do(lambda c: extend(c, is_sent=True))
    words = (await tracked.get())[1].text("main")
    assert "Why: We look into the lights." in words
    assert "for staff" not in words


async def test_what_the_person_needs_is_remembered(begin: Begin) -> None:
    """And stands on the page when they come again; nothing of it is on the page of the message."""
    tracked = await begin()
    pairs = [("needs", "large-print"), ("needs", "bsl"), ("needs", "nonsense"), ("language", "xx")]
    answer = await tracked.browser.post(f"{tracked.path}/needs", data=FormData(pairs))
    assert "We have made a note of it." in await answer.text()
    assert (await tracked.stands()).need_codes == "large-print bsl"
    page = (await tracked.get("/needs"))[1]
    assert [node.attributes["value"] for node in page.all("input[checked]")] == ["large-print", "bsl"]
    await tracked.post("/needs", language="")
    assert (await tracked.stands()).need_codes == ""


async def test_of_a_quiet_contact_nothing_is_noted(begin: Begin) -> None:
    """Whoever reads the mail of somebody in danger neither sees nor changes it."""
    tracked = await begin(text="I smell gas in the hall.")
    page = (await tracked.post("/needs", needs="braille"))[1]
    assert "Please call us" in page.text("h1")
    assert "Please call us" in (await tracked.get("/needs"))[1].text("h1")
    assert (await tracked.stands()).need_codes == ""
