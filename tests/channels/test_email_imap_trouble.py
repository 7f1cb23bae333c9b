"""The mailbox that cannot be read, against a real Dovecot: who must act is told, and nobody waits for a dead server."""

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from traceback import format_exception

import pytest
from pydantic import ValidationError

from bot.channel import Misconfigured, Temporary
from channels import email_imap
from channels.email_imap import Settings
from tests.channels.mailbox import following, has_left, inbox, mail, read_all, settings, threads
from tests.components.dovecot import CONTACT, Dovecot
from tests.components.ports import LEAVING_SECONDS, wait_until
from tests.components.wires import Relay, answering
from tests.conftest import Needs


@pytest.fixture
def server(needs: Needs) -> Iterator[Dovecot]:
    """A Dovecot with empty mailboxes."""
    needs("dovecot")
    with Dovecot() as started:
        yield started


# Trouble


async def test_a_restart_of_the_server_is_temporary(server: Dovecot) -> None:
    """The lost line is noticed at once; from the same cursor reading goes on, with what came meanwhile."""
    reader = inbox(server.imap_port)
    async with aclosing(reader.listen(None)) as batches:
        cursor = (await following(batches)).cursor
        waiting = asyncio.ensure_future(following(batches))
        await asyncio.sleep(0.2)
        server.stop()
        with pytest.raises(Temporary, match=r"^channel enquiries: the mail server 127\.0\.0\.1 port"):
            await waiting
    with pytest.raises(Temporary, match="Connection refused"):
        await read_all(reader, cursor, 1)
    server.start()
    server.deliver(mail(1))
    assert await read_all(reader, cursor, 1) == [1]


async def test_a_dropped_line_is_temporary(server: Dovecot) -> None:
    """A line that breaks while we wait for news is noticed at once, not at the next look."""
    relay = Relay(server.imap_port)
    async with relay.open(), aclosing(inbox(relay.port).listen(None)) as batches:
        await following(batches)
        waiting = asyncio.ensure_future(following(batches))
        await asyncio.sleep(0.2)
        relay.cut()
        with pytest.raises(Temporary, match="ended the connection"):
            await waiting
    assert await has_left()


async def test_a_wrong_password_is_for_staff_to_mend(server: Dovecot) -> None:
    """The error names the channel, the user and the server, so that nobody has to guess which password."""
    with pytest.raises(Misconfigured) as raised:
        await read_all(inbox(server.imap_port, password="wrong-one"), None, 1)
    assert str(raised.value) == (
        "channel enquiries: the mail server refused the user name or password for contact@council.test at 127.0.0.1 "
        "(AUTHENTICATIONFAILED)"
    )
    server.set_password(CONTACT, 'Zażółć gęślą ß "jaźń"')
    reader = inbox(server.imap_port, password='Zażółć gęślą ß "jaźń"')
    assert await reader.check() == "INBOX at 127.0.0.1 holds 0 messages; new mail is announced by the server (IDLE)"


async def test_the_password_shows_nowhere(server: Dovecot, caplog: pytest.LogCaptureFixture) -> None:
    """Not in a representation, an error or a log line, however much is logged; nor do the words of a mail."""
    caplog.set_level(logging.DEBUG)
    server.deliver(mail(1, "my diagnosis"))
    await read_all(inbox(server.imap_port, begin="all"), None, 1)
    account = settings(server.imap_port, password="wrong-secret")
    reader = email_imap.build("enquiries", account)
    with pytest.raises(Misconfigured) as raised:
        await reader.check()
    assert "secret" not in "".join(format_exception(raised.value))
    assert "secret" not in f"{account!r} {account} {reader!r} {vars(reader)}"
    assert "secret" not in caplog.text
    assert "diagnosis" not in caplog.text
    assert not logging.getLogger("imapclient.imaplib").isEnabledFor(logging.DEBUG)


async def test_a_server_that_cannot_check_passwords_now_is_not_a_wrong_password() -> None:
    """[UNAVAILABLE] (RFC 5530) passes by itself; so does a line that ends in the middle of the login."""
    capability = "* CAPABILITY IMAP4rev1|TAG OK done"
    async with answering(capability=capability, login="TAG NO [UNAVAILABLE] try later") as (port, _):
        with pytest.raises(Temporary, match="UNAVAILABLE"):
            await inbox(port).check()
    async with answering(capability=capability, login="* BYE shutting down") as (port, _):
        with pytest.raises(Temporary, match="ended the connection"):
            await inbox(port).check()
    async with answering(greeting="* BYE too busy") as (port, _):
        with pytest.raises(Temporary):
            await inbox(port).check()


async def test_an_old_server_that_cannot_carry_the_password_says_so() -> None:
    """LOGIN carries only ASCII: that is a matter for staff, not a crash that quotes the password."""
    async with answering(capability="* CAPABILITY IMAP4rev1|TAG OK done") as (port, given):
        with pytest.raises(Misconfigured, match="only ASCII characters"):
            await inbox(port, password="passwörd").check()
    assert given == ["CAPABILITY", "LOGOUT"]


async def test_a_server_that_speaks_nonsense_is_temporary() -> None:
    """What cannot be understood is not quoted, because it may be somebody's mail."""
    answers = {
        "capability": "* CAPABILITY IMAP4rev1|TAG OK done",
        "login": "TAG OK in",
        "examine": "* 1 EXISTS|* OK [UIDVALIDITY 7] ok|* OK [UIDNEXT 5] ok|TAG OK [READ-ONLY] done",
        "uid": "* SEARCH my diagnosis|TAG OK done",
    }
    async with answering(**answers) as (port, _):
        with pytest.raises(Temporary, match="cannot be used") as raised:
            await read_all(inbox(port), None, 1)
    assert "diagnosis" not in str(raised.value)


async def test_a_folder_that_is_not_there_is_for_staff_to_mend(server: Dovecot) -> None:
    """The error names the folder."""
    with pytest.raises(Misconfigured, match="no folder 'Enquiries' that may be read"):
        await inbox(server.imap_port, folder="Enquiries").check()


async def test_a_certificate_that_nobody_vouches_for_is_refused(server: Dovecot) -> None:
    """Unknown signer, wrong name, no such file: no password leaves, and the error says where to look."""
    unvouched = r"certificate of 127\.0\.0\.1 cannot be trusted: self-signed certificate; ca_file may name"
    with pytest.raises(Misconfigured, match=unvouched):
        await inbox(server.imaps_port, tls="implicit").check()
    with pytest.raises(Misconfigured, match=unvouched):
        await inbox(server.imap_port, tls="starttls").check()
    async with Relay(server.imaps_port).open("127.0.0.2") as relay:
        stranger = inbox(relay.port, host="127.0.0.2", tls="implicit", ca_file=str(server.certificate))
        with pytest.raises(Misconfigured, match=r"certificate of 127\.0\.0\.2"):
            await stranger.check()
    for path, why in ((server.directory / "none.pem", "No such file"), (server.log, "holds no certificate")):
        with pytest.raises(Misconfigured, match=f"ca_file = .* cannot be used: .*{why}"):
            await inbox(server.imaps_port, tls="implicit", ca_file=str(path)).check()
    with pytest.raises(Temporary, match="could not agree on TLS"):
        await inbox(server.imap_port, tls="implicit").check()


async def test_starttls_never_falls_back_to_a_readable_line() -> None:
    """A server, or somebody on the way, that withholds STARTTLS gets no password."""
    async with answering(capability="* CAPABILITY IMAP4rev1|TAG OK done", login="TAG OK in") as (port, given):
        with pytest.raises(Misconfigured, match="offers no STARTTLS"):
            await inbox(port, tls="starttls").check()
    assert "LOGIN" not in given


# Leaving


@pytest.mark.parametrize("idle", [True, False])
async def test_closing_ends_the_thread_and_logs_out(needs: Needs, *, idle: bool) -> None:
    """Whether it waits for news or for its next look, the thread leaves at once, in order."""
    needs("dovecot")
    with Dovecot(idle=idle) as server:
        async with aclosing(inbox(server.imap_port).listen(None)) as batches:
            await following(batches)
            waiting = asyncio.ensure_future(following(batches))
            await asyncio.sleep(0.2)
            assert len(threads()) == 1
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert await has_left()
        wait_until(lambda: "Logged out" in server.log.read_text(), what="the logout in Dovecot's log")


async def test_closing_does_not_wait_for_a_silent_server(server: Dovecot) -> None:
    """A server that takes our words and answers nothing cannot keep the thread."""
    async with Relay(server.imap_port).open() as relay:
        batches = inbox(relay.port).listen(None)
        await following(batches)
        waiting = asyncio.ensure_future(following(batches))
        await asyncio.sleep(0.2)
        relay.silence()
        began = time.monotonic()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await has_left()
        assert time.monotonic() - began < LEAVING_SECONDS


async def test_closing_does_not_wait_for_a_server_that_never_greets(server: Dovecot) -> None:
    """Also while the connection is only being made the service stops without delay; the thread holds nothing up."""
    async with Relay(server.imap_port).open() as relay:
        relay.silence()
        looking = asyncio.ensure_future(inbox(relay.port).check())
        await asyncio.sleep(0.1)
        began = time.monotonic()
        looking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await looking
        assert time.monotonic() - began < LEAVING_SECONDS
        assert all(thread.daemon for thread in threads())


# Settings


def test_ports_follow_from_tls() -> None:
    """993 with TLS from the start, else 143, unless a port is named."""
    table = settings(1).model_dump(exclude={"port", "tls"}) | {"password": "secret"}
    assert Settings(**table).port == 993
    assert Settings(**table, tls="starttls").port == 143
    assert Settings(**table, tls="starttls", port=1143).port == 1143


def test_a_readable_line_is_only_allowed_inside_this_machine() -> None:
    """The mistake says which hosts may be reached without TLS, and what else to use."""
    with pytest.raises(ValidationError, match=r"none is only allowed where host is this machine .*127\.0\.0\.1"):
        settings(143, host="imap.example.gov.uk")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("begin", "yesterday", 'is not "now", "all" or a day such as 2026-09-01'),
        ("begin", datetime(2026, 9, 1, 12, tzinfo=UTC), "or a day such as"),
        ("address", "enquiries", "allowed: one e-mail address"),
        ("folder", "INBOX\r\nA1 DELETE INBOX", "allowed: one line of text"),
        ("poll_seconds", 0, "greater than or equal to 1"),
        ("pasword", "x", "Extra inputs"),
    ],
)
def test_a_mistake_in_the_settings_is_named(key: str, value: object, words: str) -> None:
    """With its key, one mistake for one value, and never with the password."""
    with pytest.raises(ValidationError, match=words) as raised:
        settings(143, **{key: value})
    assert [error["loc"][0] for error in raised.value.errors()] == [key]
