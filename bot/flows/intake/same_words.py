"""One matter that somebody sent two ways, by mail and by the form: known by their words, as nothing else is alike."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.core import threads
from bot.core.contacts import Contact, State
from bot.core.messages import Inbound
from bot.core.threads import key_of
from bot.flows.intake.ledger import Ledger
from bot.flows.intake.plan import way_of
from bot.wire.mail import quoting

# Whoever is not sure that it has arrived tries another way at once, not on another day.
WITHIN = timedelta(hours=2)
_LONGEST = 20_000
_WORDS = re.compile(r"\w+")


def keys(text: str) -> set[str]:
    """What stands for these words, however they are laid out: with what a mail program writes below them, and without.

    None where there are no words.
    """
    texts = {text[:_LONGEST], quoting.new_words(text[:_LONGEST])}
    folded = {" ".join(_WORDS.findall(unicodedata.normalize("NFKC", words).casefold())) for words in texts}
    return {hashlib.sha256(words.encode("utf-8", "replace")).hexdigest() for words in folded - {""}}


def sent_before(message: Inbound, ledger: Ledger) -> Contact | None:
    """Return the open contact in which the same person has sent the same: the same way, or another a little before."""
    alike = (ledger.current(contact) for _, contact in ledger.earlier.get(message.digest, ()))
    if same := threads.same_words(message, alike):
        return same
    ways, medium = ledger.book.ways, way_of(message, ledger.book).medium
    entries = [entry for entries in ledger.earlier.values() for entry in entries if entry[1].channel in ways]
    others = ((words, ledger.current(contact)) for words, contact in entries if ways[contact.channel].medium != medium)
    return another_way(message, ledger.at(message), others)


def another_way(message: Inbound, at: datetime, earlier: Iterable[tuple[str, Contact]]) -> Contact | None:
    """Return an open contact with these words of the same person, received a little before.

    `earlier` are words and contacts of what came another way: two mailboxes may be two offices, and each has its mail.
    """
    if message.post is not None or message.visibility == "public":
        return None
    candidates = [(text, contact) for text, contact in earlier if _may_be_same(message, at, contact)]
    words = keys(message.text) if candidates else set()
    return next((contact for text, contact in candidates if words & keys(text)), None)


def _may_be_same(message: Inbound, at: datetime, contact: Contact) -> bool:
    is_theirs = contact.sender_key == key_of(message) and contact.visibility == "private"
    return is_theirs and contact.state == State.OPEN and abs(at - contact.received_at) <= WITHIN
