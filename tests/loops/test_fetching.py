"""Files that people sent on a platform are fetched, judged, and kept with their message; staff read what is not."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, delete, update

from bot.channel import Batch, Permanent
from bot.core.events import EventKind
from bot.core.files import File
from bot.core.messages import RemoteFile
from bot.core.remote_files import MOST_BYTES_OF_CONTACT, MOST_FILES, PATIENCE, TOO_MANY, TOO_MUCH, State
from bot.core.retention import Retention
from bot.core.roles import Scope
from bot.flows.changes import forget
from bot.flows.desk import contact_view, message_view
from bot.flows.desk.contact_view import Arrived
from bot.flows.intake import media, scanned
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.rulebook import Rulebook, Team, Way
from bot.loops.fetching import Fetching
from bot.loops.tending import SelfWatch
from bot.present import Present
from bot.store import contacts, outbox, remote_files, retention, scans
from bot.store.engine import Store
from bot.store.tables import messages, raw_messages
from bot.wire.clamav import Scanner
from channels import telegram
from channels.telegram import Telegram
from tests.channels.test_telegram import MESSAGE, UPDATES, settings
from tests.components.clamd import DANGER, Clamd
from tests.flows.conftest import NOW
from tests.peers.telegram import TelegramPeer
from tests.rulebooks import altered
from tests.wire import sample_files

EVERYBODY = Scope()
VOICE = b"OggS\x00\x02 words that are spoken"


class SetByHand(Present):
    """A clock that is set by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.at = NOW

    def now(self) -> Any:
        """What it shows."""
        return self.at


@pytest.fixture
def present() -> SetByHand:
    """A clock."""
    return SetByHand()


@pytest.fixture
def rules(book: Rulebook) -> Rulebook:
    """With a bot on Telegram."""
    teams = {"front": Team("front", ("staff@example.gov.uk",), "post")}
    return altered(book, ways={"tg": Way("post", "front", medium="telegram")}, teams=teams)


@pytest.fixture
def peer() -> Iterator[TelegramPeer]:
    """The platform."""
    with TelegramPeer() as running:
        yield running


@pytest.fixture
async def bot(peer: TelegramPeer) -> AsyncIterator[Telegram]:
    """Our bot there."""
    channel = telegram.build("tg", settings(peer.base))
    yield channel
    await channel.close()


@pytest.fixture
async def fetching(store: Store, rules: Rulebook, present: SetByHand, bot: Telegram) -> Fetching:
    """Fetches by that bot; no scanner looks into what it fetches."""
    return Fetching(store, rules, present, {"tg": bot})


async def write(store: Store, rules: Rulebook, *files: RemoteFile, **content: Any) -> str:
    """A person writes to the bot; the reference of their contact."""
    (message,) = UPDATES.read({"update_id": 1, "message": MESSAGE | content})
    assert message.post is not None
    if files:
        message = replace(message, post=replace(message.post, files=files))
    reception = await store.write(lambda c: receive(c, Batch((message,)), Reading("tg"), NOW, rules, Capacity()))
    return reception.filed[0].reference or ""


async def page_of(store: Store, rules: Rulebook, reference: str) -> Arrived:
    """The message as staff see it."""
    view = await store.read(lambda c: contact_view.show(c, reference, EVERYBODY, NOW, rules))
    assert view is not None
    return view.messages[0]


async def content_of(store: Store, rules: Rulebook, reference: str, number: int = 1) -> bytes | None:
    """A file as staff open it."""
    message = (await page_of(store, rules, reference)).number
    file = await store.read(lambda c: message_view.file_of(c, reference, message, number, EVERYBODY, rules))
    return file.content if file else None


async def subjects(store: Store) -> list[str]:
    """Each notice to the team."""
    return [
        delivery.details["subject"]
        for delivery in await store.write(lambda c: outbox.claim(c, "post", NOW + timedelta(30), NOW, 50))
        if "subject" in delivery.details
    ]


async def stands(store: Store) -> list[tuple[State, str]]:
    """How the files of the only message stand."""
    by_message = await store.read(lambda c: remote_files.of_messages(c, [1]))
    return [(stand.state, stand.reason) for stand in by_message.get(1, ())]


async def test_a_voice_note_is_kept_with_its_message(
    store: Store, rules: Rulebook, fetching: Fetching, peer: TelegramPeer
) -> None:
    """Staff are told that it comes; then it opens as the files of a mail do, and what came as words is still there."""
    peer.files = {"v": ("voice/file_1.oga", VOICE)}
    reference = await write(store, rules, voice={"file_id": "v", "duration": 12})
    page = await page_of(store, rules, reference)
    assert (page.enclosed.waiting, page.enclosed.words, page.attachments) == (("a voice note",), (), ())
    assert await fetching.look() is False
    page = await page_of(store, rules, reference)
    assert (page.enclosed.waiting, page.enclosed.words, page.enclosed.missing) == ((), (), ())
    assert [(file.name, file.kind) for file in page.attachments] == [("file_1.ogg", "audio/ogg")]
    assert await content_of(store, rules, reference) == VOICE
    assert await store.read(lambda c: remote_files.due(c, NOW + PATIENCE, 9)) == []


async def test_several_files_are_kept_in_their_order_and_none_takes_the_name_of_another(
    store: Store, rules: Rulebook, fetching: Fetching, peer: TelegramPeer
) -> None:
    """A picture loses the place where it was taken, as one that came by the form does."""
    peer.files = {"1": ("a/hole.jpg", sample_files.jpeg()), "2": ("b/hole.jpg", sample_files.jpeg())}
    files = [RemoteFile("image", locator, "hole.jpg") for locator in ("1", "2")]
    reference = await write(store, rules, *files, text="Look")
    await fetching.look()
    page = await page_of(store, rules, reference)
    assert ([file.name for file in page.attachments], page.words) == (["hole.jpg", "hole-2.jpg"], "Look")
    assert sample_files.PLACE not in (await content_of(store, rules, reference, 2) or sample_files.PLACE)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("photo.exe", sample_files.jpeg(), "it may be a program"),
        ("photo.jpg", b"MZ\x90\0" + bytes(99), "it is of a kind that is not kept here"),
        ("page.jpg", b"<script>alert(1)</script>", "it is of a kind that is not kept here"),
        ("photo.jpg", sample_files.jpeg()[:-40], "it is damaged"),
        ("empty.txt", b"", "it is empty"),
    ],
)
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_what_the_form_would_refuse_is_not_kept(
    store: Store, rules: Rulebook, fetching: Fetching, peer: TelegramPeer, name: str, content: bytes, reason: str
) -> None:
    """It stays on the platform, and the page and the history of the contact say why; nobody is alerted."""
    peer.files = {"f": ("documents/f", content)}
    reference = await write(store, rules, RemoteFile("document", "f", name))
    await fetching.look()
    page = await page_of(store, rules, reference)
    assert page.enclosed.missing == ((f"a file, “{name}”", reason),)
    assert page.attachments == ()
    assert await stands(store) == [(State.REFUSED, reason)]
    (event,) = [e for e in await store.read(lambda c: contacts.events_of(c, 1)) if e.kind == EventKind.FILE_NOT_KEPT]
    assert event.details == {"not_kept": "document", "reason": reason}
    assert await subjects(store) == []


async def test_a_file_that_is_gone_is_told_to_the_team_once_a_day(
    store: Store, rules: Rulebook, fetching: Fetching, peer: TelegramPeer
) -> None:
    """What cannot be asked for any more is given up at once, and the page says what the platform said."""
    reference = await write(store, rules, RemoteFile("voice", "gone"), RemoteFile("voice", "too"))
    await fetching.look()
    page = await page_of(store, rules, reference)
    assert [name for name, _ in page.enclosed.missing] == ["a voice note", "a voice note"]
    assert "invalid file_id" in page.enclosed.missing[0][1]
    assert await subjects(store) == [f"A file of {reference} could not be fetched"]
    assert "getFile" in peer.methods


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_a_lost_file_of_staffs_own_alerts_nobody(store: Store, rules: Rulebook, fetching: Fetching) -> None:
    """They know what they sent."""
    await write(store, rules, RemoteFile("image", "gone"))
    await store.write(lambda c: c.execute(update(messages).values(written_by="staff")))
    await fetching.look()
    assert [state for state, _ in await stands(store)] == [State.LOST]
    assert await subjects(store) == []


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_a_platform_that_is_down_is_asked_again_until_its_links_have_run_out(
    store: Store, rules: Rulebook, present: SetByHand
) -> None:
    """Ever less often; the operators hear of it after a while, and the file comes as soon as the platform does."""
    nowhere = telegram.build("tg", settings("http://127.0.0.1:9"))
    fetching = Fetching(store, rules, present, {"tg": nowhere})
    tended = SelfWatch(store, rules, present, lambda: None)
    reference = await write(store, rules, RemoteFile("voice", "v"))
    for minutes in (0, 1, 16):
        present.at = NOW + timedelta(minutes=minutes)
        await fetching.look()
    assert (await page_of(store, rules, reference)).enclosed.waiting == ("a voice note",)
    assert not await store.read(lambda c: remote_files.due(c, present.at, 9))
    await tended.look(timedelta(0))
    present.at = NOW + PATIENCE
    await fetching.look()
    await nowhere.close()
    assert [state for state, _ in await stands(store)] == [State.LOST]
    notices = await subjects(store)
    assert "Files of tg cannot be fetched" in notices
    assert f"A file of {reference} could not be fetched" in notices


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_the_files_of_a_channel_that_is_gone_are_given_up(
    store: Store, rules: Rulebook, present: SetByHand
) -> None:
    """Nobody can fetch them any more."""
    await write(store, rules, RemoteFile("voice", "v"))
    await Fetching(store, rules, present, {}).look()
    assert await stands(store) == [(State.LOST, "its channel is not in the configuration any more")]


async def test_what_the_law_lets_forget_is_not_fetched(
    store: Store, rules: Rulebook, fetching: Fetching, peer: TelegramPeer
) -> None:
    """A message that its writer took back, or that was forgotten while its file was on its way, gets none."""
    peer.files = {"v": ("voice/file_1.oga", VOICE)}
    await write(store, rules, RemoteFile("voice", "v"))
    (waiting,) = await store.read(lambda c: remote_files.due(c, NOW, 9))
    await store.write(lambda c: retention.strip_messages(c, messages.c.id == waiting.message_id))
    await store.write(lambda c: media.keep(c, waiting, File("a.ogg", VOICE), NOW))
    await store.write(lambda c: media.lose(c, waiting, "gone", NOW, rules))
    await fetching.look()
    assert await store.read(lambda c: contacts.raw_messages_of(c, waiting.contact_id)) == []
    assert (await stands(store), peer.methods, await subjects(store)) == ([], [], [])


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_what_an_older_program_forgot_is_not_fetched_again_and_again(
    store: Store, rules: Rulebook, fetching: Fetching, peer: TelegramPeer
) -> None:
    """During an upgrade one that knows nothing of these files may forget their message: their names go, too."""
    peer.files = {"v": ("voice/file_1.oga", VOICE)}
    await write(store, rules, RemoteFile("document", "known", "my-passport.pdf"), RemoteFile("voice", "v"))
    passport, _ = await store.read(lambda c: remote_files.due(c, NOW, 9))
    await store.write(lambda c: media.keep(c, passport, File("my-passport.pdf", b"%PDF-"), NOW))
    await store.write(lambda c: c.execute(delete(raw_messages)))
    await fetching.look()
    assert (await stands(store), peer.methods) == ([], ["getFile"])
    await fetching.look()
    assert peer.methods == ["getFile"]


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_names_of_files_that_an_older_program_left_are_forgotten(store: Store, rules: Rulebook) -> None:
    """Also of those that are kept and wait for nothing; those of a message that is there stay."""
    for number in (1, 2):
        await write(store, rules, RemoteFile("document", "known", "my-passport.pdf"), message_id=number)
    first, second = await store.read(lambda c: remote_files.due(c, NOW, 9))
    await store.write(lambda c: media.keep(c, first, File("my-passport.pdf", b"%PDF-"), NOW))
    await store.write(lambda c: media.keep(c, second, File("my-passport.pdf", b"%PDF-"), NOW))
    await store.write(lambda c: c.execute(delete(raw_messages).where(raw_messages.c.message_id == 1)))
    await store.write(lambda c: forget.forget_what_was_left(c, Retention(timedelta(30)), NOW))
    assert list(await store.read(lambda c: remote_files.of_messages(c, [1, 2]))) == [2]


class Hostile(Telegram):
    """A platform that answers as nobody expects: with its own words, or with a file whose name is no text."""

    async def fetch(self, file: RemoteFile, most_bytes: int) -> File:
        """Answer about this file."""
        if file.locator == "words":
            raise Permanent("gone\0 \ud800" * 100)
        if file.locator == "name":
            return File("\ud800.txt\0", b"words")
        return File("note.txt", b"words")


async def test_whatever_a_platform_answers_the_next_file_is_fetched(
    store: Store, rules: Rulebook, present: SetByHand, peer: TelegramPeer
) -> None:
    """What cannot be stored as it is, on either store, stops nothing."""
    files = [RemoteFile("document", locator) for locator in ("words", "name", "good")]
    await write(store, rules, *files)
    await Fetching(store, rules, present, {"tg": Hostile("tg", settings(peer.base))}).look()
    (words, reason), _, good = await stands(store)
    assert (words, reason[:5], good) == (State.LOST, "gone ", (State.KEPT, ""))
    assert not {"\0", "\ud800"} & set(reason)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_a_message_that_is_held_by_law_has_its_files(
    store: Store, rules: Rulebook, fetching: Fetching, peer: TelegramPeer
) -> None:
    """Whatever its contact is otherwise."""
    peer.files = {"v": ("voice/file_1.oga", VOICE)}
    reference = await write(store, rules, RemoteFile("voice", "v"))
    await store.write(lambda c: forget.hold(c, reference, "a claim", "staff:x@example.gov.uk", NOW))
    await fetching.look()
    assert await content_of(store, rules, reference) == VOICE


async def test_a_file_that_was_kept_before_a_crash_is_not_kept_twice(store: Store, rules: Rulebook) -> None:
    """Two who have fetched the same file, or one that was killed between the fetching and the commit, keep it once."""
    reference = await write(store, rules, RemoteFile("voice", "v"))
    (waiting,) = await store.read(lambda c: remote_files.due(c, NOW, 9))
    for _ in range(2):
        await store.write(lambda c: media.keep(c, waiting, File("a.ogg", VOICE), NOW))
    assert [file.name for file in (await page_of(store, rules, reference)).attachments] == ["a.ogg"]


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_nobody_fills_the_disk_with_one_conversation(store: Store, rules: Rulebook) -> None:
    """Of one message so many files are fetched, of one contact so many octets are kept."""
    await write(store, rules, *(RemoteFile("image", str(n)) for n in range(MOST_FILES + 1)))
    due = await store.read(lambda c: remote_files.due(c, NOW, 99))
    assert (len(due), (await stands(store))[-1]) == (MOST_FILES, (State.REFUSED, TOO_MANY))

    def keep_two(connection: Connection) -> None:
        remote_files.settle(connection, due[0], "large.mp4", MOST_BYTES_OF_CONTACT)
        media.keep(connection, due[1], File("small.txt", b"x"), NOW)

    await store.write(keep_two)
    assert (await stands(store))[:2] == [(State.KEPT, ""), (State.REFUSED, TOO_MUCH)]


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_a_file_that_comes_while_the_scanner_looks_is_looked_into_as_well(store: Store, rules: Rulebook) -> None:
    """What was looked into is not all there is any more: it waits for the next look, and nothing of it is lost."""
    await write(store, rules, RemoteFile("image", "1"), RemoteFile("image", "2"))
    first, second = await store.read(lambda c: remote_files.due(c, NOW, 9))
    await store.write(lambda c: media.keep(c, first, File("a.txt", b"a"), NOW, is_scanned=False))
    waiting = await store.read(scans.oldest)
    assert waiting is not None
    await store.write(lambda c: media.keep(c, second, File("b.txt", b"b"), NOW, is_scanned=False))
    await store.write(lambda c: scanned.settle(c, waiting, {"a.txt": "Virus"}, NOW))
    again = await store.read(scans.oldest)
    assert again is not None
    await store.write(lambda c: scanned.settle(c, again, {"a.txt": "Virus"}, NOW))
    reason = "the virus scanner says that it is dangerous: Virus"
    assert await stands(store) == [(State.REFUSED, reason), (State.KEPT, "")]
    assert await store.read(scans.oldest) is None


@pytest.mark.needs("clamd")
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_every_file_is_looked_into(
    store: Store, rules: Rulebook, present: SetByHand, peer: TelegramPeer, bot: Telegram
) -> None:
    """A danger is not kept; while the scanner cannot be asked, files are fetched in time and stay shut."""
    peer.files = {"1": ("a/bad.txt", DANGER), "2": ("a/good.txt", b"words")}
    with Clamd() as clamd:
        fetching = Fetching(store, rules, present, {"tg": bot}, Scanner(clamd.address))
        reference = await write(store, rules, RemoteFile("document", "1"))
        await fetching.look()
        assert "dangerous" in (await page_of(store, rules, reference)).enclosed.missing[0][1]
        clamd.stop()
        later = await write(store, rules, RemoteFile("document", "2"), message_id=6)
        await fetching.look()
        assert await store.read(scans.oldest) is not None
        assert await content_of(store, rules, later) is None
