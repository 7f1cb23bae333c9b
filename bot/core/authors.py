"""Mail that does not name one author: is there a person behind it, who must not be lost?"""

import re

from bot.core.messages import Inbound

_LETTER = re.compile(r"[^\W\d_]")
_DAEMON = re.compile(r"\b(?:mailer-daemon|postmaster)\b", re.IGNORECASE)


def is_unclear(message: Inbound) -> bool:
    """Tell whether somebody wrote it and nobody can say who alone did, or where to answer."""
    return not _is_of_one(message) and _may_be_a_persons(message)


def is_malformed(message: Inbound) -> bool:
    """Tell whether nobody is named in it, or nothing is said."""
    return not _is_of_one(message) and not _may_be_a_persons(message)


def _is_of_one(message: Inbound) -> bool:
    # Several authors are allowed (RFC 5322 section 3.6.2); the envelope must then name the one who wrote.
    mail = message.mail
    return mail is None or (mail.return_path or "").lower() in {party.address.lower() for party in mail.from_addresses}


def _may_be_a_persons(message: Inbound) -> bool:
    """Tell whether somebody is named, be it without an address, or is behind the envelope, and wrote something."""
    mail = message.mail
    if mail is None or any(map(_DAEMON.search, mail.values("from"))):
        return False
    names_somebody = bool(mail.from_addresses or mail.return_path) or any(map(_LETTER.search, mail.values("from")))
    return names_somebody and bool(message.text.strip() or message.subject.strip())
