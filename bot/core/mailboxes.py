"""Folds the addresses of one mailbox into one key, by which receipts are counted; a person's own address stays.

Whoever fills in `jo+1@`, `jo+2@` and so on would have as many receipts sent to one mailbox as they like. What two
people share by these rules is a limit and nothing else: threads, needs and erasure know the address as it was written.
"""

import base64
import hmac
import unicodedata
from functools import lru_cache

from bot.core import phones
from bot.core.subkeys import Use, subkey

# Domains of one provider under which a mailbox has the same name, and that one of them which stands for all.
# Google: support.google.com/mail/answer/10313 · Apple: support.apple.com/118230
# Proton: proton.me/support/addresses-and-aliases
_SAME = {
    "googlemail.com": "gmail.com",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
    "protonmail.com": "proton.me",
    "protonmail.ch": "proton.me",
    "pm.me": "proton.me",
}
# Where dots in a name are not looked at: support.google.com/mail/answer/7436150
_WITHOUT_DOTS = "gmail.com"
# Where a keyword follows another mark than "+", and no name has that mark: "Normalizing email addresses" of MaxMind,
# dev.maxmind.com/minfraud/normalizing-email-addresses-for-minfraud
_KEYWORD_MARK = dict.fromkeys(
    ("yahoo.com", "yahoo.co.uk", "yahoo.ie", "yahoo.fr", "yahoo.de", "ymail.com", "rocketmail.com"), "-"
)
# anything@name.fastmail.com is name@fastmail.com: fastmail.help/hc/en-us/articles/360060591053
_SUBDOMAINS = ("fastmail.com", "fastmail.co.uk", "fastmail.fm", "fastmail.net", "fastmail.org")
_LONGEST = 400  # more than RFC 5321 allows
_KEY_BYTES = 12


def mailbox(address: str) -> str:
    """Return the one address that stands for every address of the same mailbox, as far as that is known."""
    if address.lower().startswith(phones.PREFIX):
        return phones.key(address)
    text = address[-_LONGEST:].strip()
    text = (text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold()
    local, at, domain = text.rpartition("@")
    if not at:
        return text  # an account on a platform
    local, domain = _unquoted(local), _in_ascii(domain.strip(" ."))
    owner, _, provider = domain.partition(".")
    if provider in _SUBDOMAINS:
        return f"{owner}@{provider}"
    domain = _SAME.get(domain, domain)
    # RFC 5233: what follows the mark is for the person's own sorting. A name may begin with the mark, as +44... does.
    name = local[:1] + local[1:].partition(_KEYWORD_MARK.get(domain, "+"))[0]
    return f"{name.replace('.', '') if domain == _WITHOUT_DOTS else name}@{domain}"


@lru_cache(maxsize=1024)
def key(address: str, secret: bytes) -> str:
    """Return what stands for the mailbox of this address in the store: nobody can read the address from it."""
    digest = _keyed(secret).copy()
    digest.update(mailbox(address).encode("utf-8", "replace"))
    return base64.urlsafe_b64encode(digest.digest()[:_KEY_BYTES]).decode()


@lru_cache(maxsize=8)
def _keyed(secret: bytes) -> "hmac.HMAC":
    return hmac.new(subkey(secret, Use.MAILBOX), digestmod="sha256")


def _unquoted(local: str) -> str:
    """Return the local part without quotation marks, which change nothing (RFC 5321 section 4.1.2)."""
    if len(local) > 1 and local[0] == local[-1] == '"':
        return local[1:-1].replace("\\", "")
    return local


def _in_ascii(domain: str) -> str:
    """Return an internationalised domain as DNS knows it (RFC 5890, A-labels); what is none as it is."""
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return domain
