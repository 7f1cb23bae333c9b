"""Mail that a list, a group or a forwarder of our own passes on: it is the person's who wrote to it.

The council's shared address is often a Google group, a Mailman list, or a mailbox of Microsoft 365 that forwards: they
set the marks of mass mail, put an envelope sender of ours on it, and some write themselves into From.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from bot.core.acknowledgements import is_own
from bot.core.messages import Inbound, Mail, Party

# RFC 2369 and RFC 2919, and what Google Groups and Mailman write besides.
FIELDS = frozenset(
    {"list-id", "list-post", "list-owner", "list-help", "list-unsubscribe", "list-subscribe", "list-archive"}
    | {"mailing-list", "x-mailing-list", "x-beenthere", "x-google-group-id", "x-mailman-version"}
)
# Where a list names itself; a newsletter names whoever it is for in its address for leaving.
_NAMING = ("list-post", "list-owner", "list-help", "mailing-list", "x-beenthere")
_AUTHORS = ("x-original-from", "x-original-sender")
_ADDRESS = re.compile(r"[^\s<>,;:\"()]{1,128}@[^\s<>,;:\"()?]{1,255}")
_LIST_ID = re.compile(r"<([^<>\s]{1,255})>|^\s*([^<>\s]{1,255})\s*$")
_NAME = re.compile(r"(?:^|\s)(?:via|au nom de|por|über|w imieniu)\s.*$", re.IGNORECASE)
# Microsoft 365 (with or without the author's address), Gmail that forwards, Google Groups.
_FORWARDS = re.compile(r"[^@]*\+(?:srs[=0]|caf_=|bnc[a-z]{2,})[^@]*@", re.IGNORECASE)
_LONGEST = 2_000


def passes_on(mail: Mail, own: frozenset[str]) -> bool:
    """Tell whether the mail came through a list or group of ours, or through a forwarder of ours."""
    return _is_by_list(mail, own) or forwards(mail.return_path or "", own)


def forwards(return_path: str, own: frozenset[str]) -> bool:
    """Tell whether a forwarder at a domain of ours wrote this envelope sender."""
    domain = return_path.rpartition("@")[2].lower()
    return bool(domain) and _FORWARDS.match(return_path) is not None and domain in _domains(own)


def _is_by_list(mail: Mail, own: frozenset[str]) -> bool:
    # Anybody can write such fields: only what our own list sends has an envelope sender of ours.
    if mail.return_path is not None and not _is_inside(mail.return_path, own):
        return False
    # A newsletter that our group passes on still bears the name of its own list.
    ids = [name for value in mail.values("list-id") for name in _list_ids(value)]
    if any(not _is_ours(name, own) for name in ids):
        return False
    if any(is_own(address, own) for address in _named(mail)) or any(_is_address(name, own) for name in ids):
        return True
    # A list of our domain whose address we do not know: what somebody from outside wrote to it is theirs.
    return bool(ids) and _is_from_outside(mail, own)


def _is_from_outside(mail: Mail, own: frozenset[str]) -> bool:
    return bool(mail.from_addresses) and not any(_is_inside(party.address, own) for party in mail.from_addresses)


def _named(mail: Mail) -> Iterator[str]:
    for field in _NAMING:
        for value in mail.values(field)[:5]:
            yield from (address.removeprefix("mailto:") for address in _ADDRESS.findall(value[:_LONGEST]))


def _list_ids(value: str) -> Iterator[str]:
    match = _LIST_ID.search(value[:_LONGEST])
    if match:
        yield (match[1] or match[2]).lower()


def _is_address(list_id: str, own: frozenset[str]) -> bool:
    """Tell whether an id (RFC 2919) is an address of ours with a dot for the @."""
    return any(list_id == address.replace("@", ".") for address in own)


def _is_ours(list_id: str, own: frozenset[str]) -> bool:
    return _is_address(list_id, own) or any(f".{list_id}".endswith(f".{domain}") for domain in _domains(own))


def _is_inside(address: str, own: frozenset[str]) -> bool:
    return any(f".{address.rpartition('@')[2].lower()}".endswith(f".{domain}") for domain in _domains(own))


def _domains(own: frozenset[str]) -> set[str]:
    return {address.rpartition("@")[2] for address in own}


def as_written(message: Inbound, own: frozenset[str]) -> Inbound:
    """Return the mail with its author in From, where a list of ours has written itself there instead."""
    mail = message.mail
    if mail is None or len(mail.from_addresses) != 1 or FIELDS.isdisjoint(name for name, _ in mail.headers):
        return message
    rewritten = mail.from_addresses[0]
    if not is_own(rewritten.address, own) or not _is_by_list(mail, own):
        return message
    author = next(_authors(mail, own), None)
    if author is None:
        return message
    party = Party(author, _NAME.sub("", rewritten.name).strip(" '\""))
    return replace(message, sender=party, mail=replace(mail, from_addresses=(party,)))


def _authors(mail: Mail, own: frozenset[str]) -> Iterator[str]:
    named = [address for field in _AUTHORS for address in _ADDRESS.findall(mail.first(field)[:_LONGEST])[-1:]]
    replies = mail.reply_to if len(mail.reply_to) == 1 else ()
    return (address for address in (*named, *replies) if not is_own(address, own))
