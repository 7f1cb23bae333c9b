"""One opening of the page of a contact, from which each part of the page takes what it shows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.flows.desk.contact_view import ContactView
from bot.flows.rulebook import Rulebook
from bot.web.console.doorkeeper import Guest
from bot.web.console.lists import List
from bot.web.site import Site


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a form of the page was refused: the action, the name of the field, the sentence, and all that was typed."""

    at: str
    name: str
    sentence: str
    typed: Mapping[str, str]


NO_REFUSAL = Refusal("", "", "", {})


@dataclass(frozen=True, slots=True)
class Opening:
    """Who opens which contact at what time, and from which `list`.

    `query` is that of the address, `refusal` is of the form that was just sent.
    """

    connection: Connection
    view: ContactView
    guest: Guest
    site: Site
    now: datetime
    query: Mapping[str, str]
    list: List
    refusal: Refusal

    @property
    def book(self) -> Rulebook:
        """The rules at this instant."""
        return self.site.book


# What a part of the page is drawn from, read in the same transaction as the contact; names are of the template.
Part = Callable[[Opening], Mapping[str, Any]]
