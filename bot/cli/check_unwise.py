"""What `ackbot check` warns of: what a configuration may say, and what can come of it."""

import stat
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from bot.cli import check_pages
from bot.core.suggestions import suggestion

if TYPE_CHECKING:
    from bot.channel import MailWayIn
    from bot.settings.reading import Settings

_FILES = ("ackbot.toml", "escalation.toml", "services.toml", "urgent.toml")
# Whoever mounts secrets there decides who may read them: containers and systemd.
_MOUNTED = ("/run/secrets/", "/run/credentials/")


@runtime_checkable
class SentFolder(Protocol):
    """Settings of a mailbox with the folder in which staff's own answers are seen (None: it is not watched)."""

    sent_folder: str | None


@runtime_checkable
class Listener(Protocol):
    """Settings of a channel to which others connect, at `listen`."""

    listen: str


@runtime_checkable
class Beginning(Protocol):
    """Settings of a mailbox that say from when on its mail is logged."""

    begin: object


def warnings(configured: "Settings") -> Iterator[str]:
    """Yield each thing that is allowed and unwise, with what may come of it and what to write."""
    yield from _of_people(configured)
    yield from _of_ways_in(configured)
    yield from _of_web(configured)
    yield from _of_secrets(configured)
    yield from _of_files(configured.directory)
    yield from check_pages.warnings(configured)


def _of_people(configured: "Settings") -> Iterator[str]:
    if not configured.teams:
        yield "there is no [[team]], so nobody is alerted before a promise is broken."
    if not configured.operators.team:
        yield (
            "operators.team is not set: nobody is written to when Ackbot itself is in trouble, such as a mailbox that "
            "refuses it or a full disk."
        )
    if not configured.operators.heartbeat.get_secret_value():
        yield (
            "operators.heartbeat is not set: nothing outside this machine notices when Ackbot has stopped. Give it the "
            "address of a monitor that expects a call every minute."
        )


def _of_ways_in(configured: "Settings") -> Iterator[str]:
    from bot.channel import MailWayIn, WayIn

    for channel in configured.channels:
        if isinstance(channel, WayIn) and channel.replies_by is None:
            yield f"channel {channel.name} has no replies_by, so nobody who writes there is acknowledged."
        if isinstance(channel, MailWayIn):
            yield from _of_proof(channel)
        if isinstance(channel, Listener) and _is_open(channel.listen):
            yield (
                f"channel {channel.name} listens at {channel.listen}, where whoever reaches this machine can hand in "
                "mail as anybody. Write 127.0.0.1, or let a firewall admit the mail server alone."
            )
        if isinstance(channel, Beginning) and channel.begin == "all":
            yield (
                f'channel {channel.name} has begin = "all": people are sent receipts for all mail that is there '
                "already, however old. Write a day, or leave it out for what comes from now on."
            )


def _of_proof(channel: "MailWayIn") -> Iterator[str]:
    is_watched = isinstance(channel, SentFolder) and channel.sent_folder is not None
    if not is_watched and not channel.authserv_id:
        yield (
            f"channel {channel.name} has neither sent_folder nor authserv_id: nothing there proves that staff sent "
            "an answer, so none stops a clock before somebody has said that it is theirs."
        )
    if not channel.authserv_id:
        yield (
            f"channel {channel.name} has no authserv_id: nothing is known of who wrote, so whoever forges senders "
            f"has as many receipts sent to others as limits.receipts_a_minute allows."
        )


def _of_web(configured: "Settings") -> Iterator[str]:
    web = configured.web
    if not web.public_url:
        yield (
            "web.public_url is not set, so what people and staff are sent has no links. Write the address at which "
            "the pages are reached from outside."
        )
    if _is_open(web.listen) and not web.trusted_proxies:
        yield (
            f"web.listen = {web.listen!r} is open to whoever reaches this machine, without encryption. Let a proxy "
            "with https stand before it, and name that in web.trusted_proxies, so that limits count people, not it."
        )


def _of_secrets(configured: "Settings") -> Iterator[str]:
    for path in dict.fromkeys(configured.origins.files):
        if not str(path).startswith(_MOUNTED) and _is_read_by_all(path):
            yield f"{path} holds a secret, and every user of this machine can read it. Run: chmod 600 {path}"
    main = configured.directory / _FILES[0]
    if configured.origins.written and _is_read_by_all(main):
        keys = ", ".join(configured.origins.written)
        yield (
            f"{main} can be read by every user of this machine, and has secrets written out: {keys}. Run: "
            f'chmod 600 {main}, or write "file:PATH" or "env:NAME" in their place.'
        )


def _of_files(directory: Path) -> Iterator[str]:
    for path in sorted(directory.glob("*.toml")):
        if path.name not in _FILES:
            yield f"{path} is not read; files here are {', '.join(_FILES)}{suggestion(path.name, _FILES)}"


def _is_read_by_all(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IROTH)


def _is_open(listen: str) -> bool:
    """Whether an address, with its port, is reached from other machines."""
    host = listen.rpartition(":")[0].strip("[]")
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"
