"""Mailboxes of a Google Workspace that are opened by a service account, by IMAP and by SMTP."""

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from traceback import format_exception
from typing import Any

import pytest
from pydantic import ValidationError

from bot import kinds
from bot.channel import Misconfigured, Temporary
from channels import email_imap, email_smtp
from tests.channels import mailbox, postoffice
from tests.channels.mailbox import mail, read_all
from tests.channels.postoffice import TokenOffice, letter, opened, outlet
from tests.components.dovecot import CONTACT, Dovecot
from tests.conftest import Needs
from tests.peers.google import CLIENT_EMAIL, CLIENT_NUMBER, MAIL_SCOPE, Google, stranger

PLAIN: dict[str, Any] = {"auth_require_tls": False}
IMAP_SCOPE = "https://www.googleapis.com/auth/gmail.imap_admin"


@pytest.fixture
def google() -> Iterator[Google]:
    """Google, where the council's service account may read the mailbox."""
    with Google() as running:
        yield running


def office_of(google: Google) -> TokenOffice:
    """A mail server that lets in by Google's tokens."""
    office = TokenOffice()
    office.tokens = google
    return office


def signing_in(google: Google, **others: Any) -> dict[str, Any]:
    """The settings of an outlet."""
    return {"username": CONTACT, "service_account": {"key": google.key_file(), **others}}


async def check(google: Google, **others: Any) -> str:
    """What `ackbot check --live` says of the outlet."""
    async with opened(office_of(google), **PLAIN) as office, outlet(office.port, **others) as post:
        return await post.check()


async def test_a_mailbox_is_read_by_a_service_account(needs: Needs, google: Google) -> None:
    """In the name of the mailbox, with the scope that shows every folder; one token serves every connection."""
    needs("dovecot")
    google.scopes = {IMAP_SCOPE}
    with Dovecot(introspection=google.introspection_url) as server:
        server.deliver(mail(1))
        account = {"key": google.key_file(), "scope": IMAP_SCOPE}
        reader = mailbox.inbox(server.imap_port, password=None, service_account=account, begin="all")
        assert "holds 1 messages" in await reader.check()
        assert await read_all(reader, None, 1) == [1]
    assert [(claims["sub"], claims["iss"], claims["scope"]) for claims in google.claims] == [
        (CONTACT, CLIENT_EMAIL, IMAP_SCOPE)
    ]


async def test_mail_is_sent_by_a_service_account(google: Google) -> None:
    """`ackbot check --live` signs in, and a letter leaves with the same token."""
    async with opened(office_of(google), **PLAIN) as office, outlet(office.port, **signing_in(google)) as post:
        assert f"signed in as {CONTACT}," in await post.check()
        await post.send(letter())
    assert len(office.taken) == 1
    assert len(google.issued) == 1


@pytest.mark.parametrize("ahead", [timedelta(hours=-7), timedelta(days=400)])
async def test_a_wrong_clock_of_ours_is_no_matter(google: Google, ahead: timedelta) -> None:
    """Google refuses a request of another hour: it is signed for the time that Google itself says."""
    google.ahead = ahead
    assert "signed in as" in await check(google, **signing_in(google))


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (
            {"scopes": set()},
            rf"\(unauthorized_client\): in the Admin console, .* the client {CLIENT_NUMBER} the scope {MAIL_SCOPE}",
        ),
        ({"users": {"other@council.test"}}, r"\(invalid_grant\): username is no user of this Workspace"),
        ({"is_enabled": False}, r"\(disabled_client\): the service account is disabled"),
        ({"instead": (400, {"error": "admin_policy_enforced"})}, "a policy of the Workspace forbids it"),
        ({"instead": (200, "<html>")}, "without an access token that can be used: look at token_uri"),
    ],
)
async def test_what_google_refuses_is_for_staff_to_mend(google: Google, trouble: dict[str, Any], words: str) -> None:
    """Each with the place where it is mended, and without the address that Google names."""
    for name, value in trouble.items():
        setattr(google, name, value)
    with pytest.raises(Misconfigured, match=f"^channel post: the token server 127.0.0.1 .*{words}"):
        await check(google, **signing_in(google))


async def test_the_key_of_somebody_else_opens_nothing(google: Google) -> None:
    """Neither does one that was deleted; a token server in trouble is waited for."""
    key = google.key_file(private_key=stranger())
    with pytest.raises(Misconfigured, match=r"\(invalid_grant\)"):
        await check(google, username=CONTACT, service_account={"key": key})
    google.instead = (503, "")
    with pytest.raises(Temporary, match="cannot give an access token now"):
        await check(google, **signing_in(google))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"type": "authorized_user"}, "look at type"),
        ({"private_key": "-----BEGIN PRIVATE KEY-----"}, "private_key cannot be used"),
        ({"token_uri": "http://oauth2.googleapis.com/token"}, "look at token_uri"),
        ({"client_email": "", "private_key_id": ""}, "look at client_email, private_key_id"),
    ],
)
def test_another_file_is_refused_before_anything_starts(google: Google, change: dict[str, str], words: str) -> None:
    """With what is wrong in it, and nothing of what stands there."""
    with pytest.raises(ValidationError, match=words) as raised:
        postoffice.settings(25, username=CONTACT, service_account={"key": google.key_file(**change)})
    assert [error["loc"] for error in raised.value.errors()] == [("service_account", "key")]


def test_it_stands_in_place_of_a_password_and_of_oauth(google: Google) -> None:
    """Of the three one is given, and the mistake names those that are there."""
    account = {"key": google.key_file()}
    for others, words in (
        ({"password": "x"}, "password and service_account exclude"),
        ({"password": None, "oauth": google.table}, "oauth and service_account exclude"),
    ):
        with pytest.raises(ValidationError, match=words):
            mailbox.settings(143, service_account=account, **others)
        with pytest.raises(ValidationError, match=words):
            postoffice.settings(25, username=CONTACT, service_account=account, **others)


async def test_neither_key_nor_token_shows_anywhere(google: Google, caplog: pytest.LogCaptureFixture) -> None:
    """Not in a representation, an error or a log line, however much is logged."""
    caplog.set_level(logging.DEBUG)
    google.users.clear()
    async with opened(office_of(google), **PLAIN) as office:
        post = email_smtp.build("post", postoffice.settings(office.port, **signing_in(google)))
        with pytest.raises(Misconfigured) as raised:
            await post.check()
    output = f"{post!r} {vars(post)}" + "".join(format_exception(raised.value))
    output += "".join(record.getMessage() for record in caplog.records)
    assert "PRIVATE" not in output
    assert not re.search(r"eyJ[\w-]{20}", output)


def test_the_example_of_the_manual_is_good(tmp_path: Path, google: Google) -> None:
    """What is shown for a service account may be copied as it stands."""
    manual = (Path(__file__).parents[2] / "docs" / "channels.md").read_text(encoding="utf-8")
    section = manual.partition("## Google Workspace by a service account")[2].partition("\n## ")[0]
    (tmp_path / "google.json").write_text(google.key_file(), encoding="utf-8")
    tables = "\n".join(re.findall(r"```toml\n(.*?)```", section, re.DOTALL))
    head = '[organisation]\nname = "X"\nreference_prefix = "EX"\n[web]\nsecret = "a secret of the tests, 32 and more"\n'
    (tmp_path / "ackbot.toml").write_text(head + tables, encoding="utf-8")
    inbox, post, *_ = kinds.load(tmp_path).channels
    assert isinstance(inbox, email_imap.Settings)
    assert isinstance(post, email_smtp.Settings)
    accounts = (inbox.service_account, post.service_account)
    assert [account.scope for account in accounts if account] == [IMAP_SCOPE, MAIL_SCOPE]
