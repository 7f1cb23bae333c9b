"""What `ackbot check` says of the public pages: their languages, and what they cannot say of the organisation."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.render.catalogues import Catalogues
    from bot.settings.reading import Settings


def privacy_gap(configured: "Settings") -> str:
    """Return what is missing where people cannot read the organisation's own privacy notice; "" where they can."""
    if configured.organisation.privacy_url:
        return ""
    return (
        "organisation.privacy_url is not set: the page /privacy, which is made from this configuration, is the only "
        "privacy notice that people are led to (UK GDPR, article 13)."
    )


def notes(configured: "Settings") -> Iterator[str]:
    """Yield what is missing although the pages work without it."""
    if absent := ", ".join(_absent(configured)):
        yield f"the public pages have nothing to say of {absent} (docs/pages.md)."
    yield from _of_languages(configured)


def _absent(configured: "Settings") -> Iterator[str]:
    tables = {
        "organisation": ("opening_hours", "complaints_url", "bsl_url"),
        "accessibility": ("email", "tested_on"),
        "privacy": ("email",),
    }
    for table, keys in tables.items():
        yield from (f"{table}.{key}" for key in keys if not getattr(getattr(configured, table), key))


def _of_languages(configured: "Settings") -> Iterator[str]:
    from bot.core.languages import ENGLISH
    from bot.render.catalogues import Catalogues

    languages = [code for code in configured.organisation.languages if code != ENGLISH]
    if languages:
        catalogues = Catalogues(configured.template_directories)
        yield from _unchecked(configured, catalogues, languages)
        yield from _gaps(configured, catalogues, languages)


def _unchecked(configured: "Settings", catalogues: "Catalogues", languages: list[str]) -> Iterator[str]:
    from bot.core.languages import LANGUAGES

    if names := [LANGUAGES[code].english_name for code in languages if not catalogues.check(code).by]:
        is_out = configured.organisation.only_checked_translations
        what = "so they are in English" if is_out else "which are used all the same"
        yield f"nobody has checked the words of the public pages in {', '.join(names)}, {what} (docs/pages.md)."


def _gaps(configured: "Settings", catalogues: "Catalogues", languages: list[str]) -> Iterator[str]:
    """Yield what stays English: translations that would break a page, and sentences that have none."""
    from bot.core.languages import LANGUAGES
    from bot.render import page_sentences
    from bot.render.catalogues import FOLDER

    sentences = page_sentences.of_templates(configured.template_directories)
    for code in languages:
        name, words = LANGUAGES[code].english_name, catalogues.words(code)
        yield from (f"{name}, {FOLDER}/{code}.po: {fault}" for fault in catalogues.faults(code))
        if gaps := [sentence for sentence in sentences if sentence not in words]:
            yield f"{name}: {len(gaps)} sentences of the public pages stay English, such as: {gaps[0]}"
