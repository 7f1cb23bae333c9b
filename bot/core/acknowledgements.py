"""How a receipt goes back: to whom, in which thread, and where a report of non-delivery comes to."""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator

from bot.core.messages import Mail

_MAX_IDS = 20
# RFC 5322 section 3.6.4, in printable ASCII, and nothing in it that could end the id, the comment or the line.
_MESSAGE_ID = re.compile(r"<[!#-'*+\-./0-9:;=?A-Z\[\]^-~]{1,120}@[!#-'*+\-./0-9:;=?A-Z\[\]^-~]{1,120}>")

_MAC_LENGTH = 12  # base32 characters: 60 bits
_LONGEST_LOCAL_PART = 64  # octets, RFC 5321 section 4.5.3.1.1
_TAG = re.compile(r"[a-z0-9-]{1,30}")

# How forwarders and list software write the real sender into the envelope. Each names `local` and `domain`.
_REWRITTEN = (
    re.compile(r"srs0[=+-][^=]+=[^=]+=(?P<domain>[^=@]+)=(?P<local>[^@]+)@.+", re.I),  # SRS, once forwarded
    re.compile(r"srs1[=+-][^=]+=[^=]+==[^=]+=[^=]+=(?P<domain>[^=@]+)=(?P<local>[^@]+)@.+", re.I),  # and again
    re.compile(r"prvs=[0-9a-f]{6,16}=(?P<local>[^@]+)@(?P<domain>.+)", re.I),  # BATV
    re.compile(r"btv1==[0-9a-f]+==(?P<local>[^@]+)@(?P<domain>.+)", re.I),  # BATV as Barracuda writes it
    re.compile(r"(?P<local>[^@]+)\+caf_=[^@]*@(?P<domain>.+)", re.I),  # a Gmail account that forwards
    re.compile(r"[^@]*?[+-](?P<local>[^=@+]+)=(?P<domain>[^=@]+)@.+", re.I),  # VERP
)
_DELIVERED_TO = ("delivered-to", "x-original-to", "envelope-to")
_MOST_ADDRESSES = 50
_BATV = _REWRITTEN[2:4]


def recipient(mail: Mail, *, vouched: bool = False) -> str | None:
    """The one address that may be answered, or None. Never a Reply-To: RFC 3834 section 4 advises against it.

    `vouched` says that our mail server found the one From address to be the author's (DMARC).

    The From address, where the envelope sender bears it out: it is of the same organisation, or is that address
    rewritten by a forwarder, or is unknown. Otherwise the envelope sender, as RFC 3834 section 4 says.
    """
    senders = {party.address.lower(): party.address for party in mail.from_addresses}
    if mail.return_path == "" or not senders:
        return None
    if mail.return_path is None:
        return mail.from_addresses[0].address if len(senders) == 1 else None
    if vouched and len(senders) == 1:
        return next(iter(senders.values()))
    origins = list(_origins(mail.return_path))
    for origin in origins:
        if origin.lower() in senders:
            return senders[origin.lower()]
    if len(senders) > 1:
        return None
    (address,) = senders.values()
    return address if any(_aligned(address, origin) for origin in origins) else _mailbox(mail.return_path)


def _origins(return_path: str) -> Iterator[str]:
    yield return_path
    for pattern in _REWRITTEN:
        match = pattern.fullmatch(return_path)
        if match:
            yield f"{match['local']}@{match['domain']}"


def _mailbox(return_path: str) -> str:
    # A BATV address may take nothing but non-delivery reports; the mailbox behind it takes mail.
    for pattern in _BATV:
        match = pattern.fullmatch(return_path)
        if match:
            return f"{match['local']}@{match['domain']}"
    return return_path


def _aligned(one: str, other: str) -> bool:
    """Whether two addresses are of one domain, or one domain is inside the other."""
    a, b = (f".{address.rpartition('@')[2].lower()}" for address in (one, other))
    return a.endswith(b) or b.endswith(a)


def threading(mail: Mail) -> tuple[str, tuple[str, ...]]:
    """In-Reply-To and References of an answer to `mail`, by the algorithm of RFC 5322 section 3.6.4.

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
    """`address` with a tag that only we can have written, as in `local+tag.mac@domain`, in lower case.

    `tag` is 1 to 30 of a-z, 0-9 and hyphen (else ValueError). An address whose local part has no room for it is
    returned as it is: a receipt without a signed envelope sender is better than none.
    """
    if not _TAG.fullmatch(tag):
        raise ValueError(f"a tag is 1 to 30 of a-z, 0-9 and hyphen, not {tag!r}")
    local, _, domain = address.lower().rpartition("@")
    tagged = f"{local}+{tag}.{_mac(local, tag, domain, secret)}"
    return address if len(tagged.encode()) > _LONGEST_LOCAL_PART else f"{tagged}@{domain}"


def opened_tags(mail: Mail, secret: bytes) -> list[str]:
    """The tags of every signed address of ours to which `mail` goes, by its envelope or its header."""
    addresses = [*mail.recipients, *mail.addressed()]
    for name in _DELIVERED_TO:
        addresses += [value.strip("<> ") for value in mail.all(name)[:_MAX_IDS]]
    tags = (opened_subaddress(address, secret) for address in addresses[:_MOST_ADDRESSES] if "+" in address)
    return [tag for tag in tags if tag is not None]


def opened_subaddress(address: str, secret: bytes) -> str | None:
    """The tag of an address that `signed_subaddress` made with the same secret; None for every other address."""
    tagged, _, domain = address.lower().rpartition("@")
    local, _, token = tagged.rpartition("+")
    tag, _, mac = token.rpartition(".")
    known = hmac.compare_digest(mac.encode("utf-8", "replace"), _mac(local, tag, domain, secret).encode())
    return tag if known and _TAG.fullmatch(tag) else None


def _mac(local: str, tag: str, domain: str, secret: bytes) -> str:
    signed = "\0".join(("ackbot subaddress", local, tag, domain)).encode("utf-8", "replace")
    digest = hmac.new(secret, signed, hashlib.sha256).digest()
    return base64.b32encode(digest).decode().lower()[:_MAC_LENGTH]
