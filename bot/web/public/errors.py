"""An error is a page in the same layout that says what to do now; what went wrong inside goes to the log only."""

from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.core.page_sentences import sentence
from bot.web import incidents
from bot.web.public.languages import render

# status -> (heading, what to do)
_WORDS = {
    400: (sentence("We could not read that"), sentence("Go back and try again.")),
    403: (
        sentence("You cannot see this page from here"),
        sentence("This page is only shown on the computer that Ackbot runs on."),
    ),
    404: (sentence("Page not found"), sentence("Check that the web address is right.")),
    405: (sentence("That does not work here"), sentence("Go back and try again.")),
    413: (
        sentence("That is too big to send"),
        sentence("Go back. Make your message shorter, or send fewer or smaller files."),
    ),
    415: (sentence("We could not read that"), sentence("Use the form on our page to send us a message.")),
    500: (
        sentence("Sorry, something went wrong"),
        sentence("We may not have your message. Wait a minute. Then go back and send it."),
    ),
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
    return render(request, "pages/error.html", context, status=status)
