"""Links by which staff answer from programs of their own: a mail with its subject, a telephone call."""

from urllib.parse import quote

# RFC 6068 section 2: what may stand in an address as it is, besides letters, digits and -._~.
_IN_ADDRESS = "@!$'*+"
_VISUAL_SEPARATORS = str.maketrans("", "", " -.()")


def mail(address: str, subject: str, copy_to: str = "") -> str:
    """Return the link that opens a new mail to this address (RFC 6068); `copy_to` stands in Cc."""
    fields = {"cc": copy_to, "subject": subject}
    # A plus sign means itself there, so that a space is %20.
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items() if value)
    return f"mailto:{quote(address, safe=_IN_ADDRESS)}?{query}"


def telephone(number: str) -> str:
    """Return the link that rings this number (RFC 3966); "" where it is none."""
    digits = number.removeprefix("tel:").translate(_VISUAL_SEPARATORS)
    return f"tel:{digits}" if digits.removeprefix("+").isdecimal() and digits.isascii() else ""
