"""An error that nobody foresaw: a number for whoever meets it, and a line in the log under the same number."""

import secrets
import traceback
from pathlib import Path

from aiohttp import web

from bot import log

_FRAMES_LOGGED = 5
_HALF = 10_000


def report(request: web.Request, error: Exception) -> str:
    """Log where it went wrong, without a word of what anybody wrote; return the number of the incident."""
    # Short enough to be read out on the telephone, and one of a hundred million: unique among the lines of a log.
    incident = f"{secrets.randbelow(_HALF):04}-{secrets.randbelow(_HALF):04}"
    place = _place(error)
    log.get("web").error("web.failed", incident=incident, method=request.method, route=_route(request), **place)
    return incident


def _route(request: web.Request) -> str:
    """The pattern of the route, never the address that was asked for: people put anything into addresses."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "none"


def _place(error: Exception) -> dict[str, str]:
    """Kind and place of an error, without its text, which may quote what a person wrote."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES_LOGGED:]
    where = " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
    return {"error": type(error).__name__, "where": where}
