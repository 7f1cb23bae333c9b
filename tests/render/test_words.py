"""Dates and times as people say them."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.core.durations import Duration, Unit, duration
from bot.render import language_words
from bot.render.front_matter import BadTemplate
from bot.render.language_words import COUNTS, LanguageWords
from bot.render.words import count_in_words, date_in_words, due_in_words, instant_in_words
from tests.render.letters import TEMPLATES

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 12, 25), "Friday 25 December 2026"),
        (date(2026, 12, 29), "Tuesday 29 December 2026"),
        (date(2027, 1, 6), "Wednesday 6 January 2027"),
        (date(2027, 3, 30), "Tuesday 30 March 2027"),
    ],
)
def test_a_day_has_its_weekday_and_no_figures_to_guess(day: date, words: str) -> None:
    """Never 06/01/27."""
    assert date_in_words(day) == words


@pytest.mark.parametrize(
    ("instant", "words"),
    [
        (datetime(2026, 11, 23, 10, 30, tzinfo=UTC), "10:30am on Monday 23 November 2026"),
        (datetime(2026, 11, 23, 16, 0, tzinfo=UTC), "4pm on Monday 23 November 2026"),
        (datetime(2026, 11, 23, 12, 0, tzinfo=UTC), "midday on Monday 23 November 2026"),
        (datetime(2026, 6, 30, 23, 0, tzinfo=UTC), "midnight on Wednesday 1 July 2026"),
        (datetime(2026, 11, 23, 12, 5, tzinfo=UTC), "12:05pm on Monday 23 November 2026"),
    ],
)
def test_a_time_is_local_and_says_which_half_of_the_day(instant: datetime, words: str) -> None:
    """In the organisation's own zone, summer time included."""
    assert instant_in_words(instant, LONDON) == words


DATES = {
    "en": "Monday 7 December 2026",
    "cy": "Dydd Llun, 7 Rhagfyr 2026",
    "pl": "poniedziałek, 7 grudnia 2026",
    "ro": "luni, 7 decembrie 2026",
    "pt": "segunda-feira, 7 de dezembro de 2026",
    "lt": "2026 m. gruodžio 7 d., pirmadienis",
    "uk": "понеділок, 7 грудня 2026\N{NARROW NO-BREAK SPACE}р.",
    "ar": "الاثنين، 7 ديسمبر 2026",
    "ur": "پیر، 7 دسمبر، 2026",
    "bn": "সোমবার, 7 ডিসেম্বর, 2026",
    "zh": "2026年12月7日星期一",
}


@pytest.mark.parametrize("code", DATES)
def test_a_day_stands_as_its_language_writes_it(code: str) -> None:
    """With the weekday, the order and the endings of the CLDR, and the digits that everybody can type."""
    assert date_in_words(date(2026, 12, 7), code) == DATES[code]


def words_of(code: str) -> LanguageWords:
    """Words whose forms are the names of their plural categories."""
    forms = {category: f"{category} {{n}}" for category in ("zero", "one", "two", "few", "many", "other")}
    counts = dict.fromkeys(COUNTS.values(), forms)
    return LanguageWords(code, "x", "{day}, {time}", "noon", "night", counts)


NUMBERS = (0, 1, 2, 3, 5, 6, 10, 20, 40)
# Unicode CLDR, "Language Plural Rules".
CATEGORIES = {
    "cy": "zero one two few other many other other other",
    "pl": "many one few few many many many many many",
    "ro": "few one few few few few few other other",
    "pt": "other one other other other other other other other",
    "lt": "other one few few few few other other other",
    "uk": "many one few few many many many many many",
    "ar": "zero one two few few few few many many",
    "ur": "other one other other other other other other other",
    "bn": "one one other other other other other other other",
    "zh": "other other other other other other other other other",
}


@pytest.mark.parametrize("code", CATEGORIES)
def test_a_number_takes_the_form_of_its_plural_category(code: str) -> None:
    """As the CLDR counts in the language; nought of anything is said as the standard says it."""
    for number, category in list(zip(NUMBERS, CATEGORIES[code].split(), strict=True))[1:]:
        counted = count_in_words(Duration(number, Unit.WORKING_DAY), words_of(code))
        assert counted == f"{category} {number}"
    assert count_in_words(duration("same day"), words_of(code)) == "same day"


def test_a_duration_in_english_stays_as_it_was_written() -> None:
    """And so does what a language has no form for."""
    assert count_in_words(duration("10 working days")) == "10 working days"
    assert count_in_words(duration("4 working hours"), words_of("pl")) == "4 working hours"


@pytest.mark.parametrize(
    ("code", "hour", "words"),
    [
        ("pl", 16, "poniedziałek, 23 listopada 2026, 16:00"),
        ("ar", 16, "الاثنين، 23 نوفمبر 2026, 4:00 م"),
        ("cy", 12, "Dydd Llun, 23 Tachwedd 2026, noon"),
        ("cy", 0, "Dydd Llun, 23 Tachwedd 2026, night"),
    ],
)
def test_a_time_stands_in_the_frame_of_its_language(code: str, hour: int, words: str) -> None:
    """As its readers tell the time; what falls due in hours has its time, too."""
    instant = datetime(2026, 11, 23, hour, tzinfo=UTC)
    own = words_of(code)
    assert instant_in_words(instant, LONDON, own) == words
    assert due_in_words(instant, duration("4 hours"), LONDON, own) == words
    assert due_in_words(instant, duration("4 days"), LONDON, own) == date_in_words(instant.date(), code)


OWN = """
name = "Polski"
at = "{time}, {day}"
midday = "12:00"
midnight = "00:00"
english_beneath = "Poniżej po angielsku."
offer = "Możemy pisać po polsku."
""" + "".join(f'[counts.{name}]\none = "{{n}} a"\nother = "{{n}} b"\n' for name in COUNTS.values())


def test_an_organisations_own_words_come_before_the_packaged_ones(tmp_path: Path) -> None:
    """The first of the directories that has the file has the say."""
    (tmp_path / "messages" / "pl").mkdir(parents=True)
    (tmp_path / "messages" / "pl" / "words.toml").write_text(OWN, encoding="utf-8")
    own = language_words.read([tmp_path, TEMPLATES], "pl")
    assert (own.english_beneath, own.checked_on) == ("Poniżej po angielsku.", "")
    assert count_in_words(Duration(1, Unit.MONTH), own) == "1 a"
    assert language_words.read([tmp_path, TEMPLATES], "en").at == "{time} on {day}"


@pytest.mark.parametrize(
    ("words", "other_words", "fault"),
    [
        ('midday = "12:00"', "", "lacks midday"),
        ('offer = "Możemy pisać po polsku."', "", "lacks offer"),
        ('name = "Polski"', 'name = "Polish"', "'Polski'"),
        ('at = "{time}, {day}"', 'at = "{day}"', "{time} and {day}"),
        ('name = "Polski"', 'name = "Polski"\ncolour = "x"', "colour"),
        ("[counts.days]", "[counts.weeks]", "counts.weeks"),
        ('[counts.days]\none = "{n} a"\nother = "{n} b"', '[counts.days]\none = "{n} a"', "counts.days"),
        ('name = "Polski"', "name = ", "TOML"),
    ],
)
def test_faulty_words_are_refused_with_their_file(tmp_path: Path, words: str, other_words: str, fault: str) -> None:
    """The fault names what is wrong with it."""
    assert words in OWN
    (tmp_path / "messages" / "pl").mkdir(parents=True)
    (tmp_path / "messages" / "pl" / "words.toml").write_text(OWN.replace(words, other_words), encoding="utf-8")
    with pytest.raises(BadTemplate) as error:
        language_words.read([tmp_path], "pl")
    assert "words.toml" in str(error.value)
    assert fault in str(error.value)


def test_a_language_without_words_is_refused() -> None:
    """Nothing is made up for it."""
    with pytest.raises(BadTemplate, match=r"messages/gd/words\.toml"):
        language_words.of_code("gd")
