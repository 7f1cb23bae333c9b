"""What an action writes to a person is shown before it leaves: to be sent, or to be changed."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.core import closings
from bot.core.contacts import State
from bot.flows.changes.reach import reach
from bot.flows.desk.foresight import Foresight
from bot.flows.desk.orders import Order
from bot.web.console.doorkeeper import Guest, render
from bot.web.console.opening import Opening

# The name under which what was seen would leave; and the button that goes back to the form.
DIGEST, CHANGE = "digest", "change"
_OF_THE_FORM = frozenset({"csrf", "action", DIGEST, CHANGE})


def show(request: web.Request, guest: Guest, order: Order, foresight: Foresight) -> web.StreamResponse:
    """The page with every message as it would leave. It holds what was typed: nothing is stored of it."""
    values = {
        "reference": order.reference,
        "action": order.action,
        "fields": {name: value for name, value in order.fields.items() if name not in _OF_THE_FORM},
        "foresight": foresight,
        "has_changed": bool(order.field(DIGEST)),
    }
    return render(request, guest, "before", values)


def context(opening: Opening) -> Mapping[str, Any]:
    """How a contact can be closed, and why no message reaches the person, where none does."""
    contact = opening.view.contact
    is_owed = contact.state == State.OPEN
    route = reach(opening.connection, contact, opening.now, opening.book) if is_owed else None
    return {
        "closings": {outcome.value: words for outcome, words in closings.LABELS.items()},
        "unreachable": route.why_not if route else "",
    }
