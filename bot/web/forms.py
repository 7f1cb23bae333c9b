"""Forms as browsers post them, as text that can be stored and written back into a page; and numbers in addresses."""

from collections.abc import Mapping

from aiohttp import web

from bot.core.files import File

_ENCODINGS = ("application/x-www-form-urlencoded", "multipart/form-data")
# A longer one is refused by whatever asks for it; so much is shown again.
_LONGEST_FIELD = 60_000
# Any number of ours has fewer digits, and every database takes as many.
_MOST_DIGITS = 15


async def pairs_of(request: web.Request) -> list[tuple[str, str]]:
    """Names and values in their order, files left out. Raises 400, 413 or 415."""
    if request.content_type not in _ENCODINGS:
        raise web.HTTPUnsupportedMediaType
    try:
        fields = await request.post()
    except (ValueError, LookupError, AssertionError, RuntimeError, web.RequestPayloadError, ConnectionError) as error:
        raise web.HTTPBadRequest from error  # torn, wrongly encoded, or the line dropped half-way
    return [(as_text(name), as_text(value)) for name, value in fields.items() if isinstance(value, str)]


async def fields_of(request: web.Request) -> Mapping[str, str]:
    """One value for each name, and no longer than a page can show. Raises as `pairs_of` does."""
    return {name: value[:_LONGEST_FIELD] for name, value in await pairs_of(request)}


async def several_of(request: web.Request, name: str) -> list[str]:
    """Every value of one name, as of boxes that are ticked. Raises as `pairs_of` does."""
    return [value for key, value in await pairs_of(request) if key == name]


async def files_of(request: web.Request, name: str) -> list[File]:
    """The files that were chosen in the field of this name. Raises as `pairs_of` does."""
    await pairs_of(request)
    matches = [
        value for key, value in (await request.post()).items() if key == name and isinstance(value, web.FileField)
    ]
    return [File(as_text(field.filename), field.file.read()) for field in matches]


def as_text(value: str) -> str:
    """Without NUL and halves of characters: some character sets smuggle them in."""
    return value.encode("utf-8", "replace").decode().replace("\0", "")


def number_of(text: str) -> int | None:
    """The whole number that stands there, from 0 up; None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else None
