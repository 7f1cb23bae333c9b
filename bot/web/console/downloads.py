"""A file that somebody else may have written, as an answer: no browser takes it for a page, and no page shows it."""

import re
from urllib.parse import quote

from aiohttp import web

_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'"
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._ -]")
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def saved_file(name: str, content: bytes) -> web.Response:
    """The file to be saved under that name."""
    headers = {**_HEADERS, "Content-Disposition": _disposition("attachment", name)}
    return web.Response(body=content, content_type="application/octet-stream", headers=headers)


def shown_file(request: web.Request, name: str, content: bytes, kind: str) -> web.Response:
    """A picture or a sound to be shown as that kind; of a sound the part that is asked for (RFC 9110 section 14)."""
    headers = {**_HEADERS, "Content-Disposition": _disposition("inline", name), "Accept-Ranges": "bytes"}
    part, status = _part_asked_for(request, len(content)), 200
    if part is not None:
        status, headers["Content-Range"] = 206, f"bytes {part.start}-{part.stop - 1}/{len(content)}"
        content = content[part.start : part.stop]
    return web.Response(body=content, status=status, content_type=kind, headers=headers)


def _part_asked_for(request: web.Request, size: int) -> range | None:
    """The octets that are asked for; None for all of them, and for what makes no sense."""
    try:
        part = request.http_range
    except ValueError:
        return None
    if part.start is None:
        return None
    start, stop, _ = part.indices(size)
    return range(start, stop) if start < stop else None


def _disposition(how: str, name: str) -> str:
    """The field with the name as RFC 6266 writes it: in ASCII, and whole for whoever reads that."""
    plain = _NOT_PLAIN.sub("_", name)
    field = f'{how}; filename="{plain}"'
    return field if plain == name else f"{field}; filename*=UTF-8''{quote(name, safe='')}"
