"""The web application: health for machines, and pages, which come once they are put together; and where it listens."""

from aiohttp import web

from bot.web import security
from bot.web.connections import Listener, follow
from bot.web.later import Later
from bot.web.public.health import Health

# Of a request without files, of which more is allowed: room for 10,000 characters of four bytes, each sent as %XX, and
# for a much too long message to be shown again.
MOST_BYTES = 512 * 1024


class CannotStart(Exception):
    """The service cannot start; the text says what to do."""


async def serve(app: web.Application, listen: str) -> web.AppRunner:
    """Listen there; raises CannotStart."""
    app_runner = runner(app)
    await app_runner.setup()
    host, _, port = listen.rpartition(":")
    try:
        await Listener(app_runner, host, int(port)).start()
    except OSError as error:
        raise CannotStart(f"web.listen = {listen}: cannot listen there: {error.strerror}") from error
    return app_runner


def application(health: Health, pages: Later) -> web.Application:
    """The application, ready to be run; whoever asks for a page waits until `pages` are there."""
    app = web.Application(client_max_size=MOST_BYTES, middlewares=[follow])
    app.on_response_prepare.append(security.add_headers)
    app.add_routes(health.probes())
    app.router.register_resource(pages)
    return app


def runner(app: web.Application, *, shutdown_seconds: float = 3) -> web.AppRunner:
    """Runs the application without an access log: addresses and what people ask for are theirs.

    When it stops, requests under way have `shutdown_seconds` to come to their end.
    """
    return web.AppRunner(app, access_log=None, logger=security.protocol_log(), shutdown_timeout=shutdown_seconds)
