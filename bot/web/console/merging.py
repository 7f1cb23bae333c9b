"""What the forms that join and part contacts offer to choose from."""

import re
from collections.abc import Mapping
from typing import Any

from bot.flows.changes.split import FIELD
from bot.flows.desk.contact_view import Arrived
from bot.web.console.opening import Opening

_MOST_CHARACTERS = 80


def context(opening: Opening) -> Mapping[str, Any]:
    """The messages of this page that can have a contact of their own."""
    view, refusal = opening.view, opening.refusal
    numbers = refusal.typed.get(FIELD, "") if refusal.at == "split" else ""
    ticked = {int(number) for number in re.findall(r"[0-9]{1,18}", numbers)}
    later = view.messages[1:] if view.page == view.pages else view.messages
    return {
        "apart": [_choice(message, ticked) for message in later if not message.of],
    }


def _choice(message: Arrived, ticked: set[int]) -> Mapping[str, Any]:
    words = " ".join(message.words.split())
    beginning = words if len(words) <= _MOST_CHARACTERS else f"{words[:_MOST_CHARACTERS]}…"
    return {
        "number": message.number,
        "at": message.received_at,
        "words": beginning or "no words",
        "ticked": message.number in ticked,
    }
