"""The demo's view of what went out: the mails of one directory, shown only on this computer."""

import asyncio
import ipaddress
import re
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.web.public.languages import render

# A proxy on this computer would make every caller look local, so what it adds gives it away.
_SIGNS_OF_A_PROXY = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")
_OUR_NAME = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?", re.ASCII | re.IGNORECASE)
_FRAMED = "frame-ancestors 'self'; style-src 'unsafe-inline'; default-src 'none'; form-action 'none'; sandbox"
_FRAMES = "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True, slots=True)
class SentMessage:
    """One mail for showing; `text` and `html` are "" where the part is missing."""

    number: str
    headers: tuple[tuple[str, str], ...]
    to: str
    subject: str
    text: str
    html: str


class SentMail:
    """Shows the `*.eml` files of `directory`, named by their stem; the last by name is the newest."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def routes(self) -> list[web.RouteDef]:
        """The list, one mail, and its HTML part alone for the frame."""
        pages = {"/sent": self._list, "/sent/{number}": self._show, "/sent/{number}/html": self._html_part}
        return [web.get(path, _only_here(handler)) for path, handler in pages.items()]

    async def _list(self, request: web.Request) -> web.Response:
        mails = await asyncio.to_thread(lambda: [_mail_in(path) for path in reversed(self._files())])
        return render(request, "pages/sent_list.html", {"mails": mails})

    async def _show(self, request: web.Request) -> web.Response:
        mail = await self._find(request.match_info["number"])
        response = render(request, "pages/sent_mail.html", {"mail": mail})
        response.headers["Content-Security-Policy"] = _FRAMES
        return response

    async def _html_part(self, request: web.Request) -> web.Response:
        mail = await self._find(request.match_info["number"])
        headers = {"Content-Security-Policy": _FRAMED}
        return web.Response(text=mail.html, content_type="text/html", headers=headers)

    async def _find(self, number: str) -> SentMessage:
        # Compared with what is there, never joined to the path: no name can lead out of the directory.
        for path in await asyncio.to_thread(self._files):
            if path.stem == number:
                return await asyncio.to_thread(_mail_in, path)
        raise web.HTTPNotFound

    def _files(self) -> list[Path]:
        return sorted(self._directory.glob("*.eml"), key=lambda path: (len(path.stem), path.stem))


def _only_here(handler: Handler) -> Handler:
    async def guarded(request: web.Request) -> web.StreamResponse:
        if not _is_local(request):
            raise web.HTTPForbidden
        return await handler(request)

    return guarded


def _is_local(request: web.Request) -> bool:
    """Asked for from this computer, by its own name: another name may be a strange page's, rebound to this address."""
    if not request.remote or any(sign in request.headers for sign in _SIGNS_OF_A_PROXY):
        return False
    return ipaddress.ip_address(request.remote).is_loopback and _OUR_NAME.fullmatch(request.host) is not None


def _mail_in(path: Path) -> SentMessage:
    mail = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    return SentMessage(
        number=path.stem,
        headers=tuple((name, str(value)) for name, value in mail.items()),
        to=str(mail["To"] or ""),
        subject=str(mail["Subject"] or ""),
        text=_part(mail, "plain"),
        html=_part(mail, "html"),
    )


def _part(mail: EmailMessage, subtype: str) -> str:
    body = mail.get_body(preferencelist=(subtype,))
    return str(body.get_content()) if body is not None else ""
