"""What people say in public on our accounts and gets no receipt: a list with a clock of its own."""

from urllib.parse import urlsplit

from aiohttp import web
from sqlalchemy import Connection

from bot.core.roles import Permission
from bot.flows.changes.refusals import Refused
from bot.flows.desk import public_posts
from bot.flows.titles import Titles
from bot.render.words import instant_in_words
from bot.store import public_posts as stored
from bot.store.public_posts import PublicPost
from bot.web.console.doorkeeper import ROOT, Doorkeeper, Guest, refusal, render
from bot.web.console.message import reference_in_path
from bot.web.site import STATUS_OF, Site
from bot.wire import bundles

_HERE = f"{ROOT}/public"
_MOST_LISTED = 50
_MOST_SHOWN = 400


class PublicPostPages:
    """The list; and the button that says that nothing is to be done."""

    def __init__(self, site: Site, door: Doorkeeper) -> None:
        self._site, self._door = site, door

    def routes(self) -> list[web.RouteDef]:
        """Everybody looks at the list; whoever acts on a contact says that they have."""
        page = self._door.page
        return [
            web.get(_HERE, page(Permission.READ, self._list)),
            web.post(f"{_HERE}/{{reference}}", page(Permission.ACT, self._look)),
        ]

    async def _list(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        scope, now, book = guest.visitor.scope, self._site.now(), self._site.book

        def read(c: Connection) -> tuple[list[PublicPost], int]:
            return stored.waiting(c, scope, _MOST_LISTED), stored.count(c, scope)

        posts, count = await self._site.read(read)
        context = {
            "rows": [(post, post.text[:_MOST_SHOWN], _link(post), post.look_by < now) for post in posts],
            "more": count - len(posts),
            "titles": Titles(book),
            "may_act": guest.may(Permission.ACT),
            "when": lambda at: instant_in_words(at, book.clocks.default_calendar.zone),
        }
        return render(request, guest, "public", context)

    async def _look(self, request: web.Request, guest: Guest) -> web.StreamResponse:
        reference, now = reference_in_path(request, self._site.book.prefix), self._site.now()
        try:
            await self._site.write(lambda c: public_posts.look(c, reference, guest.visitor, now))
        except Refused as objection:
            return refusal(request, STATUS_OF[objection.kind], "Nothing was changed", objection.sentence, guest)
        raise web.HTTPSeeOther(_HERE)


def _link(post: PublicPost) -> str:
    """Where it stands on the platform, or ""."""
    link = bundles.fields_of(post.fields.encode("utf-8", "replace")).get("link", "")
    return link if urlsplit(link).scheme == "https" else ""
