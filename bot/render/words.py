"""Dates, times and durations in words that a reader of nine understands: "Monday 7 December 2026", "10:30am".

English is written as GOV.UK writes it. Every other language follows the CLDR and its own `words.toml`: a function takes
the code of a language, for the words that come with the service, or an organisation's own words.
"""

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.core.durations import Duration, Unit
from bot.core.languages import ENGLISH, LANGUAGES
from bot.render import language_words
from bot.render.language_words import LanguageWords

# The code of a language, or an organisation's own words.
Language = str | LanguageWords
_COUNTED_IN_DAYS = (Unit.WORKING_DAY, Unit.DAY, Unit.MONTH)


@lru_cache(maxsize=1024)
def date_in_words(day: date, language: Language = ENGLISH) -> str:
    """Return a day with its weekday: "Monday 7 December 2026"."""
    # To import it asks the system for its time zone, which takes as long as to write a hundred dates.
    from babel.dates import format_date  # noqa: PLC0415

    code = code_of(language)
    # Only English may leave out the comma: other languages would lose a word or the order of their dates.
    return format_date(day, "EEEE d MMMM y" if code == ENGLISH else "full", locale=_locale(code))


def instant_in_words(instant: datetime, zone: ZoneInfo, language: Language = ENGLISH) -> str:
    """Return a local time and its day: "10:30am on Monday 7 December 2026"."""
    local = instant.astimezone(zone)
    day = date_in_words(local.date(), language)
    if code_of(language) == ENGLISH:
        return f"{_hour(local)} on {day}"
    words = _words(language)
    return words.at.replace("{day}", day).replace("{time}", _time(local, words))


# One day's receipts have the same date to answer by.
@lru_cache(maxsize=1024)
def due_in_words(due: datetime | None, promise: Duration | None, zone: ZoneInfo, language: Language = ENGLISH) -> str:
    """Return the due day, with the time for a promise of hours or minutes; "" without a date."""
    if due is None:
        return ""
    if promise is None or promise.unit in _COUNTED_IN_DAYS:
        return date_in_words(due.astimezone(zone).date(), language)
    return instant_in_words(due, zone, language)


def number_in_words(number: int, language: Language = ENGLISH) -> str:
    """Return a count with its thousands apart, as the language writes them: "1,726"."""
    from babel.numbers import format_decimal  # noqa: PLC0415 - as above

    return format_decimal(number, locale=_locale(code_of(language)))


def count_in_words(duration: Duration, language: Language = ENGLISH) -> str:
    """Return a duration: "10 working days".

    English says it as it was written, and so does every language of what it has no form for: working hours, the same
    day.
    """
    code, name = code_of(language), language_words.COUNTS.get(duration.unit)
    if code == ENGLISH or name is None or not duration.count:
        return duration.words
    forms = _words(language).counts[name]
    form = forms.get(_plural_category(code, duration.count), forms[language_words.OTHER])
    return form.replace("{n}", str(duration.count))


@lru_cache(maxsize=1024)
def _plural_category(code: str, number: int) -> str:
    from babel import Locale  # noqa: PLC0415 - as above

    return Locale.parse(_locale(code)).plural_form(number)


def code_of(language: Language) -> str:
    """Return the code of a language."""
    return language if isinstance(language, str) else language.code


def _words(language: Language) -> LanguageWords:
    return language_words.of_code(language) if isinstance(language, str) else language


def _locale(code: str) -> str:
    language = LANGUAGES.get(code)
    return language.locale if language else code


def _time(local: datetime, words: LanguageWords) -> str:
    from babel.dates import format_time  # noqa: PLC0415 - as above

    if local.minute == 0 and local.hour in (0, 12):
        return words.midday if local.hour else words.midnight
    return format_time(local.time(), "short", locale=words.locale)


def _hour(local: datetime) -> str:
    # GOV.UK style: 12am and 12pm are misread, so they are words.
    if local.minute == 0 and local.hour in (0, 12):
        return "midday" if local.hour else "midnight"
    minutes = f":{local.minute:02}" if local.minute else ""
    return f"{local.hour % 12 or 12}{minutes}{'am' if local.hour < 12 else 'pm'}"
