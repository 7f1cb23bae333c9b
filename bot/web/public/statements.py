"""The accessibility statement and the privacy notice, made from the configuration."""

from collections import defaultdict
from dataclasses import dataclass

from aiohttp import web

from bot.core import nations
from bot.core.durations import Duration, Unit, duration
from bot.flows import titles
from bot.render.words import count_in_words, date_in_words
from bot.web.public.languages import LANGUAGE, render
from bot.web.site import Site

_DAYS_OF_A_MONTH = 365.25 / 12
# By how much a time may miss full months and still be called so: 31, 183, 366 and 1,096 days are such times.
_NEARLY_DAYS = 2


@dataclass(frozen=True, slots=True)
class Keeping:
    """For how long what is written is kept: a time in words, and the kinds of contact that it is for."""

    time: str
    kinds: tuple[str, ...]


class Statements:
    """Shows both; they hold what is configured, and the times by which the store is cleared every night."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[web.RouteDef]:
        """One page for each."""
        return [web.get("/accessibility", self._accessibility), web.get("/privacy", self._privacy)]

    async def _accessibility(self, request: web.Request) -> web.Response:
        statement, organisation = self._site.settings.accessibility, self._site.settings.organisation
        context = {
            "statement": statement,
            "email": statement.email,
            "number": statement.phone or organisation.phone,
            "answer_within": count_in_words(duration(statement.answer_within), request[LANGUAGE]),
            "tested_on": date_in_words(statement.tested_on, request[LANGUAGE]) if statement.tested_on else "",
            "body": nations.equality_body(organisation.nation),
            "has_form": self._site.front_form is not None,
        }
        return render(request, "pages/accessibility.html", context)

    async def _privacy(self, request: web.Request) -> web.Response:
        notice, organisation = self._site.settings.privacy, self._site.settings.organisation
        context = {
            "own_notice": notice,
            "number": notice.phone or organisation.phone,
            "usual_time": self._time(self._site.settings.retention.days, request[LANGUAGE]),
            "private_time": self._time(self._site.settings.retention.direct_message_days, request[LANGUAGE]),
            "keeping": self._keeping(request[LANGUAGE]),
            "body": nations.INFORMATION_COMMISSIONER,
        }
        return render(request, "pages/privacy.html", context)

    def _keeping(self, language: str) -> list[Keeping]:
        """The times of the kinds that have one of their own, the longest first."""
        kinds = defaultdict[int, list[str]](list)
        for kind, days in self._site.settings.retention.days_of_kinds.items():
            kinds[days].append(titles.kind(kind))
        return [Keeping(self._time(days, language), tuple(sorted(kinds[days]))) for days in sorted(kinds, reverse=True)]

    def _time(self, days: int, language: str) -> str:
        """A time in words, and in months where it is about so many; an answer may come back so long, at least."""
        days = max(days, self._site.settings.mail.reopen_days)
        months = round(days / _DAYS_OF_A_MONTH)
        is_in_months = months > 0 and abs(days - months * _DAYS_OF_A_MONTH) <= _NEARLY_DAYS
        return count_in_words(Duration(months, Unit.MONTH) if is_in_months else Duration(days, Unit.DAY), language)
