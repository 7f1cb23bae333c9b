"""Addresses a receipt: the recipient, the thread, the address for reports of non-delivery; and limits their number.

RFC 3834 section 2 asks a responder to limit how often it answers one sender. Two programs that answer one another stop
here at the latest, whatever headers they leave out. The limits never hold back the contact itself.
"""

import base64
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal

from bot.core.messages import Inbound, Mail
from bot.core.subkeys import Use, subkey

# Domains with addresses for everybody: their users are not one sender.
# fmt: off
_OPEN_TO_ALL = frozenset(
    {
        "gmail.com", "googlemail.com", "outlook.com", "outlook.co.uk", "hotmail.com", "hotmail.co.uk", "live.com",
        "live.co.uk", "msn.com", "yahoo.com", "yahoo.co.uk", "ymail.com", "rocketmail.com", "aol.com", "aol.co.uk",
        "icloud.com", "me.com", "mac.com", "btinternet.com", "btopenworld.com", "sky.com", "virginmedia.com",
        "ntlworld.com", "blueyonder.co.uk", "talktalk.net", "tiscali.co.uk", "plus.com", "plusnet.com", "orange.net",
        "protonmail.com", "proton.me", "gmx.com", "gmx.co.uk", "gmx.net", "mail.com", "fastmail.com", "zoho.com",
        "yandex.com", "mail.ru", "wp.pl", "o2.pl", "onet.pl", "interia.pl", "web.de", "t-online.de", "free.fr",
        "orange.fr", "libero.it", "seznam.cz", "ukr.net", "abv.bg",
    }
)
# fmt: on
HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """The highest numbers of receipts; 0 means no limit.

    Within `one_within` after a contact, further messages of the same person are covered by that contact's receipt:
    `several` says whether each becomes a contact of its own ("apart") or is added to the first ("together").
    `a_minute` is for all receipts together: beyond it a breaker stops them until a person has looked. The `unproven`
    limits are for all to addresses that nothing proves to be their writers': what is beyond them waits for staff.
    """

    one_within: timedelta = timedelta(minutes=10)
    several: Literal["apart", "together"] = "apart"
    an_hour: int = 3
    a_day: int = 10
    an_hour_to_a_domain: int = 0
    a_minute: int = 0
    unproven_a_minute: int = 0
    unproven_an_hour: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """The recent receipts of a person, a mailbox or a domain: the instants at which the contacts were received.

    `first` is the contact whose receipt covers those that follow, with its own instant of receipt.
    """

    receipts: tuple[datetime, ...] = ()
    first: tuple[int, datetime] | None = None

    def since(self, instant: datetime) -> int:
        """Return how many were received after that."""
        return sum(at > instant for at in self.receipts)


def domain(address: str) -> str:
    """Return the domain in lower case."""
    return address.rpartition("@")[2].lower()


def contact_in_place(tally: Tally, at: datetime, limits: Limits) -> int | None:
    """Return the contact whose receipt also covers one received at `at`."""
    if tally.first is None or not limits.one_within:
        return None
    contact_id, first_at = tally.first
    return contact_id if timedelta(0) <= at - first_at < limits.one_within else None


def why_held(recipient: str, at: datetime, mailbox: Tally, domain_wide: Tally, limits: Limits) -> str:
    """Return why no receipt goes to `recipient` for a contact received at `at`; "" where one may."""
    if limits.an_hour and mailbox.since(at - HOUR) >= limits.an_hour:
        return f"{limits.an_hour} receipts within an hour have gone to this mailbox"
    if limits.a_day and mailbox.since(at - DAY) >= limits.a_day:
        return f"{limits.a_day} receipts within a day have gone to this mailbox"
    limit = limits.an_hour_to_a_domain
    if limit and domain(recipient) not in _OPEN_TO_ALL and domain_wide.since(at - HOUR) >= limit:
        return f"{limit} receipts within an hour have gone to the domain of this address"
    return ""


def why_wait(unproven: Tally, now: datetime, limits: Limits) -> str:
    """Return why a receipt to an address that nothing proves waits for staff; "" where it may leave now.

    `unproven` are the instants at which others of its sort were let leave.
    """
    if limits.unproven_a_minute and unproven.since(now - MINUTE) >= limits.unproven_a_minute:
        return f"{limits.unproven_a_minute} receipts within a minute have gone to addresses that nothing proves"
    if limits.unproven_an_hour and unproven.since(now - HOUR) >= limits.unproven_an_hour:
        return f"{limits.unproven_an_hour} receipts within an hour have gone to addresses that nothing proves"
    return ""


_MAX_IDS = 20
# RFC 5322 section 3.6.4, in printable ASCII, without characters that could end the id, the comment or the line.
_MESSAGE_ID = re.compile(r"<[!#-'*+\-./0-9:;=?A-Z\[\]^-~]{1,120}@[!#-'*+\-./0-9:;=?A-Z\[\]^-~]{1,120}>")

_MAC_LENGTH = 12  # base32 characters: 60 bits
_LONGEST_LOCAL_PART = 64  # octets, RFC 5321 section 4.5.3.1.1
_LONGEST_ADDRESS = 400  # more than RFC 5321 allows
_TAG = re.compile(r"[a-z0-9-]{1,30}")
_SIGNED = re.compile(r"\+[a-z0-9-]{1,30}\.[a-z2-7]{12}@", re.I)

# Forms in which forwarders and list software write the real sender into the envelope, as `local` and `domain`.
_REWRITTEN = (
    re.compile(r"[^@]*\+srs=[^=]+=[^=]+=(?P<domain>[^=@]+)=(?P<local>[^@]+)@.+", re.I),  # Microsoft 365
    re.compile(r"srs0[=+-][^=]+=[^=]+=(?P<domain>[^=@]+)=(?P<local>[^@]+)@.+", re.I),  # SRS, once forwarded
    re.compile(r"srs1[=+-][^=]+=[^=]+==[^=]+=[^=]+=(?P<domain>[^=@]+)=(?P<local>[^@]+)@.+", re.I),  # and again
    re.compile(r"prvs=[0-9a-f]{6,16}=(?P<local>[^@]+)@(?P<domain>.+)", re.I),  # BATV
    re.compile(r"btv1==[0-9a-f]+==(?P<local>[^@]+)@(?P<domain>.+)", re.I),  # BATV as Barracuda writes it
    re.compile(r"(?P<local>[^@]+)\+caf_=[^@]*@(?P<domain>.+)", re.I),  # a Gmail account that forwards
    re.compile(r"[^@]*?[+-](?P<local>[^=@+]+)=(?P<domain>[^=@]+)@.+", re.I),  # VERP
)
_DELIVERED_TO = ("delivered-to", "x-original-to", "envelope-to")
_MOST_ADDRESSES = 50
_BATV = _REWRITTEN[3:5]


def recipients(message: Inbound) -> Iterator[str]:
    """Yield every address to which a receipt for this message may go, whatever the triage decides."""
    if message.sender is not None:
        yield message.sender.address
    mail = message.mail
    if mail is None:
        return
    if mail.return_path and (address := recipient(mail)):
        yield address
    yield from mail.reply_to[:1]


def recipient(mail: Mail, *, vouched: bool = False) -> str | None:
    """Return the one address that may be answered, or None; never a Reply-To (RFC 3834 section 4 advises against it).

    `vouched` says that our mail server found the one From address to be the author's (DMARC).

    It is the From address if the envelope sender confirms it: by the same organisation, as that address rewritten by a
    forwarder, or where the envelope sender is unknown. Otherwise it is the envelope sender (RFC 3834 section 4).
    """
    senders = {party.address.lower(): party.address for party in mail.from_addresses}
    if mail.return_path == "" or not senders:
        return None
    if mail.return_path is None:
        return mail.from_addresses[0].address if len(senders) == 1 else None
    if vouched and len(senders) == 1:
        return next(iter(senders.values()))
    return _by_envelope(senders, mail.return_path)


def _by_envelope(senders: Mapping[str, str], return_path: str) -> str | None:
    """Return the From address that the envelope sender confirms; else, beside a single one, its own mailbox."""
    origins = list(_origins(return_path))
    for origin in origins:
        if origin.lower() in senders:
            return senders[origin.lower()]
    if len(senders) > 1:
        return None
    (address,) = senders.values()
    return address if any(_aligned(address, origin) for origin in origins) else _mailbox(return_path)


def _origins(return_path: str) -> Iterator[str]:
    yield return_path
    if len(return_path) > _LONGEST_ADDRESS:
        return
    for pattern in _REWRITTEN:
        match = pattern.fullmatch(return_path)
        if match:
            yield f"{match['local']}@{match['domain']}"


def _mailbox(return_path: str) -> str:
    # A BATV address may accept nothing but non-delivery reports; the mailbox behind it accepts mail.
    for pattern in _BATV:
        match = pattern.fullmatch(return_path)
        if match:
            return f"{match['local']}@{match['domain']}"
    return return_path


def _aligned(first: str, second: str) -> bool:
    """Tell whether two addresses have the same domain, or one domain is inside the other."""
    a, b = (f".{address.rpartition('@')[2].lower()}" for address in (first, second))
    return a.endswith(b) or b.endswith(a)


def threading(mail: Mail) -> tuple[str, tuple[str, ...]]:
    """Return In-Reply-To and References of an answer to `mail`, by the algorithm of RFC 5322 section 3.6.4.

    Both may be empty. Only well-formed ids in printable ASCII are passed on; of a long thread the first and the
    last ones, 20 in all.
    """
    parent = mail.message_id if _MESSAGE_ID.fullmatch(mail.message_id) else ""
    ancestors = mail.references or (mail.in_reply_to if len(mail.in_reply_to) == 1 else ())
    ids = [i for i in ancestors if _MESSAGE_ID.fullmatch(i) and i != parent]
    if parent:
        ids.append(parent)
    return parent, tuple(ids if len(ids) <= _MAX_IDS else ids[:1] + ids[1 - _MAX_IDS :])


def signed_subaddress(address: str, tag: str, secret: bytes) -> str:
    """Return `address` with a tag that nobody else can write, as in `local+tag.mac@domain`, in lower case.

    `tag` is 1 to 30 of a-z, 0-9 and hyphen (else ValueError). An address whose local part has no room for it is
    returned unchanged: a receipt without a signed envelope sender is better than none.
    """
    if not _TAG.fullmatch(tag):
        raise ValueError(f"a tag is 1 to 30 of a-z, 0-9 and hyphen, not {tag!r}")
    local, _, domain = address.lower().rpartition("@")
    tagged_local = f"{local}+{tag}.{_mac(local, tag, domain, _keyed(secret))}"
    return address if len(tagged_local.encode()) > _LONGEST_LOCAL_PART else f"{tagged_local}@{domain}"


def signed_tags(mail: Mail, secret: bytes) -> list[str]:
    """Return the tags of every signed address of ours to which `mail` is addressed, by its envelope or header."""
    addresses = [*mail.recipients, *mail.addressed()]
    for name in _DELIVERED_TO:
        addresses += [value.strip("<> ") for value in mail.values(name)[:_MAX_IDS]]
    tags = (signed_tag(address, secret) for address in addresses[:_MOST_ADDRESSES] if "+" in address)
    return [tag for tag in tags if tag is not None]


def signed_tag(address: str, secret: bytes) -> str | None:
    """Return the tag of an address made by `signed_subaddress` with the same secret; None for any other."""
    tagged_local, _, domain = address.lower().rpartition("@")
    local, _, token = tagged_local.rpartition("+")
    tag, _, mac = token.rpartition(".")
    if not _TAG.fullmatch(tag):
        return None
    is_authentic = any(
        hmac.compare_digest(mac.encode("utf-8", "replace"), _mac(local, tag, domain, keyed).encode())
        for keyed in (_keyed(secret), _keyed_by_secret(secret))
    )
    return tag if is_authentic else None


def is_own(address: str, own: frozenset[str]) -> bool:
    """Tell whether this is one of our addresses, possibly with a +tag."""
    address = address.lower()
    local, _, domain = address.rpartition("@")
    return address in own or f"{local.partition('+')[0]}@{domain}" in own


def bears_our_tag(address: str, secret: bytes) -> bool:
    """Tell whether we signed its tag; without a secret, whether it looks so."""
    if secret:
        return signed_tag(address, secret) is not None
    return _SIGNED.search(address) is not None


def _mac(local: str, tag: str, domain: str, keyed: "hmac.HMAC") -> str:
    keyed = keyed.copy()
    keyed.update("\0".join(("ackbot subaddress", local, tag, domain)).encode("utf-8", "replace"))
    return base64.b32encode(keyed.digest()).decode().lower()[:_MAC_LENGTH]


@lru_cache(maxsize=8)
def _keyed(secret: bytes) -> "hmac.HMAC":
    """Return the digest as it stands after the key: to begin it takes ten times as long as to copy it."""
    return hmac.new(subkey(secret, Use.ADDRESSES), digestmod="sha256")


@lru_cache(maxsize=8)
def _keyed_by_secret(secret: bytes) -> "hmac.HMAC":
    """Return the digest by which addresses were signed before there was a key for it: mail comes to them for months."""
    return hmac.new(secret, digestmod="sha256")
