"""Fields of a form and its files as one mail (RFC 2046), so that they are kept, read and given as mails are."""

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from functools import reduce

from bot.core.files import File
from bot.wire.mail import mime

_BEGINNING = b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed;"
_BOUNDARY, _MOST_HEAD = re.compile(rb'boundary="(=_\w+)"'), 500


def bundle(words: str, files: Sequence[File], digest: str) -> bytes:
    """Return them as one; `digest` is what they are told from all others by."""
    mail = EmailMessage(policy=SMTP)
    mail["MIME-Version"] = "1.0"
    mail.make_mixed(boundary=f"=_{digest[:32]}")
    text = EmailMessage(policy=SMTP)
    text.set_content(words, cte="base64")
    mail.attach(text)
    return reduce(_with_part, files, mail.as_bytes())


def with_file(raw: bytes, file: File) -> bytes:
    """Return what is kept of a message, with one more file; what it holds already stays octet for octet."""
    if not is_bundle(raw):
        return bundle(raw.decode("utf-8", "replace"), [file], hashlib.sha256(raw).hexdigest())
    return _with_part(raw, file)


def _with_part(raw: bytes, file: File) -> bytes:
    """Put a file before the line that ends a bundle: to write all of it anew takes seconds for a film."""
    match = _BOUNDARY.search(raw, 0, _MOST_HEAD)
    if match is None:
        raise ValueError("no bundle of ours")
    line = b"--" + match[1]
    end = raw.rindex(line + b"--")
    main, _, kind = file.kind.partition("/")
    head = EmailMessage(policy=SMTP)
    head.set_content(b"", maintype=main, subtype=kind, filename=file.name, cte="base64")
    body = base64.encodebytes(file.content).replace(b"\n", b"\r\n")
    return b"".join((raw[:end], line, b"\r\n", head.as_bytes().rstrip(), b"\r\n\r\n", body, b"\r\n", line, b"--\r\n"))


def is_bundle(raw: bytes) -> bool:
    """Tell whether this is such a mail; what came with a form without files is JSON."""
    return raw.startswith(_BEGINNING)


def words_of(raw: bytes) -> str:
    """Return the words of one, or of what is none as they are."""
    if is_bundle(raw):
        return mime.read(raw, channel="", received_at=None).text
    return raw.decode("utf-8", "replace")


def fields_of(raw: bytes) -> dict[str, str]:
    """Return the names and texts that a form or the desk kept; nothing of what is something else."""
    try:
        values = json.loads(words_of(raw))
    except (ValueError, RecursionError):
        return {}
    texts = values.items() if isinstance(values, dict) else ()
    # Halves of characters and NUL are no text that can be stored.
    return {k: v.encode("utf-8", "replace").decode().replace("\0", "") for k, v in texts if isinstance(v, str)}


def files_of(raw: bytes) -> list[File]:
    """Return the files with it; what is no bundle has none."""
    return [File(file.name, file.content) for file in mime.files(raw)] if is_bundle(raw) else []
