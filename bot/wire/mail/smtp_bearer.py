"""Signs in to a mail server for outgoing mail with an access token (RFC 4954 with RFC 7628 or XOAUTH2)."""

import asyncio
import binascii
import re
from contextlib import suppress

from aiosmtplib import SMTP, SMTPResponse, SMTPResponseException

from bot.wire.mail.oauth import NOT_OFFERED, Bearer, TokenSource, mechanism


async def sign_in(client: SMTP, username: str, tokens: TokenSource) -> str:
    """Sign in on this connection; return "", or the problem that staff must resolve.

    A token that is refused permanently is replaced once before a problem is returned. Raises SMTPException for a
    transient condition, and Temporary or Misconfigured where there is no token.
    """
    mechanism_name = mechanism(lambda name: name.lower() in client.server_auth_methods)
    if not mechanism_name:
        return NOT_OFFERED
    candidates, problem = tokens.candidates(), ""
    while (token := await asyncio.to_thread(next, candidates, None)) is not None:
        bearer = Bearer(mechanism_name, username, token)
        answer = await _final_answer(client, bearer)
        if answer.code == 235:
            return ""
        if answer.code < 500:
            raise SMTPResponseException(answer.code, answer.message)
        problem = bearer.refusal_text(f"{username} at {client.hostname}", _codes(answer))
    return problem


async def _final_answer(client: SMTP, bearer: Bearer) -> SMTPResponse:
    """Return the server's last answer to one token."""
    # The AUTH command must not be longer than any other (RFC 4954 section 4), and Microsoft's tokens are, so the token
    # follows on a line of its own. A refusal takes one more line (RFC 7628 section 3.2.3).
    answer = await client.execute_command(b"AUTH", bearer.mechanism.encode())
    for _ in range(2):
        if answer.code == 334:
            challenge = b""
            with suppress(ValueError):
                challenge = binascii.a2b_base64(answer.message)
            answer = await client.execute_command(binascii.b2a_base64(bearer.answer(challenge), newline=False))
    return answer


def _codes(answer: SMTPResponse) -> str:
    """Return the codes of an answer (RFC 5321, RFC 3463); its text may name people."""
    match = re.match(r"[245]\.\d{1,3}\.\d{1,3}\b", answer.message)
    return f"{answer.code} {match[0]}" if match else str(answer.code)
