"""What every answer carries to protect the person reading it, and what the web's own log may say."""

import logging

from aiohttp import web

CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Each is a default: a handler that needs another value sets it itself.
_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Signal `on_response_prepare`: it reaches answers that no middleware sees, too."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "Ackbot"  # aiohttp has filled in its versions by now


def protocol_log() -> logging.Logger:
    """The logger to give to the server: its lines name neither the caller nor the bytes that an error quotes."""
    logger = logging.getLogger("bot.web.protocol")
    logger.addFilter(_without_caller)
    return logger


def _without_caller(record: logging.LogRecord) -> bool:
    """Keep the line with the kind of error alone, as a warning: what is not HTTP at all is no error of ours."""
    kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else "unknown"
    record.msg, record.args, record.exc_info = "web.bad_request error=%s", (kind,), None
    record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True
