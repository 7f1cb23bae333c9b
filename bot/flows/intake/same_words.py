"""One matter that somebody sent two ways, by mail and by the form: known by their words, as nothing else is alike."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.core.contacts import Contact, State
from bot.core.messages import Inbound
from bot.core.threads import key_of
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


def another_way(message: Inbound, at: datetime, earlier: Iterable[tuple[str, Contact]]) -> Contact | None:
    """Return an open contact with these words of the same person, received a little before.

    `earlier` are words and contacts of what came another way: two mailboxes may be two offices, and each has its mail.
    """
    if message.post is not None or message.visibility == "public":
        return None
    candidates = [
        (text, contact)
        for text, contact in earlier
        if contact.state == State.OPEN
        and contact.sender_key == key_of(message)
        and contact.visibility == "private"
        and abs(at - contact.received_at) <= WITHIN
    ]
    words = keys(message.text) if candidates else set()
    return next((contact for text, contact in candidates if words & keys(text)), None)
