"""Judges a file that somebody sends by its content, whatever its name says, and gives it a name that fits.

A file of an office program is looked into as far as its list of parts; nothing is opened, run or unpacked.
"""

import re
import zipfile
import zlib
from io import BytesIO

from bot.core.files import File
from bot.core.uploads import Unwelcome, Why
from bot.wire import file_kinds, pictures
from bot.wire.mail.attached import harmless

# What a browser offers to choose from. HEIC is not among it, so that telephones give a JPEG of such a photo.
ACCEPTED = ".jpg,.jpeg,.png,.webp,.pdf,.docx,.odt,.txt,image/jpeg,image/png,image/webp,application/pdf,text/plain"
_PICTURES = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
_HEIC = re.compile(rb"....ftyp(heic|heix|heim|heis|hevc|hevx|mif1|msf1|avif|avis)", re.DOTALL)
_PDF, _ZIP = b"%PDF-", b"PK\x03\x04"
_ODT = b"application/vnd.oasis.opendocument.text"
_LONGEST_STEM = 80
_MOST_PARTS, _MOST_LIST = 2_000, 500_000
# Of what begins so some program makes more than a text.
_MARKED_UP = re.compile(r"\s*(<|#!|%!|\{\\rtf|@echo\b|MZ)", re.IGNORECASE)
_NOT_IN_TEXTS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")


class NotTaken(Exception):
    """A file that is not taken."""

    def __init__(self, refusal: Unwelcome) -> None:
        super().__init__(refusal.why.name)
        self.refusal = refusal


def examine(file: File) -> File:
    """Return the file as it is kept: a picture without where it was taken, all with the ending of their content.

    Raises NotTaken.
    """
    name = harmless(file.name) or "file"
    if not file.content:
        raise NotTaken(Unwelcome(Why.EMPTY, name))
    if file_kinds.may_run(name):
        raise NotTaken(Unwelcome(Why.RUNS, name))
    try:
        ending, content = _read(file.content)
    except pictures.Unreadable:
        raise NotTaken(Unwelcome(Why.TORN, name)) from None
    if isinstance(ending, Why):
        raise NotTaken(Unwelcome(ending, name))
    return File(_name_with(name, ending), content)


def examine_media(file: File) -> File:
    """Return the same of a file from a platform, where moving pictures, sounds and films are kept, too.

    Raises NotTaken.
    """
    try:
        return examine(file)
    except NotTaken as error:
        ending = file_kinds.ending_of_media(file.content)
        if error.refusal.why not in (Why.UNKNOWN, Why.HEIC) or not ending:
            raise
        return File(_name_with(harmless(file.name) or "file", ending), file.content)


def _read(content: bytes) -> tuple[str | Why, bytes]:
    """Return the ending of a name for this content, and what is kept of it; or why it is refused."""
    kind = file_kinds.shown_as(content)
    if kind in _PICTURES:
        return _PICTURES[kind], pictures.without_origin(content, kind)
    if content.startswith(_PDF):
        return "pdf", content
    if content.startswith(_ZIP):
        return _document(content), content
    if _HEIC.match(content):
        return Why.HEIC, b""
    return ("txt" if _is_text(content) else Why.UNKNOWN), content


def _document(content: bytes) -> str | Why:
    """Tell by the list of its parts which document of an office program this is."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return _kind_of(archive)
    # What `zipfile` raises besides its own error for a torn or hostile archive: a part that is not there, an encrypted
    # one (RuntimeError), an unknown compression (NotImplementedError), wrong offsets and lengths (ValueError, OSError,
    # EOFError), and data that zlib cannot unpack. Whatever it is, the file is not taken.
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, RuntimeError, OSError, EOFError, zlib.error):
        raise pictures.Unreadable from None


def _kind_of(archive: zipfile.ZipFile) -> str | Why:
    names = [name.lower() for name in archive.namelist()]
    if len(names) > _MOST_PARTS:
        return Why.UNKNOWN
    if any(map(_is_program, names)):
        return Why.MACROS
    if "word/document.xml" in names:
        return Why.MACROS if b"macroenabled" in _beginning(archive, "[Content_Types].xml").lower() else "docx"
    return "odt" if "mimetype" in names and _beginning(archive, "mimetype").strip() == _ODT else Why.UNKNOWN


def _beginning(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return the beginning of a part; what it would unpack to stays unread."""
    with archive.open(name) as part:
        return part.read(_MOST_LIST)


def _is_program(name: str) -> bool:
    # ECMA-376 keeps macros in vbaProject.bin and enclosed objects in oleObject1.bin, OpenDocument in two folders.
    return name.endswith(".bin") or name.startswith(("basic/", "scripts/")) or file_kinds.may_run(name)


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return not (_NOT_IN_TEXTS.search(text) or _MARKED_UP.match(text))


def _name_with(name: str, ending: str) -> str:
    """Return the name with this ending, in place of another one that programs go by."""
    stem, dot, own = name.rpartition(".")
    if not dot or not stem or not own.isalnum():
        stem = name
    return f"{stem[:_LONGEST_STEM].rstrip(' .')}.{ending}"
