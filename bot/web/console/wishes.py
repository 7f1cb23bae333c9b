"""How the person of a contact is to be written to: shown on its page, and changed there."""

from collections.abc import Mapping
from typing import Any

from bot.core.languages import LANGUAGES
from bot.flows.changes import needs
from bot.flows.desk import wishes
from bot.web.console.opening import Opening

LANGUAGE_CHOICES = {code: language.english_name for code, language in LANGUAGES.items()}


def context(opening: Opening) -> Mapping[str, Any]:
    """What the person wants, what is to be made for them, and what the form for both offers."""
    view = opening.view
    usual_needs, further_needs = needs.usual_and_other(view.needs.needs if view.needs else "")
    return {
        "wishes": wishes.of(view.contact, view.needs),
        "to_make": view.to_make,
        "reminder": wishes.reminder(view.contact, view.preference),
        "languages": LANGUAGE_CHOICES,
        "language_noted": view.needs.language if view.needs else "",
        "need_words": needs.USUAL,
        "needs_chosen": usual_needs,
        "needs_more": further_needs,
    }
