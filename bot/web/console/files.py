"""The files that came with a mail: pictures and sounds are shown, everything else is saved and not opened by us."""

from functools import partial

from aiohttp import web

from bot.core.events import EventKind
from bot.core.roles import Permission
from bot.flows.desk import message_view
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest
from bot.web.console.downloads import saved_file, shown_file
from bot.web.console.message import reference_in_path, row_number, unknown
from bot.web.forms import number_of
from bot.web.site import Site
from bot.wire import file_kinds
from bot.wire.mail.mime import Attachment

SAVE = "save"
_PICTURES = ("png", "jpeg", "jpg", "gif", "webp")
_SOUNDS = ("ogg", "oga", "opus", "mp3", "mpeg", "wav", "m4a", "mp4", "aac", "flac")


class FilePages:
    """One file of one message."""

    def __init__(self, site: Site, door: Doorkeeper) -> None:
        self._site, self._door = site, door

    def routes(self) -> list[web.RouteDef]:
        """Showing and saving."""
        address = f"{ROOT}/contacts/{{reference}}/messages/{{number}}/files/{{file}}"
        return [web.get(address, self._door.page(Permission.READ, self._file))]

    async def _file(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        reference, message = reference_in_path(request, self._site.book.prefix), row_number(request)
        number, scope = number_of(request.match_info["file"]) or 0, guest.visitor.scope
        read = partial(message_view.file_of, reference=reference, message=message, number=number, scope=scope)
        file = await self._site.read(lambda c: read(c, book=self._site.book))
        if file is None:
            return await unknown(self._door, request, guest)
        name = file.name or f"{reference}-{message}-{number}"
        kind = file_kinds.shown_as(file.content)
        if kind and SAVE not in request.query:
            # Part of the page of the contact, as its words are: whoever sees those sees this.
            return shown_file(request, name, file.content, kind)
        details = {"reference": reference, "message": message, "file": number}
        await self._door.note(guest, EventKind.MESSAGE_SAVED, details)
        return saved_file(name, file.content)


def look_of(file: Attachment) -> str:
    """How the page offers a file, as far as its sender says what it is: a picture, a sound, a danger, or a file."""
    if file_kinds.may_run(file.name):
        return "danger"
    ending = file.name.rpartition(".")[2].lower()
    main, _, kind = file.kind.partition("/")
    if (main == "image" and kind in _PICTURES) or ending in _PICTURES:
        return "picture"
    return "sound" if (main == "audio" and kind in _SOUNDS) or ending in _SOUNDS else "file"
