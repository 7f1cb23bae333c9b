"""Mail handed over by LMTP, with real clients: 250 is said of a mail that is logged, and of no other."""

import asyncio
import random
import subprocess
from itertools import islice

import pytest
from pydantic import ValidationError

from bot.channel import Inbox, Misconfigured
from channels import email_lmtp
from tests.channels.postman import ADDRESS, PAT, at_work, bring, inbox, logging_all, mail, talking
from tests.components.daemons import program

LOGGED = "250 2.0.0 Logged"

# Answers


async def test_a_mail_is_answered_for_once_it_is_logged() -> None:
    """Until the commit whoever brings it holds the line."""
    async with at_work(inbox()) as clerk:
        bringing = asyncio.create_task(bring(clerk.port, mail()))
        batch = await clerk.batch()
        await asyncio.sleep(0.2)
        assert not bringing.done()
        assert [message.subject for message in batch.messages] == ["1"]
        assert batch.cursor is None
        clerk.commit()
        assert await bringing == [LOGGED]


async def test_a_mail_that_cannot_be_logged_stays_with_the_mail_server() -> None:
    """It is told to come again, and the line stays open: the next mail is logged."""
    async with at_work(inbox()) as clerk:
        for answer in ("451 4.3.0 Not logged, try again later", LOGGED):
            bringing = asyncio.create_task(bring(clerk.port, mail()))
            await clerk.batch()
            clerk.commit() if answer == LOGGED else clerk.fail()
            assert await bringing == [answer]
        assert len(clerk.logged) == 1


async def test_every_recipient_gets_an_answer() -> None:
    """LMTP asks for one status for each of them (RFC 2033 section 4.2), after success and after failure."""
    three = [ADDRESS, "housing@example.gov.uk", "council.tax@example.gov.uk"]
    async with at_work(inbox()) as clerk:
        for logged in (False, True):
            bringing = asyncio.create_task(bring(clerk.port, mail(), to=three))
            (message,) = (await clerk.batch()).messages
            assert message.mail is not None
            assert message.mail.recipients == tuple(three)
            clerk.commit() if logged else clerk.fail()
            assert [answer[:3] for answer in await bringing] == ["250" if logged else "451"] * 3


async def test_mails_that_wait_together_are_logged_together() -> None:
    """Fifty mail servers at once: while one commit runs the others gather, so that a few commits serve all."""
    async with logging_all(inbox(), pause_seconds=0.2) as clerk:
        answers = await asyncio.gather(*(bring(clerk.port, mail(number)) for number in range(50)))
        assert answers == [[LOGGED]] * 50
    assert sorted(int(message.subject) for message in clerk.logged) == list(range(50))
    assert len(clerk.sizes) < 25


async def test_a_batch_has_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """In number and in weight; a single mail may weigh more."""
    monkeypatch.setattr(email_lmtp, "BATCH_MESSAGES", 3)
    monkeypatch.setattr(email_lmtp, "BATCH_BYTES", 50_000)
    async with at_work(inbox()) as clerk:
        bringing = [asyncio.create_task(bring(clerk.port, mail(0)))]
        await clerk.batch()
        bringing += [asyncio.create_task(bring(clerk.port, mail(number))) for number in range(1, 5)]
        bringing += [asyncio.create_task(bring(clerk.port, mail(9, "x" * 60_000)))]
        await clerk.holds(6)
        working = asyncio.create_task(clerk.log_everything())
        assert await asyncio.gather(*bringing) == [[LOGGED]] * 6
        working.cancel()
    assert sum(clerk.sizes) == 6
    assert max(clerk.sizes) <= 3
    raws = iter([len(message.raw) for message in clerk.logged])
    weights = [sum(islice(raws, size)) for size in clerk.sizes]
    assert all(size == 1 or weight <= 50_000 for size, weight in zip(clerk.sizes, weights, strict=True))


async def test_who_has_hung_up_was_promised_nothing() -> None:
    """A mail whose bearer left before the commit is not logged: it will be brought again."""
    async with at_work(inbox()) as clerk:
        bringing = asyncio.create_task(bring(clerk.port, mail(1)))
        await clerk.batch()
        async with talking(clerk.port) as talk:
            await talk.begin()
            talk.writer.write(mail(2) + b".\r\n")
            await clerk.holds(2)
        await clerk.holds(1)
        clerk.commit()
        assert await bringing == [LOGGED]
        bringing = asyncio.create_task(bring(clerk.port, mail(3)))
        assert [message.subject for message in (await clerk.batch()).messages] == ["3"]
        clerk.commit()
        await bringing


# What is handed on


async def test_the_envelope_comes_with_the_mail() -> None:
    """Sender and recipients of the envelope; the moment of receipt is the moment of logging."""
    async with logging_all(inbox()) as clerk:
        await bring(clerk.port, mail(7), sender="bounces+x@relay.example", to=["contact+b1.x@example.gov.uk"])
        await bring(clerk.port, mail(8), sender="")
    seven, eight = clerk.logged
    assert seven.mail is not None
    assert eight.mail is not None
    assert (seven.channel, seven.external_id, seven.received_at) == ("inbox", "<7@residents.example>", None)
    assert seven.mail.return_path == "bounces+x@relay.example"
    assert seven.mail.recipients == ("contact+b1.x@example.gov.uk",)
    assert eight.mail.return_path == ""
    assert seven.raw == mail(7)


@pytest.mark.parametrize(
    "address",
    ["zażółć@residents.example", '"a b>c"@residents.example', "x" * 300 + "@residents.example", "just-a-name"],
)
async def test_any_address_is_taken(address: str) -> None:
    """The mail server in front decides who is here and who may write."""
    async with logging_all(inbox()) as clerk, talking(clerk.port) as talk:
        await talk.say(b"LHLO mx\r\n")
        assert (await talk.say(f"MAIL FROM:<{address}> SMTPUTF8 BODY=8BITMIME SIZE=100\r\n".encode()))[:3] == "250"
        assert (await talk.say(f"RCPT TO:<{address}>\r\n".encode()))[:3] == "250"
        await talk.say(b"DATA\r\n")
        assert await talk.say(mail() + b".\r\n") == LOGGED
    (message,) = clerk.logged
    assert message.mail is not None
    assert (message.mail.return_path, message.mail.recipients) == (address, (address,))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n",
        b".\r\n",
        b"..\r\n.hidden\r\n...\r\nlast.\r\n",
        b"Subject: x\r\n\r\n" + b"y" * 300_000 + b"\r\n",
        b"Subject: x\r\n\r\nno dot ends here\n.\n.\r\n\r.\r and here neither\r\n",
        b"\x00\xff\xfe nothing of this is a mail \x1b\r\n",
        b"Subject: x\r\n\r\n" + b"every line ends with a dot.\r\n" * 20_000,
    ],
)
async def test_every_byte_arrives(content: bytes) -> None:
    """Dots, long lines, bare line ends, NUL: only a dot alone between two CRLF ends a mail (CVE-2023-51764)."""
    stuffed = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]
    async with logging_all(inbox()) as clerk, talking(clerk.port) as talk:
        await talk.begin()
        assert await talk.say(stuffed + b".\r\n") == LOGGED
        assert await talk.say(b"NOOP\r\n") == "250 OK"
    assert [message.raw for message in clerk.logged] == [content]


async def test_every_byte_arrives_however_it_is_cut() -> None:
    """A hundred mails of dots and line ends on one line, in pieces of any size, with the next command close behind."""
    chance = random.Random(11)
    contents = [
        b"".join(chance.choices([b"\r\n", b".", b"\r", b"\n", b"x", b"\r\n."], k=chance.randint(0, 40))) + b"\r\n"
        for _ in range(100)
    ]
    async with logging_all(inbox()) as clerk, talking(clerk.port) as talk:
        for content in contents:
            await talk.begin()
            stuffed = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\nNOOP\r\n"
            while stuffed:
                size = chance.randint(1, 9)
                talk.writer.write(stuffed[:size])
                await talk.writer.drain()
                await asyncio.sleep(0)
                stuffed = stuffed[size:]
            assert (await talk.hear(), await talk.hear()) == (LOGGED, "250 OK")
    assert [message.raw for message in clerk.logged] == contents


async def test_commands_may_come_all_at_once() -> None:
    """PIPELINING (RFC 2920), which RFC 2033 asks for, is offered and works."""
    async with logging_all(inbox()) as clerk, talking(clerk.port) as talk:
        talk.writer.write(b"LHLO mx\r\n")
        offers = [(await talk.reader.readline()).decode().strip() for _ in range(5)]
        assert offers == ["250-ackbot", "250-SIZE 67108864", "250-8BITMIME", "250-SMTPUTF8", "250 PIPELINING"]
        talk.writer.write(f"MAIL FROM:<{PAT}>\r\nRCPT TO:<{ADDRESS}>\r\nRCPT TO:<{ADDRESS}>\r\nDATA\r\n".encode())
        assert [(await talk.hear())[:3] for _ in range(4)] == ["250", "250", "250", "354"]
        talk.writer.write(mail() + b".\r\nQUIT\r\n")
        assert [(await talk.hear())[:3] for _ in range(3)] == ["250", "250", "221"]


@pytest.mark.needs("smtp-source")
async def test_a_foreign_client_gets_on_with_it() -> None:
    """Postfix's own: 300 mails for three recipients each over ten lines."""
    async with logging_all(inbox()) as clerk:
        options = ["-L", "-d", "-s", "10", "-m", "300", "-r", "3", "-l", "8000", "-f", PAT, "-t", ADDRESS]
        source = [program("smtp-source"), *options, f"127.0.0.1:{clerk.port}"]
        done = await asyncio.to_thread(subprocess.run, source, capture_output=True, timeout=30, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
    assert len(clerk.logged) == 300


# Settings and the contract


async def test_it_is_an_inbox() -> None:
    """It is ready when it listens, and not any more when it does not."""
    reader = inbox()
    assert isinstance(reader, Inbox)
    assert not reader.ready.is_set()
    async with at_work(reader):
        assert reader.ready.is_set()
    assert not reader.ready.is_set()


@pytest.mark.parametrize("listen", ["8024", "127.0.0.1", "127.0.0.1:99999", ":8024", "::1:8024", "127.0.0.1:80x", ""])
def test_an_address_to_listen_on_has_two_parts(listen: str) -> None:
    """Anything but address and port is a mistake."""
    with pytest.raises(ValidationError, match="listen"):
        inbox(listen)


async def test_it_listens_by_ipv6_too() -> None:
    """Its address is written with brackets; a mail that comes there is logged, and nothing listens by IPv4."""
    async with logging_all(inbox("[::1]:0")) as clerk:
        assert await bring(clerk.port, mail(6), host="::1") == [LOGGED]
        with pytest.raises(ConnectionRefusedError):
            await bring(clerk.port, mail(4), host="127.0.0.1")
    assert [message.subject for message in clerk.logged] == ["6"]


async def test_a_port_that_is_taken_is_for_staff_to_mend() -> None:
    """The error names the channel and the address."""
    async with at_work(inbox()) as clerk:
        taken = f"127.0.0.1:{clerk.port}"
        with pytest.raises(Misconfigured) as raised:
            await anext(aiter(inbox(taken).listen(None)))
    assert str(raised.value) == f"channel inbox: listen = '{taken}': cannot listen there: Address already in use"
    with pytest.raises(Misconfigured, match="cannot listen there"):
        await anext(aiter(inbox("192.0.2.1:0").listen(None)))
