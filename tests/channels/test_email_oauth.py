"""Mailboxes that are opened with an access token in place of a password, by IMAP and by SMTP."""

import asyncio
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from traceback import format_exception
from typing import Any

import pytest
from pydantic import ValidationError

from bot import kinds
from bot.channel import Misconfigured, Temporary
from bot.settings.main_file import BadSettings
from channels import email_imap, email_smtp
from channels.email_imap import Imap
from tests.channels import mailbox, postoffice
from tests.channels.mailbox import mail, read_all
from tests.channels.postoffice import TokenOffice, certificate, letter, opened, outlet
from tests.components.dovecot import CONTACT, Dovecot
from tests.components.tokens import REFRESH, SECRET, TokenServer
from tests.components.wires import answering
from tests.conftest import Needs

PLAIN: dict[str, Any] = {"auth_require_tls": False}


@pytest.fixture
def tokens() -> Iterator[TokenServer]:
    """The council's token server."""
    with TokenServer() as started:
        yield started


@pytest.fixture
def server(needs: Needs, tokens: TokenServer) -> Iterator[Dovecot]:
    """A mail server that takes its tokens."""
    needs("dovecot")
    with Dovecot(introspection=tokens.introspection_url) as started:
        yield started


def inbox(port: int, tokens: TokenServer, table: dict[str, str] | None = None, **others: Any) -> Imap:
    """The inbox under test; `table` has what else its table `oauth` holds."""
    return mailbox.inbox(port, password=None, oauth=tokens.table | (table or {}), **others)


def office_of(tokens: TokenServer, **others: Any) -> TokenOffice:
    """An office for who has these tokens."""
    office = TokenOffice(**others)
    office.tokens = tokens
    return office


def signing_in(tokens: TokenServer) -> dict[str, Any]:
    """The outlet's settings."""
    return {"username": CONTACT, "oauth": tokens.table}


# Mail in


@pytest.mark.parametrize(
    ("mechanisms", "used"),
    [("xoauth2 oauthbearer", "OAUTHBEARER"), ("oauthbearer", "OAUTHBEARER"), ("xoauth2", "XOAUTH2")],
)
async def test_a_mailbox_is_read_with_a_token(needs: Needs, tokens: TokenServer, mechanisms: str, used: str) -> None:
    """By the standard way where the server has it, else by Microsoft's."""
    needs("dovecot")
    with Dovecot(introspection=tokens.introspection_url, mechanisms=mechanisms) as server:
        server.deliver(mail(1))
        assert await read_all(inbox(server.imap_port, tokens, begin="all"), None, 1) == [1]
        assert f"method={used}," in server.log.read_text()


async def test_a_token_serves_from_one_connection_to_the_next(server: Dovecot, tokens: TokenServer) -> None:
    """Whether the line is encrypted or not, and whichever the grant: one token an hour."""
    secure = {"tls": "starttls", "ca_file": str(server.certificate)}
    reader = inbox(server.imap_port, tokens, {"refresh_token": REFRESH}, begin="all", **secure)
    server.deliver(mail(1))
    await reader.check()
    assert await read_all(reader, None, 1) == [1]
    assert await read_all(reader, None, 1) == [1]
    assert tokens.grants == ["refresh_token"]


async def test_a_token_that_opens_nothing_any_more_is_replaced(server: Dovecot, tokens: TokenServer) -> None:
    """Staff need not know that it was withdrawn, when a new one opens the mailbox."""
    reader = inbox(server.imap_port, tokens)
    await reader.check()
    tokens.revoke()
    await reader.check()
    assert len(tokens.issued) == 2


async def test_a_new_token_that_opens_nothing_is_for_staff_to_mend(server: Dovecot, tokens: TokenServer) -> None:
    """The error says where to look, and once that is put right it takes another token to have the permission."""
    reader = inbox(server.imap_port, tokens)
    tokens.mailbox = "somebody@else.test"
    with pytest.raises(Misconfigured) as raised:
        await reader.check()
    assert str(raised.value) == (
        "channel enquiries: the mail server refused a new access token for contact@council.test at 127.0.0.1 "
        "(AUTHENTICATIONFAILED, invalid_token): check that the application may use this mailbox, and scope"
    )
    tokens.mailbox = CONTACT
    tokens.revoke()
    await reader.check()
    assert len(tokens.issued) == 2


async def test_a_server_of_few_words_is_understood(tokens: TokenServer) -> None:
    """Microsoft's gives no code with its refusal."""
    capability = "* CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2|TAG OK done"
    async with answering(capability=capability, authenticate="+ |TAG NO AUTHENTICATE failed.") as (port, given):
        with pytest.raises(Misconfigured, match=r"contact@council\.test at 127\.0\.0\.1: check that the application"):
            await inbox(port, tokens).check()
    assert given[:2] == ["CAPABILITY", "AUTHENTICATE"]


async def test_a_mail_server_that_cannot_check_tokens_now_is_temporary(server: Dovecot, tokens: TokenServer) -> None:
    """The token is kept: nothing is wrong with it."""
    reader = inbox(server.imap_port, tokens)
    await reader.check()
    tokens.good_to_ask = False
    with pytest.raises(Temporary, match=r"cannot check access tokens now \(UNAVAILABLE\)"):
        await reader.check()
    tokens.good_to_ask = True
    await reader.check()
    assert len(tokens.issued) == 1


async def test_a_mail_server_that_takes_no_tokens_is_for_staff_to_mend(needs: Needs, tokens: TokenServer) -> None:
    """The error says what was looked for; no token is fetched for nothing."""
    needs("dovecot")
    with Dovecot() as server, pytest.raises(Misconfigured, match="it offers neither OAUTHBEARER nor XOAUTH2"):
        await inbox(server.imap_port, tokens).check()
    assert not tokens.grants


async def test_what_the_token_server_says_is_passed_on(server: Dovecot, tokens: TokenServer) -> None:
    """Who must act learns it from the channel."""
    with pytest.raises(Misconfigured, match=r"^channel enquiries: the token server 127\.0\.0\.1 refused us"):
        await inbox(server.imap_port, tokens, {"client_secret": "old"}).check()
    tokens.instead = (503, "")
    with pytest.raises(Temporary, match="cannot give an access token now"):
        await inbox(server.imap_port, tokens).check()


# Mail out


@pytest.mark.parametrize(("without", "used"), [((), "OAUTHBEARER"), (("OAUTHBEARER",), "XOAUTH2")])
async def test_mail_is_sent_with_a_token(
    tokens: TokenServer, tmp_path: Path, without: tuple[str, ...], used: str
) -> None:
    """However many connections there are, the token server is asked once; no command is longer than 512 octets."""
    signed, context = certificate(tmp_path)
    members: dict[str, Any] = {"tls_context": context, "auth_required": True, "auth_exclude_mechanism": without}
    secure = {"tls": "starttls", "ca_file": str(signed)}
    async with (
        opened(office_of(tokens, pause_seconds=0.02), **members) as office,
        outlet(office.port, **signing_in(tokens), **secure) as post,
    ):
        await asyncio.gather(*(post.send(letter(number)) for number in range(8)))
        assert len(office.lines) == 8
        assert "signed in as contact@council.test," in await post.check()
    assert len(office.taken) == 8
    assert tokens.grants == ["client_credentials"]
    assert {command for command in office.commands if command.startswith("AUTH")} == {f"AUTH {used}"}


@pytest.mark.parametrize(("without", "codes"), [((), "535 5.7.8, invalid_token"), (("OAUTHBEARER",), "535 5.7.8, 401")])
async def test_a_refused_token_is_replaced_before_anybody_is_told(
    tokens: TokenServer, without: tuple[str, ...], codes: str
) -> None:
    """On the same connection; a new token that is refused, too, is for staff to mend."""
    async with (
        opened(office_of(tokens), **PLAIN, auth_exclude_mechanism=without) as office,
        outlet(office.port, **signing_in(tokens)) as post,
    ):
        await post.check()
        tokens.revoke()
        await post.check()
        assert (len(office.lines), len(tokens.issued)) == (2, 2)
        tokens.revoke()
        tokens.mailbox = "somebody@else.test"
        with pytest.raises(Misconfigured) as raised:
            await post.send(letter())
        assert str(raised.value) == (
            "channel post: the mail server refused a new access token for contact@council.test at 127.0.0.1 "
            f"({codes}): check that the application may use this mailbox, and scope"
        )
        assert (len(office.lines), len(tokens.issued)) == (3, 3)


async def test_a_mail_server_that_lets_nobody_in_now_is_temporary(tokens: TokenServer) -> None:
    """454 (RFC 4954) is about the server, and so is a line that is cut; the token is kept."""
    busy = office_of(tokens, answers={"AUTH": "454 4.7.0 Temporary authentication failure"})
    async with opened(busy, **PLAIN) as office, outlet(office.port, **signing_in(tokens)) as post:
        with pytest.raises(Temporary, match=r"454 4\.7\.0"):
            await post.send(letter())
        office.answers.clear()
        office.drop = "AUTH"
        with pytest.raises(Temporary, match="ended the connection"):
            await post.send(letter())
        office.drop = ""
        await post.send(letter())
    assert len(tokens.issued) == 1


async def test_an_outlet_that_gets_no_token_says_why(tokens: TokenServer) -> None:
    """No way to show one, nobody who gives one, or a secret that has run out."""
    async with (
        opened(office_of(tokens), **PLAIN, auth_exclude_mechanism=("XOAUTH2", "OAUTHBEARER")) as office,
        outlet(office.port, **signing_in(tokens)) as post,
    ):
        with pytest.raises(Misconfigured, match="it offers neither OAUTHBEARER nor XOAUTH2"):
            await post.send(letter())
    async with opened(office_of(tokens), **PLAIN) as office:
        tokens.instead = (503, "")
        async with outlet(office.port, **signing_in(tokens)) as post:
            with pytest.raises(Temporary, match=r"^channel post: the token server .* an access token now"):
                await post.send(letter())
        tokens.instead, tokens.secret = None, "renewed"
        async with outlet(office.port, **signing_in(tokens)) as post:
            with pytest.raises(Misconfigured, match="client_secret has run out"):
                await post.send(letter())


# Discretion, and settings


async def test_neither_secret_nor_token_shows_anywhere(
    server: Dovecot, tokens: TokenServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in a representation, an error or a log line, however much is logged."""
    caplog.set_level(logging.DEBUG)
    reader = inbox(server.imap_port, tokens)
    await reader.check()
    tokens.mailbox = "somebody@else.test"
    output = f"{reader!r} {vars(reader)}"
    with pytest.raises(Misconfigured) as raised:
        await inbox(server.imap_port, tokens).check()
    output += "".join(format_exception(raised.value))
    async with opened(office_of(tokens), **PLAIN) as office:
        post = email_smtp.build("post", postoffice.settings(office.port, **signing_in(tokens)))
        with pytest.raises(Misconfigured) as refused:
            await post.send(letter())
        output += f"{post!r} {vars(post)}" + "".join(format_exception(refused.value))
    output += "".join(record.getMessage() for record in caplog.records if record.name != "mail.log")
    assert len(tokens.issued) == 3
    assert not [secret for secret in (SECRET, *tokens.issued) if secret in output]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"password": "x", "oauth": {}}, "password and oauth exclude one another"),
        ({"password": None}, "is missing; instead of it there may be a table oauth"),
    ],
)
def test_a_mailbox_has_one_way_to_log_in(tokens: TokenServer, given: dict[str, Any], words: str) -> None:
    """A password or the table `oauth`, not both and not neither."""
    if "oauth" in given:
        given = given | {"oauth": tokens.table}
    with pytest.raises(ValidationError, match=words) as raised:
        mailbox.settings(143, **given)
    assert [error["loc"] for error in raised.value.errors()] == [("password",)]


def test_an_outlet_has_one_way_to_sign_in(tokens: TokenServer) -> None:
    """A user name with a password or with the table `oauth`, or nothing at all."""
    for half in ({"oauth": tokens.table}, {"username": CONTACT}):
        with pytest.raises(ValidationError, match="given together or not at all"):
            postoffice.settings(25, **half)
    with pytest.raises(ValidationError, match="password and oauth exclude one another"):
        postoffice.settings(25, **signing_in(tokens), password="x")


@pytest.mark.parametrize("module", [email_imap, email_smtp])
def test_a_mistake_inside_the_table_is_one_mistake(tokens: TokenServer, module: Any) -> None:
    """Its own key is named, and nothing is said of a password."""
    make = mailbox.settings if module is email_imap else postoffice.settings
    with pytest.raises(ValidationError) as raised:
        make(25, username=CONTACT, password=None, oauth=tokens.table | {"token_url": "http://login.example/token"})
    assert [error["loc"] for error in raised.value.errors()] == [("oauth", "token_url")]


CONFIGURATION = """
[organisation]
name = "Exampleshire Council"
reference_prefix = "EX"
[web]
secret = "a secret of the tests, 32 and more"
[[channel]]
name = "post"
kind = "email_smtp"
host = "smtp.example.gov.uk"
sender = "Contact <contact@example.gov.uk>"
username = "contact@example.gov.uk"
%s
token_url = "https://login.example/token"
client_id = "x"
client_secret = "env:TEST_OAUTH"
"""


def test_the_secret_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As others may; and where the table is not a table, the mistake does not quote it."""
    monkeypatch.setenv("TEST_OAUTH", "hush")
    (tmp_path / "ackbot.toml").write_text(CONFIGURATION % "[channel.oauth]", encoding="utf-8")
    (channel, _desk) = kinds.load(tmp_path).channels
    assert isinstance(channel, email_smtp.Settings)
    assert channel.oauth is not None
    assert channel.oauth.client_secret.get_secret_value() == "hush"
    (tmp_path / "ackbot.toml").write_text(CONFIGURATION % "[[channel.oauth]]", encoding="utf-8")
    with pytest.raises(BadSettings, match=r"channel\[1\].oauth is no table") as raised:
        kinds.load(tmp_path)
    assert "hush" not in str(raised.value)


def test_the_examples_of_the_manual_are_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown for Microsoft 365 and Google may be copied as it stands."""
    for name in ("TEST_OAUTH", "M365_CLIENT_SECRET", "GOOGLE_CLIENT_SECRET", "GOOGLE_REFRESH_TOKEN"):
        monkeypatch.setenv(name, "hush")
    manual = (Path(__file__).parents[2] / "docs" / "channels.md").read_text(encoding="utf-8")
    section = manual.partition("## Access tokens in place of passwords")[2].partition("\n## ")[0]
    microsoft, google = re.findall(r"^```toml\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    head = CONFIGURATION.partition("[[channel]]")[0]
    post = CONFIGURATION.removeprefix(head) % "[channel.oauth]"
    for example in (microsoft, google + post):
        (tmp_path / "ackbot.toml").write_text(head + example, encoding="utf-8")
        assert [channel.name for channel in kinds.load(tmp_path).channels] == ["enquiries", "post", "desk"]
