"""An error is a page in the same layout that says what to do now; what went wrong inside goes to the log only."""

from http import HTTPStatus

import aiohttp_jinja2
from aiohttp import web
from aiohttp.typedefs import Handler

from bot.web import incidents

# status -> (heading, what to do)
_WORDS = {
    400: ("We could not read that", "Go back and try again."),
    403: ("You cannot see this page from here", "This page is only shown on the computer that Ackbot runs on."),
    404: ("Page not found", "Check that the web address is right."),
    405: ("That does not work here", "Go back and try again."),
    413: ("That is too big to send", "Go back and make your message shorter. You cannot send files with this form."),
    415: ("We could not read that", "Use the form on our page to send us a message."),
    500: ("Sorry, something went wrong", "We may not have your message. Wait a minute. Then go back and send it."),
}


@web.middleware
async def as_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error into a page, and press pages small for slow lines."""
    try:
        response = await handler(request)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        response = _page(request, error.status)
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
    except Exception as error:  # noqa: BLE001 - the border to the person: they get a page, the log gets the place
        incidents.report(request, error)
        response = _page(request, 500)
    if not isinstance(response, web.Response) or response.body is not None:
        response.enable_compression()
    return response


def _page(request: web.Request, status: int) -> web.Response:
    heading, advice = _WORDS.get(status) or _WORDS[400 if status < HTTPStatus.INTERNAL_SERVER_ERROR else 500]
    context = {"heading": heading, "advice": advice}
    return aiohttp_jinja2.render_template("pages/error.html", request, context, status=status)
