"""Fields of a form and its files as one mail (RFC 2046), so that they are kept, read and given as mails are."""

import hashlib
import json
from collections.abc import Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

from bot.core.files import File
from bot.wire.mail import mime

_BEGINNING = b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed;"


def bundle(words: str, files: Sequence[File], digest: str) -> bytes:
    """Return them as one; `digest` is what they are told from all others by."""
    mail = EmailMessage(policy=SMTP)
    mail["MIME-Version"] = "1.0"
    mail.make_mixed(boundary=f"=_{digest[:32]}")
    text = EmailMessage(policy=SMTP)
    text.set_content(words, cte="base64")
    mail.attach(text)
    for file in files:
        _attach(mail, file)
    return mail.as_bytes()


def with_file(raw: bytes, file: File) -> bytes:
    """Return what is kept of a message, with one more file; what it holds already stays octet for octet."""
    if not is_bundle(raw):
        return bundle(raw.decode("utf-8", "replace"), [file], hashlib.sha256(raw).hexdigest())
    mail = message_from_bytes(raw, _class=EmailMessage, policy=SMTP)
    _attach(mail, file)
    return mail.as_bytes()


def _attach(mail: EmailMessage, file: File) -> None:
    main, _, kind = file.kind.partition("/")
    mail.add_attachment(file.content, maintype=main, subtype=kind, filename=file.name)


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
