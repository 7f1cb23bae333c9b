"""The receiving end of LMTP (RFC 2033): many mail servers talk at once, and each mail is answered for by somebody else.

aiosmtpd leads the conversation. Ours are the reading of the message itself (a line at a time takes most of a
millisecond), the forgiving reading of addresses, one answer for each recipient, and the limits.
"""

import asyncio
import logging
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import Envelope, Session, syntax

# The envelope sender ("" for the null path), the envelope recipients, and what to answer for each of them.
Deliver = Callable[[bytes, str, tuple[str, ...]], Awaitable[str]]

CONNECTIONS = 200
RECIPIENTS = 1_000
# RFC 5321 section 4.5.3.2.7 asks for five minutes between commands; a whole message gets as long.
PATIENCE_SECONDS = 300.0
# What may be in memory at once, messages half received and messages waiting for their answer together.
HELD_BYTES = 256 * 2**20
_COMMAND_LENGTH, _READ_AHEAD = 4_096, 2**16

LEAVING = "421 4.3.2 Closing, try again later"
TOO_LONG = "552 5.3.4 The message is too long"
TOO_MUCH = "452 4.3.1 Too much at once, try again later"
BROKEN = "451 4.3.0 Not logged, try again later"

_NULL_PATH = "<>"
_END = b"\r\n.\r\n"
_BEGINNINGS = tuple(_END[:length] for length in range(1, len(_END)))
# <local@domain>, <"any thing"@domain>, local@domain; then parameters.
_PATH = re.compile(r'\s*(?:<([^<>]*)>|<("(?:[^"\\]|\\.)*"[^<>"]*)>|([^\s<>]+))(?:\s+(.*))?', re.DOTALL)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

logger = logging.getLogger(__name__)
# Its log holds addresses, and what clients say.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)


class Reception:
    """Every connection of one listening address. `admit` is the protocol factory for `loop.create_server`."""

    def __init__(self, deliver: Deliver, most_bytes: int) -> None:
        self.deliver = deliver
        self.most_bytes = most_bytes
        self.held = 0
        # Those that have brought nothing for longest come first.
        self._talks: dict[Conversation, None] = {}

    def admit(self) -> "Conversation":
        """A conversation for a new connection."""
        return Conversation(self)

    def came(self, talk: "Conversation") -> None:
        """Where all places are taken, who has brought nothing for longest must go: the slow keep nobody out."""
        if len(self._talks) >= CONNECTIONS:
            leaves = next((other for other in self._talks if not other.waits), talk)
            self.left(leaves)
            leaves.dismiss()
            if leaves is talk:
                return
        self._talks[talk] = None

    def useful(self, talk: "Conversation") -> None:
        """It has brought a whole message."""
        if talk in self._talks:
            del self._talks[talk]
            self._talks[talk] = None

    def left(self, talk: "Conversation") -> None:
        """Its connection is gone."""
        self._talks.pop(talk, None)

    def close(self) -> None:
        """End every conversation."""
        for talk in list(self._talks):
            talk.dismiss()


class Conversation(LMTP):
    """One connection. `waits` says that a message is whole and its answer is awaited."""

    # How much the reader holds while it looks for the end of a line or of a message.
    line_length_limit = _READ_AHEAD
    command_size_limit = _COMMAND_LENGTH
    command_size_limits = defaultdict(lambda: _COMMAND_LENGTH)  # noqa: RUF012 - the library's, cleared for each connection

    def __init__(self, reception: Reception) -> None:
        super().__init__(
            None,
            data_size_limit=reception.most_bytes,
            enable_SMTPUTF8=True,
            hostname="ackbot",
            ident="LMTP",
            timeout=PATIENCE_SECONDS,
            loop=asyncio.get_running_loop(),
        )
        self.waits = False
        self._reception = reception
        self._held = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, if there is room."""
        super().connection_made(transport)
        if self._handler_coroutine is not None:
            self._handler_coroutine.add_done_callback(_seen)
        self._reception.came(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget it."""
        self._reception.left(self)
        super().connection_lost(error)

    async def handle_exception(self, error: Exception) -> str:
        """What to answer to a command that could not be handled."""
        # Only the error's kind is logged: its words may be somebody's mail.
        logger.error("lmtp: a command could not be handled (%s)", type(error).__name__)
        return BROKEN

    def dismiss(self) -> None:
        """Hang up, and say so."""
        transport = cast("asyncio.Transport | None", self.transport)
        if transport is None or transport.is_closing():
            return
        transport.write(f"{LEAVING}\r\n".encode())
        transport.close()
        if transport.get_write_buffer_size():
            transport.abort()  # it does not even listen

    @syntax("LHLO hostname")
    async def smtp_LHLO(self, hostname: str) -> None:  # noqa: N802 - the library's name
        """Say what is offered, all at once."""
        if not hostname:
            await self.push("501 5.5.4 Syntax: LHLO hostname")
            return
        session = cast("Session", self.session)
        session.host_name, session.extended_smtp = hostname, True
        self.envelope = Envelope()
        offers = (self.hostname, f"SIZE {self._reception.most_bytes}", "8BITMIME", "SMTPUTF8")
        await self.push("".join(f"250-{offer}\r\n" for offer in offers) + "250 PIPELINING")

    @syntax("RCPT TO:<address>")
    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802 - the library's name
        """Take any recipient: the mail server in front has decided who is here."""
        if len(cast("Envelope", self.envelope).rcpt_tos) >= RECIPIENTS:
            await self.push("452 4.5.3 Too many recipients")
            return
        await super().smtp_RCPT(arg)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - the library's name
        """Take a whole message, and answer once for each recipient (RFC 2033 section 4.2)."""
        envelope = cast("Envelope", self.envelope)
        if arg or not envelope.rcpt_tos:
            await self.push("501 5.5.4 Syntax: DATA" if arg else "503 5.5.1 Error: need RCPT command")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        try:
            answer = await self._receive(envelope)
        except Exception as error:  # noqa: BLE001 - whatever it is, every recipient is answered for
            answer = await self.handle_exception(error)
        finally:
            self._hold(-self._held)
        self.envelope = Envelope()
        await self.push("\r\n".join([answer] * len(envelope.rcpt_tos)))
        if answer == LEAVING:
            self._writer.close()

    async def _receive(self, envelope: Envelope) -> str:
        content = await self._content()
        if isinstance(content, str):
            return content
        self._reception.useful(self)
        self.waits = True
        try:
            sender = "" if envelope.mail_from in (None, _NULL_PATH) else envelope.mail_from
            return await self._reception.deliver(content, sender, tuple(envelope.rcpt_tos))
        finally:
            self.waits = False

    async def _content(self) -> bytes | str:
        """The message with its last line end, or the answer to one that is too long for us."""
        # The line end of the DATA line is the first half of the end mark of an empty message (RFC 5321 4.1.1.4).
        # Only a dot alone between two CRLF ends a message: anything looser lets mail be smuggled in (CVE-2023-51764).
        received, refusal = bytearray(b"\r\n"), ""
        while not received.endswith(_END):
            more = await self._more(begun=received.endswith(_BEGINNINGS))
            received += more
            self._hold(len(more))
            refusal = refusal or self._why_not(len(received) - len(_END))
            if refusal:
                del received[: -len(_END)]
                self._hold(-self._held)
        if refusal:
            return refusal
        # A dot at the start of a line was put there for the way (RFC 5321 section 4.5.2).
        return bytes(received[:-3]).replace(b"\r\n.", b"\r\n")[2:]

    async def _more(self, *, begun: bool) -> bytes:
        """One octet where the end mark may have begun; else all up to it, or as much as the reader holds."""
        if begun:
            return await self._reader.readexactly(1)
        try:
            return await self._reader.readuntil(_END)
        except asyncio.LimitOverrunError as far:
            return await self._reader.readexactly(far.consumed)

    def _hold(self, more: int) -> None:
        self._held += more
        self._reception.held += more

    def _why_not(self, received: int) -> str:
        most = self._reception.most_bytes
        if received > most:
            return TOO_LONG
        return TOO_MUCH if self._reception.held > max(HELD_BYTES, 2 * most) else ""

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        # The library's own reading raises on some odd addresses, and costs ten times as much.
        found = _PATH.fullmatch(arg)
        if found is None:
            return None, None
        # Octets that are no UTF-8 came in as surrogates, which no database takes.
        path = (found[1] or found[2] or found[3] or "").encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        return (None, None) if _CONTROLS.search(path) else (path or _NULL_PATH, found[4] or "")


def _seen(ended: "asyncio.Task[Any]") -> None:
    """A client that vanishes while it is being spoken to is no news."""
    if not ended.cancelled():
        ended.exception()
