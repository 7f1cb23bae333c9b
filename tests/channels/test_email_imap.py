"""The mailbox that is looked into, against a real Dovecot: nothing lost, nothing doubled, nothing changed."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import aclosing
from datetime import UTC, datetime

import pytest

from bot.channel import Inbox, Temporary
from bot.wire.mail.imap_position import Position
from tests.channels.mailbox import (
    LONG_AGO,
    following,
    has_left,
    inbox,
    mail,
    numbers,
    put,
    read,
    read_all,
    staff,
)
from tests.components.dovecot import Dovecot
from tests.components.ports import LEAVING_SECONDS, until
from tests.components.wires import Relay, answering
from tests.conftest import Needs


@pytest.fixture
def server(needs: Needs) -> Iterator[Dovecot]:
    """A Dovecot with empty mailboxes."""
    needs("dovecot")
    with Dovecot() as started:
        yield started


# Where reading begins


async def test_a_first_look_begins_at_now(server: Dovecot) -> None:
    """Mail that was there before is not read; the position is stored at once; what comes from then on is read."""
    put(server, mail(1), at=LONG_AGO)
    server.deliver(mail(2))
    reader = inbox(server.imap_port)
    assert isinstance(reader, Inbox)
    async with aclosing(reader.listen(None)) as batches:
        first = await following(batches)
        assert first.messages == ()
        assert not reader.ready.is_set()
        server.deliver(mail(3))
        messages, _ = await read(batches, 1)
        assert reader.ready.is_set()
    assert numbers(messages) == [3]
    assert not reader.ready.is_set()
    assert await read_all(reader, first.cursor, 1) == [3]


async def test_begin_all_reads_what_is_there(server: Dovecot) -> None:
    """With begin = "all" even mail from years ago is read, with the instant at which the server took it."""
    put(server, mail(1), at=LONG_AGO)
    server.deliver(mail(2))
    async with aclosing(inbox(server.imap_port, begin="all").listen(None)) as batches:
        messages, _ = await read(batches, 2)
    assert numbers(messages) == [1, 2]
    assert messages[0].received_at == LONG_AGO
    with staff(server) as client:
        client.normalise_times = False
        client.select_folder("INBOX", readonly=True)
        assert messages[1].received_at == client.fetch([2], ["INTERNALDATE"])[2][b"INTERNALDATE"]
    assert messages[1].raw.endswith(mail(2))
    assert messages[1].channel == "enquiries"
    assert messages[1].mail is not None
    assert messages[1].mail.return_path == "resident@example.test"


async def test_a_day_to_begin_with_is_kept(server: Dovecot) -> None:
    """Of what is there, only mail from that day (UTC) on is read, whatever zone the server writes its dates in."""
    put(server, mail(1), at=datetime(2026, 8, 31, 23, 59, 59, tzinfo=UTC))
    put(server, mail(2), at=datetime(2026, 9, 1, 0, 0, tzinfo=UTC))
    put(server, mail(3), at=LONG_AGO)
    reader = inbox(server.imap_port, begin="2026-09-01")
    async with aclosing(reader.listen(None)) as batches:
        messages, cursor = await read(batches, 1)
        put(server, mail(4), at=LONG_AGO)
        later, _ = await read(batches, 1)
    assert numbers(messages + later) == [2, 4]
    assert await read_all(reader, cursor, 1) == [4]


async def test_a_folder_numbered_anew_is_read_again_but_not_from_before_we_began(server: Dovecot) -> None:
    """After a change of UIDVALIDITY all since the beginning is offered again, and nothing older, also over restarts."""
    put(server, mail(1), mail(2), at=LONG_AGO)
    reader = inbox(server.imap_port)
    async with aclosing(reader.listen(None)) as batches:
        await following(batches)
        server.deliver(mail(3))
        _, cursor = await read(batches, 1)
    put(server, mail(4), at=LONG_AGO)
    server.deliver(mail(5))
    server.change_uidvalidity()
    async with aclosing(reader.listen(cursor)) as batches:
        begun = (await following(batches)).cursor
        messages, _ = await read(batches, 2)
    assert numbers(messages) == [3, 5]
    assert await read_all(reader, begun, 2) == [3, 5]


async def test_a_folder_restored_from_an_older_copy_is_read_again(server: Dovecot) -> None:
    """Where the server's numbers have gone back behind our position, waiting for them to pass it would lose mail."""
    server.deliver(mail(1))
    reader = inbox(server.imap_port, begin="all")
    async with aclosing(reader.listen(None)) as batches:
        _, cursor = await read(batches, 1)
    ahead = Position.model_validate_json(cursor).after(7).model_dump_json()
    assert await read_all(reader, ahead, 1) == [1]


# Nothing lost, nothing doubled, nothing changed


async def test_batches_come_in_order_and_a_restart_goes_on_after_the_committed_one(server: Dovecot) -> None:
    """At most fifty at once, in order; whoever starts again from a committed cursor gets the rest and only that."""
    put(server, *(mail(number) for number in range(1, 121)))
    reader = inbox(server.imap_port, begin="all")
    async with aclosing(reader.listen(None)) as batches:
        assert (await following(batches)).messages == ()
        first = await following(batches)
    async with aclosing(reader.listen(first.cursor)) as batches:
        rest, _ = await read(batches, 70)
        server.deliver(mail(121))
        news, _ = await read(batches, 1)
    assert numbers([*first.messages]) == list(range(1, 51))
    assert numbers(rest + news) == list(range(51, 122))


async def test_a_batch_that_was_not_committed_is_offered_again(server: Dovecot) -> None:
    """`Temporary` at the yield ends the reading; from the last committed cursor the same messages come again."""
    put(server, *(mail(number) for number in range(1, 61)))
    reader = inbox(server.imap_port, begin="all")
    batches = reader.listen(None)
    await following(batches)
    committed = await following(batches)
    lost = await following(batches)
    with pytest.raises(Temporary, match="disk full"):
        await batches.athrow(Temporary("disk full"))
    assert await has_left()
    assert numbers([*lost.messages]) == list(range(51, 61))
    assert await read_all(reader, committed.cursor, 10) == list(range(51, 61))


async def test_reading_changes_no_mark(server: Dovecot) -> None:
    r"""Not \Seen, not \Recent, nothing: staff find their mailbox as if nobody had looked."""
    for number in range(1, 4):
        server.deliver(mail(number))
    async with aclosing(inbox(server.imap_port, begin="all").listen(None)) as batches:
        await read(batches, 3)
    with staff(server) as client:
        folder = client.select_folder("INBOX")
        assert folder[b"RECENT"] == 3
        flags = client.get_flags([1, 2, 3])
    assert flags == dict.fromkeys((1, 2, 3), (b"\\Recent",))


async def test_a_mail_that_vanishes_is_passed_over(server: Dovecot) -> None:
    """Staff may delete a mail between our search and our fetch: the others are read, and reading goes on."""
    put(server, *(mail(number) for number in range(1, 171)))
    async with aclosing(inbox(server.imap_port, begin="all").listen(None)) as batches:
        first, _ = await read(batches, 50)
        with staff(server) as client:
            client.select_folder("INBOX")
            client.delete_messages([151, 155, 169, 170])
            client.expunge()
        rest, _ = await read(batches, 116)
        server.deliver(mail(171))
        news, _ = await read(batches, 1)
    expected = [number for number in range(1, 172) if number not in {151, 155, 169, 170}]
    assert numbers(first + rest + news) == expected


async def test_any_bytes_become_a_message(server: Dovecot) -> None:
    """An empty mail, ten megabytes, and noise: each is one message, whole, between its neighbours."""
    noise = bytes(range(256)) * 40
    large = mail(2, "x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 145_000)
    put(server, mail(1), b"\r\n", noise.replace(b"\0", b""), large, mail(3))
    async with aclosing(inbox(server.imap_port, begin="all").listen(None)) as batches:
        messages, _ = await read(batches, 5)
    assert [message.subject for message in messages] == ["1", "", "", "2", "3"]
    assert len(messages[3].raw) == len(large)


async def test_of_a_gigantic_mail_only_the_beginning_is_read(server: Dovecot) -> None:
    """What is longer than 64 MB is logged with its first megabyte, and says so."""
    put(server, mail(1), mail(2, ("z" * 998 + "\r\n") * 68_000), mail(3))
    async with aclosing(inbox(server.imap_port, begin="all").listen(None)) as batches:
        messages, _ = await read(batches, 3)
    assert numbers(messages) == [1, 2, 3]
    assert "it is 64 MB long: only its first 1 MB was read" in messages[1].fault
    assert len(messages[1].raw) == 2**20
    assert (messages[0].fault, messages[2].fault) == ("", "")


# Waiting for news


@pytest.mark.parametrize("tls", ["none", "implicit", "starttls"])
async def test_news_is_announced(server: Dovecot, tls: str) -> None:
    """Where the server has IDLE a new mail is read when it says so (Dovecot takes half a second), on every line."""
    port = server.imaps_port if tls == "implicit" else server.imap_port
    reader = inbox(port, tls=tls, ca_file=str(server.certificate))
    async with aclosing(reader.listen(None)) as batches:
        await following(batches)
        waiting = asyncio.ensure_future(read(batches, 1))
        await asyncio.sleep(0.2)
        server.deliver(mail(1))
        delivered = time.monotonic()
        assert numbers((await waiting)[0]) == [1]
        assert time.monotonic() - delivered < LEAVING_SECONDS  # and not when it is looked again, after a minute


async def test_without_idle_the_mailbox_is_looked_into_now_and_then(needs: Needs) -> None:
    """A server that cannot announce news is asked every `poll_seconds`."""
    needs("dovecot")
    with Dovecot(idle=False) as server:
        reader = inbox(server.imap_port, poll_seconds=1)
        assert "looked for every 1 s" in await reader.check()
        async with aclosing(reader.listen(None)) as batches:
            await following(batches)
            server.deliver(mail(1))
            assert numbers((await read(batches, 1))[0]) == [1]


async def test_an_announcement_that_never_comes_is_made_good(server: Dovecot) -> None:
    """Whatever IDLE fails to say, the mailbox is searched every `poll_seconds`."""
    deaf = Relay(server.imap_port, swallow=rb"\* \d+ (EXISTS|RECENT)\r\n")
    async with deaf.open(), aclosing(inbox(deaf.port, poll_seconds=1).listen(None)) as batches:
        await following(batches)
        server.deliver(mail(1))
        assert numbers((await read(batches, 1))[0]) == [1]


async def test_what_comes_while_a_batch_is_committed_needs_no_announcement(server: Dovecot) -> None:
    """A server may tell of a mail at the end of the very search that does not name it, and IDLE then says no more."""
    server.deliver(mail(1))
    async with aclosing(inbox(server.imap_port, begin="all").listen(None)) as batches:
        await following(batches)
        await asyncio.sleep(0.2)
        server.deliver(mail(2))
        assert numbers((await read(batches, 2))[0]) == [1, 2]


async def test_news_that_comes_in_one_packet_with_the_consent_to_idle_is_noticed() -> None:
    """It is in our own buffer then, where no waiting on the line can see it; so it must be looked for first."""
    answers = {
        "capability": "* CAPABILITY IMAP4rev1 IDLE|TAG OK done",
        "login": "TAG OK in",
        "examine": "* 1 EXISTS|* OK [UIDVALIDITY 7] ok|* OK [UIDNEXT 5] ok|TAG OK [READ-ONLY] done",
        "uid": "* SEARCH|TAG OK done",
        "idle": "+ idling|* 2 EXISTS",
    }
    async with answering(**answers) as (port, given), aclosing(inbox(port).listen(None)) as batches:
        await following(batches)
        waiting = asyncio.ensure_future(following(batches))
        await until(lambda: "DONE" in given)
        waiting.cancel()
        # Whatever it ends with: only then can the inbox be closed.
        await asyncio.gather(waiting, return_exceptions=True)
