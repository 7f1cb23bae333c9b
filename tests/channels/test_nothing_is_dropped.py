"""Whatever a platform changes in what it sends: it is logged, or kept raw for a person, or ignored for a named reason.

Each documented payload is changed in every single place, as `mutations` does; no server is needed to read it.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from bot.channel import Permanent, RawRequest, Rereader
from bot.core.messages import Inbound
from bot.wire.platforms.reading import read_each
from channels import bluesky, facebook, instagram, mastodon, telegram, whatsapp, x
from tests.channels import documented, documented_lists, documented_meta, test_inbound_webhook
from tests.channels.mutations import mutations
from tests.peers.meta import signed as of_app

SECRET = "of-the-app"
Read = Callable[[bytes], tuple[Inbound, ...]]


@dataclass(frozen=True)
class Account:
    """One account of ours: what its platform documents, how that is read, and which changes rightly bring less.

    `ignored`: the name of a change, as a pattern, with the reason why what is said then is no message to us.
    """

    channel: Any
    payloads: Mapping[str, Any]
    read: Read
    ignored: Mapping[str, str]


def signed(secret: str, body: bytes) -> bytes:
    """The signature of a body."""
    return hmac.digest(secret.encode(), body, hashlib.sha256)


def of_telegram() -> Account:
    """A bot, which reads what was fetched and what was brought alike."""
    table = {"name": "telegram", "kind": "telegram", "token": "1:a", "username": "town_bot"}
    hook = {"webhook_url": "https://example.gov.uk/hooks/telegram", "webhook_secret": SECRET}
    bot = telegram.build("telegram", telegram.Settings.model_validate({**table, **hook}))

    def read(body: bytes) -> tuple[Inbound, ...]:
        # What is said to the account for which it answers is fetched alone.
        if b"business" in body:
            return tuple(read_each("telegram", [json.loads(body)], lambda update: bot.reread(as_bytes(update))))
        return bot.open(RawRequest({"x-telegram-bot-api-secret-token": SECRET}, body)).messages

    ignored = {
        r"in a group: message\.text becomes something_new": "it does not name the bot any more",
        r"taken back: .*\.message_ids becomes (\[\]|\{\})": "no message was deleted",
        r"reaction: .*\.new_reaction becomes (\[\]|\{\})": "the reaction was taken back",
    }
    return Account(bot, documented.telegram(), read, ignored)


def of_x() -> Account:
    """An account, by its webhook."""
    table = {"name": "x", "kind": "x", "token": "t", "token_secret": "u", "consumer_key": "k"}
    account = x.build("x", x.Settings.model_validate({**table, "consumer_secret": SECRET}))

    def read(body: bytes) -> tuple[Inbound, ...]:
        signature = f"sha256={base64.b64encode(signed(SECRET, body)).decode()}"
        return account.open(RawRequest({"x-twitter-webhooks-signature": signature}, body)).messages

    return Account(account, documented.x(), read, {})


def of_meta(kind: Any, key: str, number: str, payloads: Mapping[str, Any], ignored: Mapping[str, str]) -> Account:
    """An account on a platform of Meta's."""
    table = {"name": "meta", "kind": "meta", "token": "t", "app_secret": SECRET, "verify_token": "v", key: number}
    account = kind.build("meta", kind.Settings.model_validate(table))

    def read(body: bytes) -> tuple[Inbound, ...]:
        return tuple(account.open(RawRequest(of_app(body, SECRET), body)).messages)

    return Account(account, payloads, read, {**ignored, **_OF_META})


_OF_META = {
    r".*: entry becomes \[\]": "a call about nothing",
    r".*: entry\.0\.(messaging|changes) becomes \[\]": "a call about nothing",
}
_OF_THREADS = {
    r"delivered: .*\.delivery\.mids (removed|renamed|becomes (\[\]|\{\}|None))": "a time alone names no message",
}


def of_facebook() -> Account:
    """A Page."""
    return of_meta(facebook, "page_id", documented_meta.PAGE, documented_meta.facebook(), _OF_THREADS)


def of_instagram() -> Account:
    """A professional account."""
    return of_meta(instagram, "account_id", documented_meta.ACCOUNT, documented_meta.instagram(), {})


def of_whatsapp() -> Account:
    """A number."""
    ignored = {
        r".*\.value\.(messages|statuses) becomes \[\]": "a call about nothing",
        r"reaction: .*\.emoji (removed|renamed|becomes (None|\[\]|\{\}))": "the reaction was taken back",
    }
    return of_meta(whatsapp, "phone_number_id", documented_meta.NUMBER, documented_meta.whatsapp(), ignored)


def of_vendor() -> Account:
    """The form of another vendor, which nobody documents but the configuration."""

    def read(body: bytes) -> tuple[Inbound, ...]:
        return test_inbound_webhook.called(test_inbound_webhook.hook(), body)

    return Account(test_inbound_webhook.hook(), {"form": test_inbound_webhook.CALL}, read, {})


def of_lists(channel: Any, payloads: Mapping[str, Any]) -> Account:
    """An account whose lists we read, one thing at a time."""

    def read(body: bytes) -> tuple[Inbound, ...]:
        try:
            page = json.loads(body)
        except (ValueError, RecursionError):
            raise Permanent("no page of a list") from None
        return tuple(read_each("lists", [page], lambda piece: channel.reread(as_bytes(piece))))

    return Account(channel, payloads, read, {})


def of_mastodon() -> Account:
    """An account on a server."""
    table = {"name": "lists", "kind": "mastodon", "url": "https://social.example", "token": "t"}
    return of_lists(mastodon.build("lists", mastodon.Settings.model_validate(table)), documented_lists.mastodon())


def of_bluesky() -> Account:
    """An account of the network."""
    table = {"name": "lists", "kind": "bluesky", "handle": "town.example", "app_password": "p"}
    return of_lists(bluesky.build("lists", bluesky.Settings.model_validate(table)), documented_lists.bluesky())


ACCOUNTS: Mapping[str, Callable[[], Account]] = {
    "telegram": of_telegram,
    "x": of_x,
    "facebook": of_facebook,
    "instagram": of_instagram,
    "whatsapp": of_whatsapp,
    "inbound_webhook": of_vendor,
    "mastodon": of_mastodon,
    "bluesky": of_bluesky,
}


@pytest.fixture(params=ACCOUNTS)
def account(request: pytest.FixtureRequest) -> Account:
    """Each platform."""
    return ACCOUNTS[request.param]()


def as_bytes(payload: Any) -> bytes:
    """A payload as it comes."""
    return json.dumps(payload).encode()


def is_kept_raw(account: Account, raw: bytes) -> bool:
    """Whether reading it again says that it is still not understood; what is nothing then would be deleted."""
    try:
        return not all(message.is_understood for message in account.channel.reread(raw))
    except Exception:  # noqa: BLE001 - whatever is raised: it stays
        return True


def fate(account: Account, raw: bytes, usual: int) -> str:
    """What becomes of a payload that brought so many messages before it was changed."""
    try:
        messages = account.read(raw)
    except Permanent:
        return "shunted" if is_kept_raw(account, raw) else "deleted by a replay"
    except Exception as error:  # noqa: BLE001 - the call would be answered 500, and the platform gives up after a while
        return f"not answered: {type(error).__name__}"
    if any(not message.is_understood and not is_kept_raw(account, message.raw) for message in messages):
        return "deleted by a replay"
    return "logged or shunted" if len(messages) >= usual else "dropped"


def test_what_is_documented_is_understood(account: Account) -> None:
    """Each payload brings a message; read again, the same ones."""
    assert isinstance(account.channel, Rereader)
    for what, payload in account.payloads.items():
        messages = account.read(as_bytes(payload))
        assert messages, what
        assert all(message.is_understood for message in messages), what
        again = list(account.channel.reread(as_bytes(payload)))
        assert [message.external_id for message in again] == [message.external_id for message in messages], what


def test_what_is_understood_keeps_what_it_was_read_from(account: Account) -> None:
    """Where logging it fails it is shunted: then it can still be read again."""
    for what, payload in account.payloads.items():
        for message in account.read(as_bytes(payload)):
            again = list(account.channel.reread(message.raw))
            assert message.external_id in [read.external_id for read in again], what


def test_whatever_changes_nothing_is_dropped(account: Account) -> None:
    """Not one of some thousand changes, but for those that are named here with their reason."""
    lost = {}
    for what, payload in account.payloads.items():
        usual = len(account.read(as_bytes(payload)))
        for change, content in mutations(payload):
            if (end := fate(account, as_bytes(content), usual)) not in ("logged or shunted", "shunted"):
                lost[f"{what}: {change}"] = end
    unnamed = {name: end for name, end in lost.items() if not any(re.fullmatch(p, name) for p in account.ignored)}
    assert not unnamed
    assert [p for p in account.ignored if not any(re.fullmatch(p, name) for name in lost)] == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"null", b"\xff", b"[" * 100_000, b'{"x": 1}'])
def test_what_is_no_payload_at_all_is_kept(account: Account, body: bytes) -> None:
    """Whatever it was, a platform that had proved itself sent it."""
    assert fate(account, body, 1) in ("logged or shunted", "shunted")
