"""Mail servers that misbehave, and an end to listening: nobody's mail is lost, and nobody harms a neighbour."""

import asyncio
import logging
import time
from contextlib import aclosing

import pytest

from bot.wire import descriptors
from bot.wire.mail import lmtp as wire
from bot.wire.mail import mime
from tests.channels.postman import ADDRESS, PAT, at_work, bring, inbox, logging_all, mail, talking
from tests.components.ports import PATIENCE_SECONDS, until

LOGGED = "250 2.0.0 Logged"

# Clients of all kinds


async def test_what_is_broken_off_is_not_a_mail() -> None:
    """RSET, a lost line in the middle of a message, a goodbye: nothing is logged, and nobody else notices."""
    async with logging_all(inbox()) as clerk:
        async with talking(clerk.port) as talk:
            await talk.begin()
            talk.writer.write(mail(1)[:50])
            await talk.writer.drain()
        async with talking(clerk.port) as talk:
            await talk.say(f"LHLO mx\r\nMAIL FROM:<{PAT}>\r\n".encode())
            assert await talk.hear() == "250 OK"
            assert await talk.say(b"RSET\r\n") == "250 OK"
            assert await talk.say(b"DATA\r\n") == "503 5.5.1 Error: need RCPT command"
            assert await talk.say(f"MAIL FROM:<{PAT}>\r\n".encode()) == "250 OK"
            talk.writer.write(b"QUIT\r\n")
        assert await bring(clerk.port, mail(2)) == [LOGGED]
    assert [message.subject for message in clerk.logged] == ["2"]


@pytest.mark.parametrize(
    "command",
    [
        b"MAIL FROM:<a@x.example\rRCPT TO:<b@x.example>",
        b"MAIL FROM:<a\x00b@x.example>",
        b"MAIL FROM:<a@x.example",
        b"RCPT TO:<a@x.example\rBcc: b@x.example>",
        b"RCPT TO:<\xc2\x85@x.example>",
        b"RCPT TO:<a@x.example> <b@x.example",
        b"RCPT TO:<>garbage>",
    ],
)
async def test_no_address_holds_another_line(command: bytes) -> None:
    """Control characters and unfinished addresses are refused; the conversation goes on."""
    async with logging_all(inbox()) as clerk, talking(clerk.port) as talk:
        await talk.say(b"LHLO mx\r\n")
        if command.startswith(b"RCPT"):
            await talk.say(f"MAIL FROM:<{PAT}>\r\n".encode())
        assert (await talk.say(command + b"\r\n"))[:3] in ("501", "553", "555")
        assert await talk.say(b"NOOP\r\n") == "250 OK"


async def test_octets_that_are_no_text_do_not_reach_the_store() -> None:
    """What is no UTF-8 in an address is replaced, so that the mail itself can be logged."""
    async with logging_all(inbox()) as clerk, talking(clerk.port) as talk:
        await talk.say(b"LHLO mx\r\n")
        assert await talk.say(b"MAIL FROM:<a\xff@x.example>\r\n") == "250 OK"
        await talk.say(f"RCPT TO:<{ADDRESS}>\r\n".encode())
        await talk.say(b"DATA\r\n")
        assert await talk.say(mail() + b".\r\n") == LOGGED
    assert clerk.logged[0].mail is not None
    assert clerk.logged[0].mail.return_path == "a\ufffd@x.example"


@pytest.mark.parametrize(
    "noise",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) * 3 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x00" * 1000 + b"\r\n",
        b"A" * 200_000 + b"\r\n",
        b"EHLO x\r\nHELO x\r\nSTARTTLS\r\nAUTH PLAIN AAA\r\nVRFY <a@b>\r\nEXPN x\r\nHELP\r\n",
        b"MAIL\r\nMAIL FROM:\r\nRCPT TO:<a@b>\r\nDATA\r\nDATA x\r\nLHLO\r\n",
        b"LHLO x\r\nMAIL FROM:<a@b> SIZE=x\r\nMAIL FROM:<a@b> BODY=9BIT\r\nMAIL FROM:<a@b> X\r\n",
        b"\r\n" * 50,
    ],
)
async def test_noise_is_not_a_mail(noise: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """Strangers, scanners and broken clients get an error; a mail brought at the same time is logged."""
    async with logging_all(inbox()) as clerk, talking(clerk.port) as talk:
        talk.writer.write(noise)
        assert await bring(clerk.port, mail()) == [LOGGED]
        await asyncio.sleep(0.05)
    assert len(clerk.logged) == 1
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_thirty_megabytes_are_taken_and_keep_nobody_waiting() -> None:
    """While a huge mail comes in and is read, small ones are answered."""
    huge = mail(1, "An attachment of forty-odd characters a line.\r\n" * 650_000)
    assert len(huge) > 30_000_000
    async with logging_all(inbox()) as clerk:
        bringing = asyncio.create_task(bring(clerk.port, huge))
        worst = 0.0
        while not bringing.done():
            began = time.process_time()  # what else the machine does meanwhile counts for nothing
            assert await bring(clerk.port, mail(2)) == [LOGGED]
            worst = max(worst, time.process_time() - began)
        assert await bringing == [LOGGED]
    (taken,) = [message for message in clerk.logged if message.subject == "1"]
    assert taken.raw == huge
    assert worst < 2


async def test_a_mail_that_is_too_long_is_refused_for_good() -> None:
    """By its announced size before it comes, by its real one after; for every recipient; and the line lives on."""
    async with logging_all(inbox(max_bytes=100_000)) as clerk, talking(clerk.port) as talk:
        await talk.say(b"LHLO mx\r\n")
        assert (await talk.say(b"MAIL FROM:<a@x.example> SIZE=100001\r\n"))[:3] == "552"
        assert (
            await bring(clerk.port, mail(1, "x" * 200_000), to=[ADDRESS, PAT])
            == ["552 5.3.4 The message is too long"] * 2
        )
        exact = b"Subject: exact\r\n\r\n"
        exact += b"x" * (100_000 - len(exact) - 2) + b"\r\n"
        assert await bring(clerk.port, exact) == [LOGGED]
        assert await bring(clerk.port, exact[:-2] + b"x\r\n") == ["552 5.3.4 The message is too long"]
        assert await talk.say(b"NOOP\r\n") == "250 OK"
    assert [message.subject for message in clerk.logged] == ["exact"]


async def test_memory_has_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Together the mails under way may take so much; what goes beyond is told to come again."""
    monkeypatch.setattr(wire, "HELD_BYTES", 300_000)
    async with at_work(inbox(max_bytes=100_000)) as clerk:
        waiting = [asyncio.create_task(bring(clerk.port, mail(n, "x" * 90_000))) for n in range(3)]
        await clerk.holds(3)
        assert await bring(clerk.port, mail(4, "x" * 90_000)) == ["452 4.3.1 Too much at once, try again later"]
        working = asyncio.create_task(clerk.log_everything())
        assert await asyncio.gather(*waiting) == [[LOGGED]] * 3
        assert await bring(clerk.port, mail(5, "x" * 90_000)) == [LOGGED]
        working.cancel()


async def test_so_many_recipients_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those beyond are put off (RFC 5321 section 4.5.3.1.10), the others served."""
    monkeypatch.setattr(wire, "RECIPIENTS", 2)
    async with logging_all(inbox()) as clerk, talking(clerk.port) as talk:
        await talk.say(f"LHLO mx\r\nMAIL FROM:<{PAT}>\r\n".encode())
        await talk.hear()
        codes = [(await talk.say(f"RCPT TO:<{ADDRESS}>\r\n".encode()))[:3] for _ in range(3)]
        assert codes == ["250", "250", "452"]


async def test_the_slow_keep_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all places are taken, whoever has brought nothing for longest must go; who waits for an answer may stay."""
    monkeypatch.setattr(descriptors, "shares", lambda: descriptors.Shares(web=9, mail=3))
    async with at_work(inbox()) as clerk:
        bringing = asyncio.create_task(bring(clerk.port, mail(1)))
        await clerk.batch()
        async with talking(clerk.port) as slowest, talking(clerk.port) as slow:
            await slow.begin()
            more = [asyncio.create_task(bring(clerk.port, mail(number))) for number in (2, 3)]
            assert await slowest.hear() == "421 4.3.2 Closing, try again later"
            assert await slow.hear() == "421 4.3.2 Closing, try again later"
            await clerk.holds(3)
            async with talking(clerk.port) as late:
                assert not await late.hear()
        working = asyncio.create_task(clerk.log_everything())
        assert [await bringing, *await asyncio.gather(*more)] == [[LOGGED]] * 3
        working.cancel()


async def test_patience_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who says nothing, or stops in the middle of a message, is hung up on."""
    monkeypatch.setattr(wire, "PATIENCE_SECONDS", 0.2)
    async with logging_all(inbox()) as clerk, talking(clerk.port) as silent, talking(clerk.port) as stuck:
        await stuck.begin()
        assert not await silent.hear()
        assert not await stuck.hear()
    assert not clerk.logged


async def test_a_fault_of_ours_keeps_the_mail_with_its_server(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Code that breaks on a mail answers 451 for every recipient, logs no word of the mail, and goes on."""

    def broken(raw: bytes, **others: object) -> None:
        raise ValueError(raw)

    async with logging_all(inbox()) as clerk:
        with monkeypatch.context() as patched:
            patched.setattr(mime, "read", broken)
            answers = await bring(clerk.port, mail(1, "my diagnosis"), to=[ADDRESS, PAT])
        assert answers == ["451 4.3.0 Not logged, try again later"] * 2
        assert await bring(clerk.port, mail(2)) == [LOGGED]
    assert "lmtp: a command could not be handled (ValueError)" in caplog.text
    assert "diagnosis" not in caplog.text


async def test_the_log_names_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """However much is logged: neither addresses nor words."""
    caplog.set_level(logging.DEBUG)
    async with logging_all(inbox()) as clerk:
        await bring(clerk.port, mail(1, "my diagnosis"))
    assert PAT not in caplog.text
    assert "diagnosis" not in caplog.text


# The end


async def test_closing_tells_everybody_to_come_again() -> None:
    """Who waits for an answer and who is silent are both told so; the port is free at once."""
    reader = inbox()
    async with aclosing(reader.listen(None)) as batches:
        first = asyncio.ensure_future(anext(batches))
        await reader.ready.wait()
        in_batch = asyncio.create_task(bring(reader.port, mail(1), to=[ADDRESS, PAT]))
        await asyncio.wait_for(first, PATIENCE_SECONDS)
        async with talking(reader.port) as silent, talking(reader.port) as busy:
            waiting = asyncio.create_task(bring(reader.port, mail(2)))
            await busy.begin()
            await until(lambda: len(reader._deliveries) == 1)
            await batches.aclose()
            assert await in_batch == ["421 4.3.2 Closing, try again later"] * 2
            assert await waiting == ["421 4.3.2 Closing, try again later"]
            for talk in (silent, busy):
                assert await talk.hear() == "421 4.3.2 Closing, try again later"
                assert not await talk.hear()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", reader.port)
    async with logging_all(inbox(f"127.0.0.1:{reader.port}")) as clerk:
        assert await bring(clerk.port, mail(3)) == [LOGGED]


async def test_a_cancelled_listener_lets_go_too() -> None:
    """As when the service stops: the same inbox can be listened to again."""
    reader = inbox()
    for number in range(3):
        async with logging_all(reader) as clerk:
            assert await bring(clerk.port, mail(number)) == [LOGGED]
    assert not reader.ready.is_set()
