"""Forms with files: read in bounded memory, and each file examined before anything is done with it.

Whoever has such a form calls `read` for what was posted, and `Examiner.examine` for its files; both the files and what
becomes of them stay within `Examiner.room_for` until the message is stored.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from aiohttp import BodyPartReader, MultipartReader, web

from bot import log
from bot.channel import Temporary
from bot.core.files import File
from bot.core.uploads import Limits, Unwelcome
from bot.settings.main import FormSettings
from bot.web.forms import as_text, pairs_of
from bot.wire import uploads
from bot.wire.clamav import NotScanned, Scanner

logger = log.get("uploads")

# The field of the files in every form.
FILES = "files"
_MULTIPART = "multipart/form-data"
# Of all fields together: room for 10,000 characters of four bytes, and for a much too long message to be shown again.
_MOST_FIELD_BYTES = 512 * 1024
_MOST_PARTS = 200
_PIECE = 64 * 1024
# What is too much is read to its end as far as this, for a browser shows our page only then.
_READ_THROUGH = 2
# Forms with files that are examined at a time. Others wait so long for their turn, as far as there is room for them:
# whoever is asked to come again has to choose every photo again.
_AT_ONCE, _PATIENCE_SECONDS = 4, 20.0
# Of all files from the moment at which they are read until their messages are stored.
_MOST_BYTES_IN_HAND = 100 * 1024 * 1024
_PLAIN_ENCODINGS = ("", "7bit", "8bit", "binary")


@dataclass(frozen=True, slots=True)
class Submission:
    """The fields in their order, and the files as they came. `is_too_large`: there were more than are here."""

    pairs: tuple[tuple[str, str], ...]
    files: tuple[File, ...] = ()
    is_too_large: bool = False

    @property
    def fields(self) -> dict[str, str]:
        """Return the first value of each name."""
        return dict(reversed(self.pairs))

    @property
    def has_files(self) -> bool:
        """Whether files were chosen; a form that goes without them has their names alone."""
        return bool(self.files) or self.is_too_large or bool(self.fields.get(FILES))

    def several(self, name: str) -> list[str]:
        """Return every value of one name, as of boxes that are ticked."""
        return [value for key, value in self.pairs if key == name]


@dataclass(frozen=True, slots=True)
class Danger:
    """A file that is not kept, and what the scanner calls the danger in it."""

    name: str
    finding: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What may be kept of the files of one form.

    With any of `refusals` the form is to be shown again. `dangers` are left out of `files`. `is_scanned` is false where
    the scanner could not be asked: nobody opens the files until it was.
    """

    files: tuple[File, ...] = ()
    refusals: tuple[Unwelcome, ...] = ()
    dangers: tuple[Danger, ...] = ()
    is_scanned: bool = True

    @property
    def danger_words(self) -> str:
        """Return what staff read of the files that are not kept."""
        return "; ".join(f"{danger.name} ({danger.finding})" for danger in self.dangers)


async def read(request: web.Request, limits: Limits) -> Submission:
    """Read a posted form with its files, as far as they may be large. Raises 400, 413 or 415."""
    if request.content_type != _MULTIPART:
        return Submission(tuple(await pairs_of(request)))
    try:
        return await _Reading(limits).read(await request.multipart())
    except (ValueError, LookupError, AssertionError, RuntimeError, web.RequestPayloadError, ConnectionError) as error:
        raise web.HTTPBadRequest from error  # torn, wrongly encoded, or the line dropped half-way


class _Reading:
    """One form while it is read."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._pairs: list[tuple[str, str]] = []
        self._files: list[File] = []
        self._octets, self._room = 0, limits.most_bytes
        self._is_too_large = False

    async def read(self, parts: MultipartReader) -> Submission:
        for _ in range(_MOST_PARTS):
            part = await parts.next()
            if part is None:
                return Submission(tuple(self._pairs), tuple(self._files), self._is_too_large)
            if not isinstance(part, BodyPartReader) or part.name is None or not _is_plain(part):
                raise ValueError
            if part.filename is None:
                await self._read_field(part)
            else:
                await self._read_file(part)
        raise ValueError

    async def _read_field(self, part: BodyPartReader) -> None:
        content = await self._content_of(part, _MOST_FIELD_BYTES)
        if content is None:
            raise web.HTTPRequestEntityTooLarge(_MOST_FIELD_BYTES, self._octets)
        value = content.decode(part.get_charset(default="utf-8"))
        self._pairs.append((as_text(part.name or ""), as_text(value)))

    async def _read_file(self, part: BodyPartReader) -> None:
        """Keep it, as long as there is room; of more files than may be there one is enough to say so."""
        has_place = len(self._files) <= self._limits.files and part.name == FILES
        content = await self._content_of(part, self._room if has_place else 0)
        if content is None:
            self._is_too_large = has_place or self._is_too_large
            return
        if has_place and (part.filename or content):  # browsers send an empty part where nothing was chosen
            self._room -= len(content)
            self._files.append(File(as_text(part.filename or ""), content))

    async def _content_of(self, part: BodyPartReader, most: int) -> bytes | None:
        """Return the content of a part, None where it is larger; that much is in memory at most."""
        content, is_whole = bytearray(), True
        while not part.at_eof():
            piece = await part.read_chunk(_PIECE)
            self._octets += len(piece)
            if self._octets > _READ_THROUGH * self._limits.most_bytes + _MOST_FIELD_BYTES:
                raise web.HTTPRequestEntityTooLarge(self._limits.most_bytes, self._octets)
            is_whole = is_whole and len(content) + len(piece) <= most
            if is_whole:
                content += piece
            else:
                content.clear()
        return bytes(content) if is_whole else None


def _is_plain(part: BodyPartReader) -> bool:
    """Whether the octets are the content, as browsers send it (RFC 7578 section 4.7)."""
    encoding = part.headers.get("Content-Transfer-Encoding", "").strip().lower()
    return encoding in _PLAIN_ENCODINGS and "Content-Encoding" not in part.headers


class Examiner:
    """Examines files: their number and size, their content, and what the scanner says where there is one."""

    def __init__(self, limits: Limits, scanner: Scanner | None) -> None:
        self.limits, self._scanner = limits, scanner
        self._places, self._bytes_in_hand = asyncio.Semaphore(_AT_ONCE), 0

    @classmethod
    def of(cls, settings: FormSettings) -> "Examiner":
        """The examiner of an organisation."""
        return cls(settings.limits(), Scanner(settings.clamav) if settings.clamav else None)

    @contextmanager
    def room_for(self, form: Submission) -> Iterator[None]:
        """Keep room in memory for the files until they are stored; raises Temporary where there is none.

        Each file is there several times by then: as it came, without its metadata, and within the message.
        """
        count = sum(len(file.content) for file in form.files)
        if self._bytes_in_hand + count > _MOST_BYTES_IN_HAND:
            raise Temporary("too many files come at once")
        self._bytes_in_hand += count
        try:
            yield
        finally:
            self._bytes_in_hand -= count

    async def examine(self, form: Submission) -> Findings:
        """Return what may be kept of the files. Raises Temporary where others take too long."""
        if form.is_too_large:
            return Findings(refusals=(self.limits.too_large,))
        if not form.files or (refusals := self.limits.refusals(form.files)):
            return Findings(refusals=refusals if form.files else ())
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._places.acquire()
        except TimeoutError as error:
            raise Temporary("the examination of other files takes too long") from error
        try:
            findings = await asyncio.to_thread(_by_content, form.files)
            if findings.refusals or self._scanner is None:
                return findings
            return await self._scan(findings, self._scanner)
        finally:
            self._places.release()

    async def _scan(self, findings: Findings, scanner: Scanner) -> Findings:
        safe, dangers = list[File](), list[Danger]()
        try:
            for file in findings.files:
                finding = await scanner.scan(file.content)
                if finding:
                    dangers.append(Danger(file.name, finding))
                else:
                    safe.append(file)
        except NotScanned as error:
            logger.warning("files.not_scanned", reason=str(error))
            dangerous = {danger.name for danger in dangers}
            others = tuple(file for file in findings.files if file.name not in dangerous)
            return replace(findings, files=others, dangers=tuple(dangers), is_scanned=False)
        return replace(findings, files=tuple(safe), dangers=tuple(dangers))


def _by_content(files: Sequence[File]) -> Findings:
    whole, refusals = list[File](), list[Unwelcome]()
    for file in files:
        try:
            whole.append(uploads.examine(file))
        except uploads.NotTaken as error:
            refusals.append(error.refusal)
    return Findings(() if refusals else tuple(whole), tuple(refusals))
