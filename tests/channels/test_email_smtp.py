"""Mail out by SMTP, against a real server: what arrives is what was sent, once, over few connections."""

import asyncio
import smtplib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from bot.channel import Handed, Outlet, Permanent, Temporary
from bot.core.messages import Outbound
from channels import email_smtp
from tests.channels.postoffice import EXTENSIONS, SENDER, Office, letter, opened, outlet, settings
from tests.components.ports import until

# What is handed over


async def test_a_mail_arrives_byte_for_byte() -> None:
    """Dots at the start of lines and letters of any script are as they were; the server's own name for it is kept."""
    message = letter(body=".\r\n..\r\n.hidden\r\nDzień dobry")
    async with opened(Office()) as office, outlet(office.port) as post:
        assert await post.send(message) == Handed("4XyZ1")
    assert [mail.content for mail in office.taken] == [message.content]


async def test_non_delivery_is_reported_to_the_envelope_sender() -> None:
    """Where the server offers DSN (RFC 3461) it is asked to report failures, and not to send the whole mail back."""
    async with opened(Office()) as office, outlet(office.port) as post:
        await post.send(letter())
    (taken,) = office.taken
    assert taken.mail == f"FROM:<contact+b1@example.gov.uk> SIZE={len(taken.content)} RET=HDRS"
    assert taken.rcpt == "TO:<resident1@residents.example> NOTIFY=FAILURE"


async def test_a_simple_server_is_asked_for_nothing_special() -> None:
    """What a server does not offer is not used."""
    async with opened(Office(extensions=()), data_size_limit=None) as office, outlet(office.port) as post:
        await post.send(letter())
    assert (office.taken[0].mail, office.taken[0].rcpt) == (
        "FROM:<contact+b1@example.gov.uk>",
        "TO:<resident1@residents.example>",
    )


@pytest.mark.parametrize(("offer", "command_count"), [("250 PIPELINING", 3), ("250 HELP", 1)])
async def test_the_commands_of_a_mail_leave_together_only_where_that_is_offered(offer: str, command_count: int) -> None:
    """PIPELINING (RFC 2920): envelope and DATA in one piece; the content waits for the answer."""
    pieces: list[bytes] = []
    replies = {b"EHLO": f"250-post.test\r\n{offer}\r\n", b"DATA": "354 Go on\r\n", b"QUIT": "221 Bye\r\n"}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 post.test\r\n")
        while piece := await reader.read(65_536):
            pieces.append(piece)
            commands = [b"."] if piece.endswith(b"\r\n.\r\n") else [line[:4] for line in piece.splitlines()]
            writer.write("".join(replies.get(command, "250 Ok\r\n") for command in commands).encode())
        writer.close()

    async with (
        await asyncio.start_server(serve, "127.0.0.1", 0) as server,
        outlet(server.sockets[0].getsockname()[1]) as post,
    ):
        await post.send(letter())
        await post.send(letter(2))
    assert [piece[:4] for piece in pieces if piece.endswith(b"\r\n.\r\n")] == [b"From", b"From"]
    assert max(piece.count(b"\r\n") for piece in pieces if piece.startswith(b"MAIL")) == command_count


@pytest.mark.parametrize("extensions", [EXTENSIONS, ("DSN",)])
async def test_the_first_refusal_of_commands_that_left_together_counts(extensions: Sequence[str]) -> None:
    """And not what the server says of the commands behind it."""
    async with opened(Office(extensions=extensions)) as office, outlet(office.port) as post:
        for command, about in {"RCPT": "recipient", "DATA": "content"}.items():
            office.answers = {command: "550 5.1.1 No such person"}
            with pytest.raises(Permanent, match=f"about the {about}"):
                await post.send(letter())
        office.answers = {"MAIL": "452-4.3.1 Too much\r\n452 4.3.1 at once"}
        with pytest.raises(Temporary, match=r"452 4\.3\.1 Too much 4\.3\.1 at once .about the sender."):
            await post.send(letter())
        office.answers = {}
        await post.send(letter(2))
    assert office.recipients == ["resident2@residents.example"]


async def test_no_line_ends_without_crlf() -> None:
    """A server that takes a single LF for the end of a line must not see the end of a mail in a text."""
    message = letter()
    tricky = replace(message, content=message.content + b"one\n.\ntwo\r.\rthree")
    async with opened(Office()) as office, outlet(office.port) as post:
        await post.send(tricky)
    assert office.taken[0].content == message.content + b"one\r\n.\r\ntwo\r\n.\r\nthree\r\n"


async def test_eight_bits_are_announced() -> None:
    """BODY=8BITMIME (RFC 6152) is said of a mail that needs it, and of no other."""
    async with opened(Office()) as office, outlet(office.port) as post:
        await post.send(letter(1, body="Dzień dobry"))
        await post.send(letter(2, body="Good day"))
    assert ["BODY=8BITMIME" in envelope.mail for envelope in office.taken] == [True, False]


async def test_the_null_sender_is_written_as_such() -> None:
    """An empty envelope sender is <>."""
    async with opened(Office()) as office, outlet(office.port) as post:
        await post.send(letter(sender=""))
    assert office.taken[0].mail.startswith("FROM:<> ")


async def test_a_domain_in_any_script_reaches_every_server() -> None:
    """It travels in ASCII, so that no extension is needed."""
    async with opened(Office()) as office, outlet(office.port) as post:
        await post.send(letter(to="pat@Żółw.example"))
    assert office.recipients == ["pat@xn--w-uga1v8h.example"]


@pytest.mark.parametrize("address", ["zażółć@residents.example", "pat@straße.example"])
async def test_a_name_in_any_script_needs_a_server_that_can(address: str) -> None:
    """SMTPUTF8 (RFC 6531) where it is offered; elsewhere a clear final no. A domain is never changed into another."""
    async with opened(Office(), enable_SMTPUTF8=True) as office, outlet(office.port) as post:
        await post.send(letter(to=address))
        assert office.recipients == [address]
        assert "SMTPUTF8" in office.taken[0].mail
    async with opened(Office()) as office, outlet(office.port) as post:
        with pytest.raises(Permanent, match="no SMTPUTF8"):
            await post.send(letter(to=address))
        assert not office.taken


@pytest.mark.parametrize(
    "address",
    [
        "a@x.example\r\nRCPT TO:<b@x.example>",
        "a@x.example> <b@x.example",
        "a@x.example,b@x.example",
        "Pat <a@x.example>",
        "a b@x.example",
        "a\x00@x.example",
        "\ud800@x.example",
        "nobody",
        "",
    ],
)
async def test_one_recipient_is_one_recipient(address: str) -> None:
    """What is not exactly one address never reaches the server, whoever wrote it; it is not repeated in the error."""
    async with opened(Office()) as office, outlet(office.port) as post:
        with pytest.raises(Permanent, match="not one address") as raised:
            await post.send(Outbound(address, b"x\r\n", "contact@example.gov.uk"))
    assert "x.example" not in str(raised.value)
    assert not [command for command in office.commands if command.startswith(("MAIL", "RCPT", "DATA"))]


async def test_a_mail_that_is_too_long_is_not_even_offered() -> None:
    """The server's SIZE (RFC 1870) is believed."""
    async with opened(Office(), data_size_limit=1000) as office, outlet(office.port) as post:
        with pytest.raises(Permanent, match="takes 1000 at most"):
            await post.send(letter(body="x" * 1000))
        await post.send(letter(2))
    assert office.recipients == ["resident2@residents.example"]


# Connections


async def test_one_connection_carries_mail_after_mail() -> None:
    """It is kept open; in the end the server is told goodbye."""
    async with opened(Office()) as office:
        async with outlet(office.port) as post:
            for number in range(10):
                await post.send(letter(number))
        assert len(office.lines) == 1
        assert office.commands[-1] == "QUIT"
        assert office.standing == 0


async def test_there_are_never_more_connections_than_allowed() -> None:
    """Forty mails at once over three connections, each mail once."""
    async with opened(Office(pause_seconds=0.001)) as office, outlet(office.port, connections=3) as post:
        await asyncio.gather(*(post.send(letter(number)) for number in range(40)))
        assert len(office.lines) == 3
    assert sorted(office.recipients) == sorted(f"resident{number}@residents.example" for number in range(40))


async def test_a_connection_is_not_worn_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many mails a new one is opened."""
    monkeypatch.setattr(email_smtp, "MAILS_PER_CONNECTION", 3)
    async with opened(Office()) as office, outlet(office.port) as post:
        for number in range(7):
            await post.send(letter(number))
    assert [line.carried for line in office.lines] == [3, 3, 1]


async def test_a_connection_that_nobody_needs_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is closed by us before the server loses patience, without waiting for another mail."""
    monkeypatch.setattr(email_smtp, "IDLE_SECONDS", 0.5)
    async with opened(Office()) as office, outlet(office.port, connections=3) as post:
        await asyncio.gather(*(post.send(letter(number)) for number in range(3)))
        while office.standing > 1:
            await post.send(letter(4))
            await asyncio.sleep(0.05)
        assert len(office.lines) == 3
        await until(lambda: office.standing == 0)
        await post.send(letter(5))
        assert len(office.lines) == 4


# Settings


def test_the_port_follows_from_tls() -> None:
    """Submission 587, with TLS from the start 465 (RFC 8314), the local mail server 25."""
    table: dict[str, Any] = {"name": "post", "kind": "email_smtp", "host": "127.0.0.1", "sender": SENDER}
    ports = {tls: email_smtp.Settings(**table, tls=tls).port for tls in ("starttls", "implicit", "none")}
    assert ports == {"starttls": 587, "implicit": 465, "none": 25}
    assert (email_smtp.Settings(**table).tls, email_smtp.Settings(**table).port) == ("starttls", 587)


def test_plain_lines_stay_on_this_machine() -> None:
    """Without TLS no mail goes to another host; the error says what to do."""
    with pytest.raises(ValidationError, match=r"only allowed where host is this machine.*use implicit or starttls"):
        settings(25, host="mail.example.gov.uk")


@pytest.mark.parametrize("half", [{"username": "post"}, {"password": "secret"}])
def test_user_name_and_password_belong_together(half: dict[str, str]) -> None:
    """One without the other is a mistake."""
    with pytest.raises(ValidationError, match="given together or not at all"):
        settings(25, **half)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (SENDER, SENDER),
        ("contact@example.gov.uk", "contact@example.gov.uk"),
        ("  Rada Ćmielów   <rada@example.pl> ", "Rada Ćmielów <rada@example.pl>"),
        ('"Smith, Jones" <office@example.gov.uk>', '"Smith, Jones" <office@example.gov.uk>'),
        ("Rada <rada@żółw.example>", "Rada <rada@xn--w-uga1v8h.example>"),
    ],
)
def test_a_sender_is_one_address_with_a_name(written: str, kept: str) -> None:
    """Its domain is kept in ASCII, so that it reads the same in every header and envelope."""
    assert settings(25, sender=written).sender == kept


@pytest.mark.parametrize(
    "written",
    [
        "",
        "Exampleshire Council",
        "a@example.gov.uk, b@example.gov.uk",
        "A <a@example.gov.uk>, B <b@example.gov.uk>",
        "x@example.gov.uk, Council <a@example.gov.uk>",
        "Council <a@example.gov.uk>\r\nBcc: b@x.example",
        "Cou\nncil <a@example.gov.uk>",
        "Smith, Jones <a@example.gov.uk>",
        "Council <zażółć@example.gov.uk>",
        "Council <a@example..uk>",
        'Council <"a b"@example.gov.uk>',
        "<>",
    ],
)
def test_another_sender_is_a_mistake(written: str) -> None:
    """Several addresses, line ends, or an address that not everybody can answer."""
    with pytest.raises(ValidationError, match="sender"):
        settings(25, sender=written)


# The contract


async def test_it_is_an_outlet() -> None:
    """Name, sender, limits; `check` says in one sentence how it stands."""
    async with opened(Office()) as office, outlet(office.port, connections=4) as post:
        assert isinstance(post, Outlet)
        assert (post.name, post.sender, post.limits.concurrency) == ("post", SENDER, 4)
        assert await post.check() == (
            f"127.0.0.1 port {office.port} takes our mail without TLS, and reports what it cannot deliver"
        )
        await until(lambda: office.commands[-2:] == ["NOOP", "QUIT"])
        assert not office.taken


async def test_the_library_agrees_on_what_a_mail_is() -> None:
    """The same mail sent by the standard library arrives as the same bytes."""
    message = letter(body=".dot\r\nline")
    async with opened(Office()) as office, outlet(office.port) as post:
        await post.send(message)
        await asyncio.to_thread(_by_the_library, office.port, message.content)
    assert office.taken[0].content == office.taken[1].content


def _by_the_library(port: int, content: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.sendmail("contact@example.gov.uk", ["pat@residents.example"], content)
