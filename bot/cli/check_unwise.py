"""What `ackbot check` warns of: what a configuration may say, and what can come of it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, runtime_checkable
from urllib.parse import urlsplit

from bot.cli import check_files, check_pages
from bot.cli.check_report import Finding, Level

if TYPE_CHECKING:
    from bot.channel import ChannelSettings, MailWayIn
    from bot.settings.reading import Settings

# A secret that was made by chance has more different characters than this, hexadecimal ones too.
_FEW_CHARACTERS = 10
_LOOPBACK = ("localhost", "127.", "::1")


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
    """Settings of an account or mailbox that say what a first look takes."""

    begin: object


def warnings(configured: "Settings") -> Iterator[Finding]:
    """Yield each thing that is allowed and unwise, with what may come of it and what to write."""
    yield from _of_people(configured)
    yield from _of_ways_in(configured)
    yield from _of_web(configured)
    yield from check_files.warnings(configured)
    if gap := check_pages.privacy_gap(configured):
        yield warning(configured, "organisation.privacy_url", gap, "Write the address of your own notice.")


def warning(configured: "Settings", key: str, message: str, advice: str) -> Finding:
    """Return a warning of what stands at a key of ackbot.toml, or is missing there."""
    document = configured.document
    return Finding(Level.WARNING, message, advice, str(document.path), document.line_of(key), key)


def _of_people(configured: "Settings") -> Iterator[Finding]:
    if not configured.teams:
        message = "there is no [[team]], so nobody is alerted before a promise is broken."
        yield warning(configured, "team", message, "Write a [[team]] with a name, alert and replies_by.")
    if not configured.operators.team:
        message = (
            "operators.team is not set: when Ackbot itself is in trouble, such as a mailbox that refuses it or a full "
            "disk, the first [[team]] is told, who may not look after it."
        )
        advice = "Write the name of the team that looks after Ackbot."
        yield warning(configured, "operators.team", message, advice)
    if not configured.operators.heartbeat.get_secret_value():
        message = "operators.heartbeat is not set: nothing outside this machine notices when Ackbot has stopped."
        advice = "Give it the address of a monitor that expects a call every minute."
        yield warning(configured, "operators.heartbeat", message, advice)


def _of_ways_in(configured: "Settings") -> Iterator[Finding]:
    from bot.channel import MailWayIn, WayIn

    tables = configured.document.table.get("channel", [])
    places = {table.get("name"): f"channel[{number}]" for number, table in enumerate(tables, 1)}
    for channel in configured.channels:
        at = places.get(channel.name, f"channel {channel.name}")
        if isinstance(channel, WayIn) and channel.replies_by is None:
            message = f"channel {channel.name} has no replies_by, so nobody who writes there is acknowledged."
            yield warning(configured, f"{at}.replies_by", message, "Write the name of a way out, such as email_smtp.")
        if isinstance(channel, MailWayIn) and not channel.authserv_id:
            yield _without_proof(configured, channel, at)
        yield from _of_one_way(configured, channel, at)


def _of_one_way(configured: "Settings", channel: "ChannelSettings", at: str) -> Iterator[Finding]:
    if isinstance(channel, Listener) and _is_open(channel.listen):
        message = (
            f"channel {channel.name} listens at {channel.listen}, where whoever reaches this machine can hand in mail "
            "as anybody."
        )
        advice = "Write 127.0.0.1, or let a firewall admit the mail server alone."
        yield warning(configured, f"{at}.listen", message, advice)
    if isinstance(channel, Beginning) and channel.begin == "all":
        message = (
            f'channel {channel.name} has begin = "all": a first look takes all that is there already, however old.'
        )
        advice = 'Write begin = "now" unless each of those people is to be answered.'
        yield warning(configured, f"{at}.begin", message, advice)


def _without_proof(configured: "Settings", channel: "MailWayIn", at: str) -> Finding:
    is_watched = isinstance(channel, SentFolder) and channel.sent_folder is not None
    gap = "no authserv_id" if is_watched else "neither sent_folder nor authserv_id"
    forgers = "whoever forges senders has as many receipts sent to others as limits.receipts_a_minute allows"
    answers = ", and no answer of staff's stops a clock before somebody has said that it is theirs"
    consequences = forgers if is_watched else f"{forgers}{answers}"
    message = f"channel {channel.name} has {gap}: nothing proves who wrote, so {consequences}."
    advice = "Write authserv_id: the name with which your mail server begins Authentication-Results (docs/mail.md)."
    return warning(configured, f"{at}.authserv_id", message, advice)


def _of_web(configured: "Settings") -> Iterator[Finding]:
    web = configured.web
    if not web.public_url:
        message = "web.public_url is not set, so what people and staff are sent has no links."
        yield warning(configured, "web.public_url", message, "Write the address at which the pages are reached.")
    address = urlsplit(web.public_url)
    if address.scheme == "http" and not (address.hostname or "").startswith(_LOOPBACK):
        message = "web.public_url has no encryption: others on the way read what people write, and staff's passwords."
        yield warning(configured, "web.public_url", message, "Let a proxy with https stand before it.")
    if _is_open(web.listen) and not web.trusted_proxies:
        message = f"web.listen = {web.listen!r} is open to whoever reaches this machine, without encryption."
        advice = "Let a proxy with https stand before it, and name it in web.trusted_proxies: limits count people."
        yield warning(configured, "web.listen", message, advice)
    if len(set(web.secret.get_secret_value())) <= _FEW_CHARACTERS:
        message = f"web.secret has {_FEW_CHARACTERS} different characters at most, and can be guessed."
        advice = 'Make one with: python3 -c "import secrets; print(secrets.token_urlsafe(32))"'
        yield warning(configured, "web.secret", message, advice)


def _is_open(listen: str) -> bool:
    """Tell whether an address, with its port, is reached from other machines."""
    return not listen.rpartition(":")[0].strip("[]").startswith(_LOOPBACK)
