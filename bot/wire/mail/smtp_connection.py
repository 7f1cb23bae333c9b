"""One connection to a mail server that takes outgoing mail (RFC 5321): envelope, content, and what it answers.

Addresses are removed from every text of a mail server before it is passed on.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import cast

from aiosmtplib import SMTP, SMTPException, SMTPServerDisconnected

from bot.channel import ChannelError, Permanent, Temporary
from bot.core.messages import Outbound
from bot.wire.mail.refusals import About, refusal
from bot.wire.refusals import Uncertain

COMMAND_SECONDS = 60.0
# A server may take long to answer the last line of a mail, and a client that hangs up too soon sends it twice
# (RFC 5321 section 4.5.3.2.6).
CONTENT_SECONDS = 600.0

_Step = tuple[About, bytes]

# RFC 5321 section 4.2.1: the first digit of a reply's code; 421 ends the connection (section 3.8).
_POSITIVE, _INTERMEDIATE, _CLOSING = 2, 3, 421
_LONGEST_LINE, _MOST_LINES = 8_192, 100

_QUEUED_AS = re.compile(r"(?:queued as |\bid=)([\w.-]{4,80})", re.IGNORECASE)
_ATOM = r"[^\s<>()\[\],;:\\\"@\x00-\x1f\x7f-\x9f\ud800-\udfff]+"
_ADDRESS = re.compile(rf'(?:{_ATOM}|"(?:[^"\\\x00-\x1f\x7f-\x9f\ud800-\udfff]|\\[ -~])+")@(?:{_ATOM}|\[[\w.:]+\])')
_LONGEST_DOMAIN = 255  # octets, RFC 5321 section 4.5.3.1.2


class Stale(Temporary):
    """A used connection broke before anything was handed over: a new one may be tried at once."""


class Connection:
    """One open connection, used by one mail at a time. `mail_count` is the number of mails that it took over.

    `client` has been greeted and has signed in. From here on the commands of a mail leave together where the server
    allows it (PIPELINING, RFC 2920), which the library does not do. `error_of` returns what it means that the
    connection has ended. After any error the connection must not be used again. The owner sets `idle_since` (the event
    loop's time in seconds).
    """

    def __init__(self, client: SMTP, error_of: Callable[[Exception], ChannelError]) -> None:
        self.mail_count = 0
        self.idle_since = 0.0
        self.offers = {name.upper(): value for name, value in client.esmtp_extensions.items()}
        self._error_of = error_of
        loop, transport = asyncio.get_running_loop(), cast("asyncio.WriteTransport", client.transport)
        self._reader = asyncio.StreamReader(_LONGEST_LINE, loop)
        protocol = asyncio.StreamReaderProtocol(self._reader)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        self._writer = asyncio.StreamWriter(transport, protocol, self._reader, loop)

    @property
    def alive(self) -> bool:
        """The state of the connection, as far as it is known without a command."""
        return not (self._writer.is_closing() or self._reader.at_eof() or self._reader.exception())

    async def hand_over(self, message: Outbound) -> str:
        """Hand one mail over; return the server's own name for it, or "".

        Raises Stale, Temporary, Uncertain, Permanent or Misconfigured.
        """
        sender, recipient = self._envelope(message)
        steps: list[_Step] = [("sender", sender), ("recipient", recipient), ("content", b"DATA")]
        together = [steps] if "PIPELINING" in self.offers else [[step] for step in steps]
        for group in together:
            await self._ask(group, message.recipient)
        self._writer.write(_content(message.content))
        try:
            async with asyncio.timeout(CONTENT_SECONDS):
                code, text = await self._reply()
        except (SMTPException, OSError) as error:
            # It has the content, and may have taken it: RFC 5321 section 4.2.5 leaves that to its last word.
            raise Uncertain(*self._error_of(error).args) from None
        if code // 100 != _POSITIVE:
            raise refusal("content", code, text, message.recipient)
        self.mail_count += 1
        match = _QUEUED_AS.search(text)
        return match[1] if match else ""

    async def ping(self) -> None:
        """Check that the server answers (NOOP); raises Temporary or Misconfigured."""
        await self._ask([("connection", b"NOOP")], "")

    def retire(self) -> None:
        """Send QUIT without waiting for the answer, and close."""
        if self.alive:
            self._writer.write(b"QUIT\r\n")
        self.close()

    def close(self) -> None:
        """Close at once."""
        self._writer.close()

    def _envelope(self, message: Outbound) -> tuple[bytes, bytes]:
        """Return the MAIL and the RCPT command, with the extensions that this server offers."""
        sender, recipient = _addresses(message)
        size, limit = len(message.content), self.offers.get("SIZE", "")
        if limit.isdecimal() and 0 < int(limit) < size:
            raise Permanent(f"the message has {size} bytes, and the mail server takes {limit} at most")
        mail, rcpt = [f"MAIL FROM:<{sender}>"], [f"RCPT TO:<{recipient}>"]
        if "SIZE" in self.offers:
            mail.append(f"SIZE={size}")
        if "8BITMIME" in self.offers and not message.content.isascii():
            mail.append("BODY=8BITMIME")
        if not (sender + recipient).isascii():
            if "SMTPUTF8" not in self.offers:
                raise Permanent("the address has letters that the mail server cannot carry (it offers no SMTPUTF8)")
            mail.append("SMTPUTF8")
        if "DSN" in self.offers:
            # Contrary to RFC 3834 section 3.3: a service that promises a receipt must know when it did not arrive.
            mail.append("RET=HDRS")
            rcpt.append("NOTIFY=FAILURE")
        return " ".join(mail).encode(), " ".join(rcpt).encode()

    async def _ask(self, steps: Sequence[_Step], recipient: str) -> None:
        """Send commands together; raise the failure of the first that fails."""
        self._writer.write(b"".join(command + b"\r\n" for _, command in steps))
        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                for about, command in steps:
                    code, text = await self._reply()
                    if code // 100 != (_INTERMEDIATE if command == b"DATA" else _POSITIVE):
                        failure = refusal(about, code, text, recipient)
                        raise self._perhaps_stale(failure) if code == _CLOSING else failure
        except (SMTPException, OSError) as error:
            raise self._perhaps_stale(self._error_of(error)) from None

    async def _reply(self) -> tuple[int, str]:
        """Read one reply: its code, and its text over all lines."""
        lines: list[bytes] = []
        while not lines or lines[-1][3:4] == b"-":
            try:
                lines.append(await self._reader.readuntil(b"\n"))
            except asyncio.IncompleteReadError:
                raise SMTPServerDisconnected("") from None
            except asyncio.LimitOverrunError:
                lines.append(b"")
            if not lines[-1][:3].isdigit() or len(lines) > _MOST_LINES:
                raise SMTPException("it is no SMTP reply")
        text = b"\n".join(line[4:].strip() for line in lines)
        return int(lines[-1][:3]), text.decode("utf-8", "replace")

    def _perhaps_stale(self, error: ChannelError) -> ChannelError:
        return Stale(*error.args) if self.mail_count and isinstance(error, Temporary) else error


def _content(content: bytes) -> bytes:
    """Return the content as it follows DATA, with its end mark.

    A dot at the start of a line is doubled (RFC 5321 section 4.5.2). No line ends otherwise than with CRLF: a server
    that takes another end for one could be made to see commands in the text.
    """
    lines = [b"." + line if line.startswith(b".") else line for line in content.splitlines()]
    return b"\r\n".join([*lines, b".\r\n"])


def _addresses(message: Outbound) -> tuple[str, str]:
    """Return the sender, which may be "", and the recipient as the envelope has them; raises Permanent."""
    try:
        sender = on_envelope(message.envelope_sender) if message.envelope_sender else ""
        return sender, on_envelope(message.recipient)
    except ValueError as error:
        raise Permanent(f"the address cannot be written to: {error}") from None


def on_envelope(address: str) -> str:
    """Return `address` as it stands between the angle brackets of an envelope; raises ValueError for anything else.

    An internationalised domain is written in ASCII (A-labels, RFC 5890), so that it needs no SMTPUTF8.
    """
    if not _ADDRESS.fullmatch(address):
        raise ValueError("it is not one address of the form local@domain")
    local, _, domain = address.rpartition("@")
    return address if domain.isascii() else f"{local}@{_in_ascii(domain)}"


def _in_ascii(domain: str) -> str:
    if len(domain) > _LONGEST_DOMAIN:
        raise ValueError("its domain is too long")
    try:
        labels = domain.encode("idna")
        # Python's codec is older than RFC 5891: it writes ß as ss, for instance, which is a different domain.
        is_same_domain = labels.decode("idna") == domain.lower()
    except UnicodeError:
        return domain
    return labels.decode("ascii") if is_same_domain else domain
