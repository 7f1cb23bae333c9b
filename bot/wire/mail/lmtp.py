"""The receiving end of LMTP (RFC 2033): many mail servers connect at once, and a callback decides each answer.

aiosmtpd leads the session. Own code reads the message itself (a line at a time takes most of a millisecond), parses
addresses leniently, gives one answer for each recipient, and enforces the limits.
"""

import asyncio
import logging
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import Envelope, Session, syntax

# Takes the content, the envelope sender ("" for the null path) and the envelope recipients; returns the answer.
Deliver = Callable[[bytes, str, tuple[str, ...]], Awaitable[str]]

RECIPIENTS = 1_000
# RFC 5321 section 4.5.3.2.7 asks for five minutes between commands; a whole message gets as long.
PATIENCE_SECONDS = 300.0
# The most that may be in memory at once: partly received messages and messages that await their answer together.
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
# Its log holds addresses and text from clients.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)


class Reception:
    """Every connection to one listening address, `most` at a time. `admit` is the protocol factory of its server."""

    def __init__(self, deliver: Deliver, most_bytes: int, most: int) -> None:
        self.deliver = deliver
        self.most_bytes = most_bytes
        self._most = most
        self.held_bytes = 0
        # In order of the last complete message, the oldest first.
        self._conversations: dict[Conversation, None] = {}

    def admit(self) -> "Conversation":
        """Return a conversation for a new connection."""
        return Conversation(self)

    def enter(self, conversation: "Conversation") -> None:
        """Register a conversation. If all places are taken, the one without a message for longest is ended."""
        if len(self._conversations) >= self._most:
            oldest = next((candidate for candidate in self._conversations if not candidate.awaits_answer), conversation)
            self.leave(oldest)
            oldest.hang_up()
            if oldest is conversation:
                return
        self._conversations[conversation] = None

    def prefer(self, conversation: "Conversation") -> None:
        """Move a conversation that has brought a complete message to the end of the order."""
        if conversation in self._conversations:
            del self._conversations[conversation]
            self._conversations[conversation] = None

    def leave(self, conversation: "Conversation") -> None:
        """Remove a conversation whose connection has ended."""
        self._conversations.pop(conversation, None)

    def close(self) -> None:
        """End every conversation."""
        for conversation in list(self._conversations):
            conversation.hang_up()


class Conversation(LMTP):
    """One connection. `awaits_answer` is true while a complete message awaits its answer."""

    # The most that the reader holds while it looks for the end of a line or of a message.
    line_length_limit = _READ_AHEAD
    command_size_limit = _COMMAND_LENGTH
    command_size_limits = defaultdict(lambda: _COMMAND_LENGTH)  # noqa: RUF012 - the library clears it for each connection

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
        self.awaits_answer = False
        self._reception = reception
        self._held_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the greeting and register the conversation."""
        super().connection_made(transport)
        if self._handler_coroutine is not None:
            self._handler_coroutine.add_done_callback(_retrieve_exception)
        self._reception.enter(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Remove the conversation."""
        self._reception.leave(self)
        super().connection_lost(error)

    async def handle_exception(self, error: Exception) -> str:
        """Return the answer to a command that could not be handled."""
        # Only the type of the error is logged: its text may contain mail.
        logger.error("lmtp: a command could not be handled (%s)", type(error).__name__)
        return BROKEN

    def hang_up(self) -> None:
        """Announce that the service is closing, and close the connection."""
        transport = cast("asyncio.Transport | None", self.transport)
        if transport is None or transport.is_closing():
            return
        transport.write(f"{LEAVING}\r\n".encode())
        transport.close()
        if transport.get_write_buffer_size():
            transport.abort()  # the client does not read

    @syntax("LHLO hostname")
    async def smtp_LHLO(self, hostname: str) -> None:  # noqa: N802 - the library's name
        """Announce every extension at once."""
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
        """Accept any recipient: the mail server in front has decided which addresses exist."""
        if len(cast("Envelope", self.envelope).rcpt_tos) >= RECIPIENTS:
            await self.push("452 4.5.3 Too many recipients")
            return
        await super().smtp_RCPT(arg)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - the library's name
        """Receive a complete message, and answer once for each recipient (RFC 2033 section 4.2)."""
        envelope = cast("Envelope", self.envelope)
        if arg or not envelope.rcpt_tos:
            await self.push("501 5.5.4 Syntax: DATA" if arg else "503 5.5.1 Error: need RCPT command")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        try:
            answer = await self._receive(envelope)
        except Exception as error:  # noqa: BLE001 - every recipient gets an answer, whatever happens
            answer = await self.handle_exception(error)
        finally:
            self._count_held(-self._held_bytes)
        self.envelope = Envelope()
        await self.push("\r\n".join([answer] * len(envelope.rcpt_tos)))
        if answer == LEAVING:
            self._writer.close()

    async def _receive(self, envelope: Envelope) -> str:
        content = await self._content()
        if isinstance(content, str):
            return content
        self._reception.prefer(self)
        self.awaits_answer = True
        try:
            sender = "" if envelope.mail_from in (None, _NULL_PATH) else envelope.mail_from
            return await self._reception.deliver(content, sender, tuple(envelope.rcpt_tos))
        finally:
            self.awaits_answer = False

    async def _content(self) -> bytes | str:
        """Return the message with its last line end, or the answer to a message that exceeds a limit."""
        # The line end of the DATA line is the first half of the end mark of an empty message (RFC 5321 4.1.1.4).
        # Only a dot alone between two CRLF ends a message: anything looser allows SMTP smuggling (CVE-2023-51764).
        content, refusal = bytearray(b"\r\n"), ""
        while not content.endswith(_END):
            piece = await self._next_piece(one_octet=content.endswith(_BEGINNINGS))
            content += piece
            self._count_held(len(piece))
            refusal = refusal or self._refusal(len(content) - len(_END))
            if refusal:
                del content[: -len(_END)]
                self._count_held(-self._held_bytes)
        if refusal:
            return refusal
        # A dot at the start of a line was doubled for transport (RFC 5321 section 4.5.2).
        return bytes(content[:-3]).replace(b"\r\n.", b"\r\n")[2:]

    async def _next_piece(self, *, one_octet: bool) -> bytes:
        """Read one octet where the end mark may have begun; otherwise all up to it, or as much as the reader holds."""
        if one_octet:
            return await self._reader.readexactly(1)
        try:
            return await self._reader.readuntil(_END)
        except asyncio.LimitOverrunError as far:
            return await self._reader.readexactly(far.consumed)

    def _count_held(self, octets: int) -> None:
        self._held_bytes += octets
        self._reception.held_bytes += octets

    def _refusal(self, length: int) -> str:
        limit = self._reception.most_bytes
        if length > limit:
            return TOO_LONG
        return TOO_MUCH if self._reception.held_bytes > max(HELD_BYTES, 2 * limit) else ""

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        # The library's own parser raises on some unusual addresses, and takes ten times as long.
        match = _PATH.fullmatch(arg)
        if match is None:
            return None, None
        # Octets that are not UTF-8 arrived as surrogates, which no database stores.
        path = (match[1] or match[2] or match[3] or "").encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        return (None, None) if _CONTROLS.search(path) else (path or _NULL_PATH, match[4] or "")


def _retrieve_exception(task: "asyncio.Task[Any]") -> None:
    """Retrieve the exception of a task whose client has gone, so that asyncio does not report it."""
    if not task.cancelled():
        task.exception()
