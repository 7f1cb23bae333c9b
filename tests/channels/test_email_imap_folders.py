"""Several folders of one mailbox, and that of unwanted mail, against a real Dovecot."""

from collections.abc import Iterator
from contextlib import aclosing

import pytest
from pydantic import ValidationError

from bot.channel import Batch, Misconfigured, SeveralFolders
from bot.core.messages import Inbound
from channels.email_imap import Imap
from tests.channels.mailbox import following, inbox, mail, numbers, read, settings, staff
from tests.components.dovecot import CONTACT, Dovecot
from tests.conftest import Needs
from tests.peers.imap import Folder, ImapServer


@pytest.fixture
def server(needs: Needs) -> Iterator[Dovecot]:
    r"""A Dovecot with the folders Enquiries and Spam, of which the latter is marked as \Junk."""
    needs("dovecot")
    with Dovecot(junk="Spam") as started:
        started.doveadm("mailbox", "create", "-u", CONTACT, "Enquiries")
        yield started


def parts(reader: Imap) -> dict[str, Imap]:
    """The folders of an inbox by their names."""
    assert isinstance(reader, SeveralFolders)
    return {part.name: part for part in (reader, *reader.also)}


async def test_each_folder_is_read_from_a_cursor_of_its_own(server: Dovecot) -> None:
    """All of them bring contacts to the same channel; each goes on where it was."""
    reader = inbox(server.imap_port, folders=["INBOX", "Enquiries"], begin="all")
    with staff(server) as client:
        for number, folder in enumerate(("INBOX", "Enquiries", "Enquiries"), 1):
            client.append(folder, mail(number))
    assert list(parts(reader)) == ["enquiries", "enquiries/Enquiries"]
    for name, expected in (("enquiries", [1]), ("enquiries/Enquiries", [2, 3])):
        async with aclosing(parts(reader)[name].listen(None)) as batches:
            messages, cursor = await read(batches, len(expected))
        assert numbers(messages) == expected
        assert {message.channel for message in messages} == {"enquiries"}
        assert not any(message.junk or message.outgoing for message in messages)
        async with aclosing(parts(reader)[name].listen(cursor)) as batches:
            assert (await following(batches)).messages == ()
        assert "holds" in await parts(reader)[name].check()


@pytest.mark.parametrize("junk", [True, "Spam"])
async def test_unwanted_mail_is_read_with_its_mark(server: Dovecot, *, junk: bool | str) -> None:
    r"""Whether the folder is named, or found by the mark of the server (\Junk)."""
    reader = inbox(server.imap_port, junk=junk, begin="all")
    with staff(server) as client:
        client.append("Spam", mail(1))
    async with aclosing(parts(reader)["enquiries junk"].listen(None)) as batches:
        ((message,), _) = await read(batches, 1)
    assert (message.junk, message.channel, message.subject) == (True, "enquiries", "1")


async def test_what_staff_move_out_of_the_unwanted_mail_is_new(server: Dovecot) -> None:
    """In the inbox it has its own name, so that it is acknowledged there."""
    reader = inbox(server.imap_port, junk=True, begin="all")
    with staff(server) as client:
        client.append("Spam", mail(1))
        async with aclosing(parts(reader)["enquiries junk"].listen(None)) as batches:
            ((message,), _) = await read(batches, 1)
        client.select_folder("Spam")
        client.move([1], "INBOX")
    async with aclosing(reader.listen(None)) as batches:
        ((again,), _) = await read(batches, 1)
    assert (message.external_id, again.external_id) == ("junk <1@example.test>", "<1@example.test>")
    assert again.received_at == message.received_at


async def test_a_folder_that_is_named_must_be_there(server: Dovecot) -> None:
    """One that is only sought by its mark may come later; staff are told of the others."""
    reader = inbox(server.imap_port, folders=["INBOX", "Housing"], junk="Rubbish")
    for part in reader.also:
        with pytest.raises(Misconfigured, match=r"no folder '(Housing|Rubbish)'"):
            await part.check()


async def test_a_server_without_a_folder_of_unwanted_mail_is_asked_again() -> None:
    """It may be made with the first such mail."""
    with ImapServer() as server:
        junk = parts(inbox(server.port, junk=True, poll_seconds=1))["enquiries junk"]
        async with aclosing(junk.listen(None)) as batches:
            assert await following(batches) == Batch((), up_to_date=True)
            server.folders["Spam"] = Folder(use="\\Junk")
            assert (await following(batches)).position_only
        server.folders["Spam"].use = ""
        with pytest.raises(Misconfigured, match="marks no folder"):
            await junk.check()


async def test_a_check_says_that_unwanted_mail_is_not_read(server: Dovecot) -> None:
    """Where the server marks such a folder and the settings leave it out."""
    assert (await inbox(server.imap_port).check()).endswith("; unwanted mail in Spam is not read, as junk is not set")
    assert "unwanted" not in await inbox(server.imap_port, junk=True, folders=["INBOX", "Enquiries"]).check()


async def test_mail_moved_before_it_was_read_is_told(server: Dovecot) -> None:
    """What staff sort into another folder while nobody reads; and nothing is told of what merely comes fast."""
    reader = inbox(server.imap_port)
    async with aclosing(reader.listen(None)) as batches:
        cursor = (await following(batches)).cursor
    with staff(server) as client:
        for number in range(1, 6):
            client.append("INBOX", mail(number))
        client.select_folder("INBOX")
        client.move([2, 3, 5], "Enquiries")
        gap, messages = 0, list[Inbound]()
        async with aclosing(reader.listen(cursor)) as batches:
            while len(messages) < 22:
                batch = await following(batches)
                gap, messages = gap + batch.losses.gap, [*messages, *batch.messages]
                if len(messages) == 2 and batch.messages:
                    for number in range(6, 26):
                        client.append("INBOX", mail(number))
    assert numbers(messages) == [1, 4, *range(6, 26)]
    assert gap == 3


async def test_gaps_in_the_unwanted_mail_are_nobodys_business() -> None:
    """It is thrown out all the time."""
    with ImapServer() as server:
        server.folders["Spam"] = Folder()
        junk = parts(inbox(server.port, junk="Spam"))["enquiries junk"]
        async with aclosing(junk.listen(None)) as batches:
            cursor = (await following(batches)).cursor
        server.remove(server.add(mail(1), folder="Spam"), "Spam")
        server.add(mail(2), folder="Spam")
        async with aclosing(junk.listen(cursor)) as batches:
            await following(batches)
            batch = await following(batches)
    assert (len(batch.messages), batch.losses.gap) == (1, 0)


@pytest.mark.parametrize(
    ("table", "key", "words"),
    [
        ({"folders": ["INBOX", "Inbox"]}, "folders", "names a folder twice"),
        ({"folder": "Enquiries", "folders": ["INBOX"]}, "folders", "in place of folder"),
        ({"folders": [""]}, "folders", "allowed: one line of text"),
        ({"junk": "INBOX"}, "junk", "whose mail is answered"),
        ({"folders": ["INBOX", "Spam"], "junk": "Spam"}, "junk", "whose mail is answered"),
        ({"folders": ["INBOX", "Sent"], "sent_folder": "Sent"}, "sent_folder", "whose mail is answered"),
    ],
)
def test_a_mistake_in_the_folders_is_named(table: dict[str, object], key: str, words: str) -> None:
    """With its key and what to do."""
    with pytest.raises(ValidationError, match=words) as raised:
        settings(143, **table)
    assert {error["loc"][0] for error in raised.value.errors()} == {key}
