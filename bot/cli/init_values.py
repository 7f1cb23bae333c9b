"""What an answer to `ackbot init` may be: each function returns it tidily, or raises ValueError saying why not."""

import re
import unicodedata
from pathlib import Path
from typing import NamedTuple

from bot.wire.privacy import LOOPBACK

# What every second council has in its name.
_COMMON_WORD = re.compile(
    "THE|OF|AND|UPON|ON|COUNCILS?|CITY|COUNTY|BOROUGH|DISTRICT|TOWN|PARISH|COMMUNITY|UNITARY|COMBINED|AUTHORITY|ROYAL|"
    "METROPOLITAN|LONDON|CYNGOR|COMHAIRLE|NAN"
)
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+", re.ASCII | re.IGNORECASE)
_SERVER = re.compile(r"(\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::([0-9]{1,5}))?", re.ASCII | re.IGNORECASE)
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,254}")
_STORE = re.compile(r"(sqlite:///|postgresql://|file:|env:).+")
# Domains whose addresses nobody but public bodies has; `.example` is nobody's (RFC 2606).
_PUBLIC_BODY = re.compile(r"(.+\.)?(gov\.uk|gov\.wales|gov\.scot|llyw\.cymru|nhs\.uk|police\.uk|[^.]+\.example)")


class Server(NamedTuple):
    """A mail server, and whether its connection is private: `implicit`, `starttls` or `none`."""

    host: str
    port: int
    tls: str


def line(text: str) -> str:
    """One line that can be printed."""
    text = " ".join(text.split())
    if not text.isprintable():
        raise ValueError("has a sign that cannot be printed")
    return text


def name(text: str) -> str:
    """The name of the organisation."""
    text = line(text)
    if not 1 <= len(text) <= 100 or set('<>"\\') & set(text):
        raise ValueError('must have 1 to 100 characters, none of them < > " or \\')
    return text


def prefix(text: str) -> str:
    """The capital letters that begin every reference."""
    text = text.strip().upper()
    if not re.fullmatch("[A-Z]{2,4}", text):
        raise ValueError("must be two to four letters from A to Z, such as EX")
    return text


def prefix_of(organisation: str) -> str | None:
    """The prefix that the name of an organisation suggests; None where it suggests none."""
    plain = unicodedata.normalize("NFKD", organisation).encode("ascii", "ignore").decode().upper().replace("'", "")
    words = re.findall("[A-Z]+", plain)
    names = [word for word in words if not _COMMON_WORD.fullmatch(word)] or words
    letters = "".join(word[0] for word in names) if len(names) > 1 else "".join(names)[:2]
    return letters[:4] if len(letters) > 1 else None


def timezone(text: str) -> str:
    """A time zone of IANA's."""
    from zoneinfo import available_timezones

    from bot.core.suggestions import suggestion

    text, zones = text.strip(), available_timezones()
    if text not in zones:
        raise ValueError(f"is not a time zone such as Europe/London{suggestion(text, sorted(zones))}")
    return text


def phone(text: str) -> str:
    """A telephone number as people read it, or "" for none."""
    text = line(text)
    if text and (len(text) > 40 or not any(character.isdigit() for character in text)):
        raise ValueError("must be a telephone number of 40 characters at most, such as 0300 123 2224")
    return text


def web_address(text: str) -> str:
    """An address of the web without a slash at its end, or "" for none."""
    text = text.strip().rstrip("/")
    text = f"https://{text}" if text and "://" not in text else text
    if text and not re.fullmatch(r"https?://[^\s/?#\"]+[^\s?#\"]*", text):
        raise ValueError("must be a web address, such as https://www.example.gov.uk")
    return text


def address(text: str) -> str:
    """An e-mail address."""
    text = text.strip()
    if not _ADDRESS.fullmatch(text):
        raise ValueError("must be an e-mail address, such as customer.services@example.gov.uk")
    return text


def server(text: str) -> str:
    """A mail server's name, with or without a port."""
    text = text.strip()
    match = _SERVER.fullmatch(text)
    if not match or not 1 <= int(match[2] or 1) <= 65_535:
        raise ValueError("must be a server's name, such as imap.example.gov.uk, or imap.example.gov.uk:993 with a port")
    return text


def identifier(text: str) -> str:
    """An identifier of Microsoft's."""
    text = text.strip()
    if not _IDENTIFIER.fullmatch(text):
        raise ValueError("must be an ID as the registration shows it: 00000000-0000-0000-0000-000000000000")
    return text


def user(text: str) -> str:
    """A user name, or "" where nobody signs in."""
    return line(text)


def password(text: str) -> str:
    """A password or another secret of one line."""
    if not text.strip():
        raise ValueError("is empty")
    return text


def store(text: str) -> str:
    """The address of a store, each path in it absolute; "" for the usual one."""
    text = text.strip()
    if not _STORE.fullmatch(text):
        raise ValueError("must be sqlite:///PATH, postgresql://USER@HOST/NAME, file:PATH or env:NAME")
    if re.match(r"postgresql://[^/@]*:[^/@]*@", text):
        raise ValueError(
            "holds a password, which others on this machine may see: write the address into a file, and say file:PATH"
        )
    kind, path = ("sqlite:///", text[10:]) if text.startswith("sqlite:") else ("file:", text[5:])
    return f"{kind}{Path(path).absolute()}" if text.startswith(kind) else text


def imap_server(text: str) -> Server:
    """How a mailbox is reached."""
    host, port = _host_and_port(text)
    tls = "none" if host in LOOPBACK else "starttls" if port == 143 else "implicit"
    return Server(host, port or (993 if tls == "implicit" else 143), tls)


def smtp_server(text: str) -> Server:
    """How a mail server that takes our mail is reached."""
    host, port = _host_and_port(text)
    tls = "none" if host in LOOPBACK else "implicit" if port == 465 else "starttls"
    return Server(host, port or (25 if tls == "none" else 587), tls)


def _host_and_port(text: str) -> tuple[str, int]:
    match = _SERVER.fullmatch(text)
    return (match[1].strip("[]").lower(), int(match[2] or 0)) if match else ("", 0)


def sender(organisation: str, mailbox: str) -> str:
    """The sender of outgoing mail: the organisation's name, in quotation marks where RFC 5322 wants them."""
    quoted = f'"{organisation}"' if set("()[]:;@,") & set(organisation) else organisation
    return f"{quoted} <{mailbox}>"


def is_public_body(domain: str) -> bool:
    """Tell whether the addresses of a domain are a public body's own, and not everybody's."""
    return _PUBLIC_BODY.fullmatch(domain.lower()) is not None
