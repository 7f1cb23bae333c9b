"""Mail out when something is wrong: nothing is lost, nothing is sent twice, and the error says who must act."""

import asyncio
import logging
import time
from pathlib import Path
from traceback import format_exception

import pytest

from bot.channel import ChannelError, Misconfigured, Permanent, Temporary
from bot.wire.mail import smtp, smtp_connection
from bot.wire.refusals import Doubtful, Full, Uncertain
from channels import email_smtp
from tests.channels.postoffice import Office, certificate, letter, only_with, opened, outlet, settings
from tests.components.ports import LEAVING_SECONDS, free_port, until
from tests.components.wires import Relay

# What the server says


@pytest.mark.parametrize(
    ("command", "answer", "kind", "words"),
    [
        ("RCPT", "450 4.2.1 Mailbox busy", Temporary, "450 4.2.1 Mailbox busy (about the recipient)"),
        ("RCPT", "550 5.1.1 User unknown", Permanent, "550 5.1.1 User unknown (about the recipient)"),
        ("RCPT", "552 5.2.2 Mailbox full", Full, "552 5.2.2 Mailbox full (about the recipient)"),
        ("RCPT", "554 5.7.1 <x@y.example>: Relay access denied", Misconfigured, "Relay access denied"),
        ("RCPT", "550 5.1.1 host mx said: 554 Relay access denied", Permanent, "mx said"),
        ("RCPT", "530 5.7.0 Authentication required", Misconfigured, "530 5.7.0"),
        ("MAIL", "451 4.3.0 Try later", Temporary, "451 4.3.0 Try later (about the sender)"),
        ("MAIL", "550 5.7.1 Not your address", Misconfigured, "550 5.7.1 Not your address (about the sender)"),
        ("MAIL", "552 5.3.4 Too long", Permanent, "552 5.3.4 Too long (about the sender)"),
        ("DATA", "451 4.3.5 Greylisted", Temporary, "451 4.3.5 Greylisted (about the content)"),
        ("DATA", "554 5.6.0 No", Permanent, "554 5.6.0 No (about the content)"),
        (".", "452 4.3.1 Disk full", Temporary, "452 4.3.1 Disk full (about the content)"),
        (".", "554 5.7.1 Looks like spam", Doubtful, "554 5.7.1 Looks like spam (about the content)"),
        (".", "554 5.2.252 SendAsDenied; not allowed", Misconfigured, "SendAsDenied"),
        ("EHLO", "421 4.3.2 Shutting down", Temporary, "said: 421 4.3.2 Shutting down"),
        ("EHLO", "550 5.7.1 Go away", Misconfigured, "said: 550 5.7.1 Go away"),
        ("MAIL", "nonsense", Temporary, "cannot be used"),
    ],
)
async def test_every_no_has_its_meaning(command: str, answer: str, kind: type[ChannelError], words: str) -> None:
    """4xx may work later; 5xx about the recipient or the content is final; 5xx about us is for staff to mend."""
    async with opened(Office(answers={command: answer})) as office, outlet(office.port) as post:
        with pytest.raises(ChannelError) as raised:
            await post.send(letter())
        assert type(raised.value) is kind
        assert words in str(raised.value)
        office.answers.clear()
        async with outlet(office.port) as fresh:
            await fresh.send(letter(2))
    assert office.recipients == ["resident2@residents.example"]


async def test_a_refused_mail_costs_its_neighbours_nothing() -> None:
    """The next mail goes out on a new connection, as if nothing had been."""
    async with opened(Office(answers={"RCPT": "550 5.1.1 No"})) as office, outlet(office.port) as post:
        with pytest.raises(Permanent):
            await post.send(letter(1))
        office.answers.clear()
        await post.send(letter(2))
        assert len(office.lines) == 2
        assert office.standing == 1


@pytest.mark.parametrize(
    "words",
    [
        "<resident1@residents.example>: Recipient address rejected",
        "No such user (RESIDENT1)",
        'mail for "resident1"@residents.example and <a.b=c@d.example> bounced',
        "see https://help.example/?who=resident1%40residents.example",
        "mailbox:resident1@[192.0.2.1] of host residents.example",
        "unknown " + "x" * 960 + " resident1@residents.example",
    ],
)
async def test_what_is_passed_on_names_nobody(words: str) -> None:
    """A server's words are kept, less every address in them and whatever else tells who the mail was for."""
    async with opened(Office(answers={"RCPT": f"550 5.1.1 {words}"})) as office, outlet(office.port) as post:
        with pytest.raises(Permanent) as raised:
            await post.send(letter())
    traceback = "".join(format_exception(raised.value))
    assert str(raised.value).startswith("550 5.1.1 ")
    assert not [word for word in ("resident1", "residents.example", "a.b", "@") if word in traceback.lower()]
    assert len(str(raised.value)) < 250


# Lines that break


@pytest.mark.parametrize("command", ["EHLO", "MAIL", "RCPT", "DATA", "."])
async def test_a_line_cut_anywhere_is_temporary(command: str) -> None:
    """On a new connection nothing is tried twice at once: whoever keeps the outbox decides when."""
    async with opened(Office(drop=command)) as office, outlet(office.port) as post:
        with pytest.raises(Temporary, match="ended the connection"):
            await post.send(letter())
        assert len(office.lines) == 1
        office.drop = ""
        await post.send(letter(2))
    assert office.recipients.count("resident2@residents.example") == 1


async def test_a_kept_line_that_died_is_replaced_at_once() -> None:
    """The server was restarted: the next mails go out without an error, each once, on new connections."""
    async with opened(Office()) as office, outlet(office.port, connections=3) as post:
        await asyncio.gather(*(post.send(letter(number)) for number in range(3)))
        office.cut()
        await asyncio.sleep(0.02)
        await asyncio.gather(*(post.send(letter(number)) for number in range(3, 6)))
        assert len(office.lines) == 6
    assert sorted(office.recipients) == [f"resident{number}@residents.example" for number in range(6)]


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
async def test_a_kept_line_that_dies_under_a_mail_is_replaced_once(command: str) -> None:
    """As long as no content has left; a fresh line that dies, too, is Temporary."""
    async with opened(Office()) as office, outlet(office.port) as post:
        await post.send(letter(1))
        office.drop = command
        with pytest.raises(Temporary, match="ended the connection"):
            await post.send(letter(2))
        assert len(office.lines) == 2
        office.drop = ""
        await post.send(letter(3))
    assert office.recipients == ["resident1@residents.example", "resident3@residents.example"]


async def test_what_may_have_been_taken_is_not_sent_again_at_once() -> None:
    """Once the content has left, only the outbox may try again: with the same Message-ID, and counted."""
    async with opened(Office()) as office, outlet(office.port) as post:
        await post.send(letter(1))
        office.drop = "."
        with pytest.raises(Uncertain):
            await post.send(letter(2))
        assert len(office.lines) == 1


async def test_a_server_that_has_had_enough_is_obeyed() -> None:
    """421 on a kept line ends that line; the mail goes out on the next, and none is lost or doubled."""
    async with opened(Office(mails_each=4)) as office, outlet(office.port, connections=2) as post:
        await asyncio.gather(*(post.send(letter(number)) for number in range(20)))
        assert all(line.carried <= 4 for line in office.lines)
    assert sorted(office.recipients) == sorted(f"resident{number}@residents.example" for number in range(20))


async def test_a_server_that_takes_no_more_connections_is_temporary() -> None:
    """421 in place of a greeting, or nobody at the port."""
    full = Office(answers={"EHLO": "421 4.7.0 Too many connections"})
    async with opened(full) as office, outlet(office.port) as post:
        with pytest.raises(Temporary, match="Too many connections"):
            await post.send(letter())
    async with outlet(free_port()) as post:
        with pytest.raises(Temporary, match="cannot be reached \\(Connection refused\\)"):
            await post.send(letter())


async def test_a_silent_server_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting has an end: for the greeting, for an answer, and for the last word about a mail."""
    async with opened(Office()) as office, Relay(office.port).open() as relay, outlet(relay.port) as post:
        await post.send(letter(1))
        monkeypatch.setattr(smtp, "CONNECT_SECONDS", 0.15)
        monkeypatch.setattr(smtp_connection, "COMMAND_SECONDS", 0.1)
        monkeypatch.setattr(smtp_connection, "CONTENT_SECONDS", 0.2)
        relay.silence()
        began = time.monotonic()
        with pytest.raises(Temporary, match="did not answer in time"):
            await post.send(letter(2))
        assert time.monotonic() - began < LEAVING_SECONDS
        assert len(office.taken) == 1


@pytest.mark.parametrize(
    "reply", ["hello\r\n", "250-more\r\n" * 200, "2" * 20_000 + "\r\n"], ids=["no code", "no end", "too long"]
)
async def test_what_is_no_reply_is_no_answer(reply: str) -> None:
    """Nonsense in place of a reply ends the connection, and the mail is tried again later."""
    async with opened(Office(answers={"RCPT": reply.rstrip()})) as office, outlet(office.port) as post:
        with pytest.raises(Temporary, match="gave an answer that cannot be used"):
            await post.send(letter())
    assert not office.taken


async def test_a_slow_server_is_waited_for() -> None:
    """Slowness is no error."""
    async with opened(Office(pause_seconds=0.05)) as office, outlet(office.port) as post:
        await asyncio.gather(*(post.send(letter(number)) for number in range(8)))
    assert len(office.taken) == 8


async def test_a_send_that_is_given_up_leaves_no_line_behind() -> None:
    """Its connection is closed, because nobody knows what it is in the middle of."""
    async with opened(Office(stuck="RCPT")) as office, outlet(office.port) as post:
        sending = asyncio.create_task(post.send(letter(1)))
        await until(lambda: any("RCPT" in command for command in office.commands))
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        office.stuck = ""
        await until(lambda: office.standing == 0)
        await post.send(letter(2))
    assert office.recipients == ["resident2@residents.example"]


async def test_closing_ends_what_is_being_sent() -> None:
    """Nothing hangs on after `close`."""
    async with opened(Office(stuck="RCPT")) as office, outlet(office.port) as post:
        sending = asyncio.create_task(post.send(letter(1)))
        await until(lambda: any("RCPT" in command for command in office.commands))
        await post.close()
        with pytest.raises(Temporary):
            await sending
        assert not office.taken


# Who may read and who may send


async def test_what_is_sent_is_encrypted(tmp_path: Path) -> None:
    """By STARTTLS or with TLS from the start, once `ca_file` names who signed the certificate."""
    signed, context = certificate(tmp_path)
    async with opened(Office(), tls_context=context, require_starttls=True) as office:
        async with outlet(office.port, tls="starttls", ca_file=str(signed)) as post:
            await post.send(letter())
            await post.send(letter(2))
            assert "with TLS (STARTTLS)" in await post.check()
        assert [command.split()[0] for command in office.commands[:4]] == ["EHLO", "STARTTLS", "EHLO", "MAIL"]
        assert len(office.taken) == 2
    async with opened(Office(), implicit=context) as office:
        async with outlet(office.port, tls="implicit", ca_file=str(signed)) as post:
            await post.send(letter())
        assert len(office.taken) == 1


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    """No mail leaves; the error says where to look."""
    signed, context = certificate(tmp_path)
    why = r"certificate of 127\.0\.0\.1 cannot be trusted: self-signed certificate; ca_file may name"
    async with opened(Office(), tls_context=context) as office, outlet(office.port, tls="starttls") as post:
        with pytest.raises(Misconfigured, match=why):
            await post.send(letter())
        assert not [command for command in office.commands if command.startswith("MAIL")]
    async with opened(Office(), implicit=context) as office, outlet(office.port, tls="implicit") as post:
        with pytest.raises(Misconfigured, match=why):
            await post.check()
    async with outlet(1, tls="implicit", ca_file=str(tmp_path / "none.pem")) as post:
        with pytest.raises(Misconfigured, match=r"ca_file = .*none.pem' cannot be used: No such file"):
            await post.check()
    async with outlet(1, tls="implicit", ca_file=__file__) as post:
        with pytest.raises(Misconfigured, match="cannot be used: it holds no certificate"):
            await post.check()
    assert signed.exists()


async def test_starttls_never_falls_back_to_plain() -> None:
    """A server, or somebody in between, that offers no TLS gets no mail and no password."""
    account = {"username": "post", "password": "secret"}
    async with opened(Office()) as office, outlet(office.port, tls="starttls", **account) as post:
        with pytest.raises(Misconfigured, match="offers no STARTTLS"):
            await post.send(letter())
        assert [command.split()[0] for command in office.commands] == ["EHLO"]


async def test_a_server_without_tls_where_it_is_expected_is_for_staff_to_mend() -> None:
    """Implicit TLS to a port that speaks in clear: the settings are wrong, and waiting does not help."""
    async with opened(Office()) as office, outlet(office.port, tls="implicit") as post:
        with pytest.raises(Misconfigured, match="could not agree on TLS"):
            await post.check()


async def test_a_member_of_the_server_signs_in(tmp_path: Path) -> None:
    """With the configured name and password; `check` names the account."""
    signed, context = certificate(tmp_path)
    account = {"username": "post", "password": "pässword", "tls": "starttls", "ca_file": str(signed)}
    members = {"authenticator": only_with("post", "pässword"), "tls_context": context, "auth_required": True}
    async with opened(Office(), **members) as office, outlet(office.port, **account) as post:
        await post.send(letter())
        assert "signed in as post," in await post.check()
    assert len(office.taken) == 1


async def test_a_wrong_password_is_tried_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """The account is not locked by the queue that waits behind it; after a rest it is tried again."""
    monkeypatch.setattr(email_smtp, "REST_SECONDS", 0.5)
    account = {"username": "post", "password": "wrong"}
    members = {"authenticator": only_with("post", "right"), "auth_require_tls": False}
    async with opened(Office(), **members) as office, outlet(office.port, **account) as post:
        results = await asyncio.gather(*(post.send(letter(n)) for n in range(8)), return_exceptions=True)
        tried = len(office.lines)
        results += await asyncio.gather(*(post.send(letter(n)) for n in range(20)), return_exceptions=True)
        assert len(office.lines) == tried <= 8
        assert all(type(result) is Misconfigured for result in results)
        assert {str(result) for result in results} == {
            "channel post: the mail server refused the user name or password for post at 127.0.0.1 (535)"
        }
        await asyncio.sleep(0.5)
        with pytest.raises(Misconfigured):
            await post.send(letter())
        assert len(office.lines) == tried + 1


async def test_a_server_that_cannot_check_passwords_now_is_not_a_wrong_password() -> None:
    """454 (RFC 4954) passes by itself; a server that knows no passwords does not."""
    account = {"username": "post", "password": "secret"}
    busy = Office(answers={"AUTH": "454 4.7.0 Temporary authentication failure"})
    async with opened(busy, auth_require_tls=False) as office, outlet(office.port, **account) as post:
        with pytest.raises(Temporary, match=r"454 4\.7\.0"):
            await post.send(letter())
    async with opened(Office()) as office, outlet(office.port, **account) as post:
        with pytest.raises(Misconfigured, match="no way to sign in"):
            await post.send(letter())


async def test_the_password_shows_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    """Not in a representation, an error or a log line, however much is logged; nor does who is written to."""
    caplog.set_level(logging.DEBUG)
    account = settings(1, username="post", password="my-secret")
    members = {"authenticator": only_with("post", "x"), "auth_require_tls": False}
    async with opened(Office(), **members) as office:
        post = email_smtp.build("post", settings(office.port, username="post", password="my-secret"))
        with pytest.raises(Misconfigured) as raised:
            await post.send(letter())
        assert "my-secret" not in "".join(format_exception(raised.value))
        assert "my-secret" not in f"{account!r} {account} {post!r} {vars(post)}"
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name != "mail.log")
    assert "my-secret" not in ours
    assert "resident1" not in ours
