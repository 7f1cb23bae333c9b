"""Signing in to a mail server that takes our mail with an access token (RFC 4954 with RFC 7628 or XOAUTH2)."""

import asyncio
import binascii
import re
from contextlib import suppress

from aiosmtplib import SMTP, SMTPResponse, SMTPResponseException

from bot.wire.mail.oauth import NOT_OFFERED, Bearer, TokenSource, mechanism


async def sign_in(client: SMTP, username: str, tokens: TokenSource) -> str:
    """Sign in on this connection; returns "" or what staff must put right.

    A token that is refused for good is replaced before anybody is told. Raises SMTPException for what may pass by
    itself, and Temporary or Misconfigured where there is no token to be had.
    """
    chosen = mechanism(lambda name: name.lower() in client.server_auth_methods)
    if not chosen:
        return NOT_OFFERED
    tries, told = tokens.to_try(), ""
    while (token := await asyncio.to_thread(next, tries, None)) is not None:
        bearer = Bearer(chosen, username, token)
        answer = await _shown(client, bearer)
        if answer.code == 235:
            return ""
        if answer.code < 500:
            raise SMTPResponseException(answer.code, answer.message)
        told = bearer.refused(f"{username} at {client.hostname}", _codes(answer))
    return told


async def _shown(client: SMTP, bearer: Bearer) -> SMTPResponse:
    """What the server says in the end."""
    # The AUTH command must not be longer than any other (RFC 4954 section 4), and Microsoft's tokens are: the token
    # follows on a line of its own. One more line belongs to a refusal (RFC 7628 section 3.2.3).
    answer = await client.execute_command(b"AUTH", bearer.mechanism.encode())
    for _ in range(2):
        if answer.code == 334:
            challenge = b""
            with suppress(ValueError):
                challenge = binascii.a2b_base64(answer.message)
            answer = await client.execute_command(binascii.b2a_base64(bearer.answer(challenge), newline=False))
    return answer


def _codes(answer: SMTPResponse) -> str:
    """The numbers of an answer (RFC 5321, RFC 3463); its words may name people."""
    found = re.match(r"[245]\.\d{1,3}\.\d{1,3}\b", answer.message)
    return f"{answer.code} {found[0]}" if found else str(answer.code)
