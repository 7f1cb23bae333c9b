"""Which promise a contact gets: the most specific one in force on its day; overlaps and gaps are found before."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.core.books import Book, Matter, faults
from bot.core.standards import BadStandard, Standard, from_stored, read, standard

CONFIG = Path(__file__).parents[2] / "config"
PACK = sorted((CONFIG / "standards").glob("*.toml"))
TODAY = date(2026, 11, 23)


def made(standard_id: str, **changes: Any) -> Standard:
    """A standard in a file of its own."""
    table = {
        "id": standard_id,
        "title": standard_id,
        "version": "1",
        "valid_from": date(2020, 1, 1),
        "calendar": "england",
        "acknowledge": "1 working day",
        "respond": "10 working days",
    }
    file = changes.pop("file_name", standard_id)
    return standard(table | changes, f"{file}.toml")


def pack(*more: Path) -> list[Standard]:
    """The packaged standards, and those of other files."""
    return [
        standard
        for path in (*PACK, *more)
        for standard in read(tomllib.loads(path.read_text(encoding="utf-8")), path.name)
    ]


GENERAL = made("general")


def test_the_pack_has_neither_overlap_nor_gap() -> None:
    """As it is shipped, and with the example of two areas."""
    assert faults(pack()) == []
    assert faults(pack(CONFIG / "examples" / "two-areas" / "housing.toml")) == []


@pytest.mark.parametrize(
    ("matter", "chosen"),
    [
        (Matter("email"), "general"),
        (Matter("web_form"), "website"),
        (Matter("mastodon", visibility="public"), "general"),
        (Matter("letter"), "letter"),
        (Matter("web_form", kind="complaint"), "complaint"),
        (Matter("email", kind="foi"), "foi"),
        (Matter("email", kind="eir"), "eir"),
        (Matter("email", kind="sar"), "subject-access"),
        (Matter("email", kind="dp-complaint"), "data-protection-complaint"),
        (Matter("email", kind="housing-hazard-emergency"), "housing-hazard-emergency"),
        (Matter("email", kind="member"), "members"),
        (Matter("email", kind="urgent"), "urgent"),
        (Matter("email", kind="something else"), "general"),
    ],
)
def test_the_pack_has_a_promise_for_each(matter: Matter, chosen: str) -> None:
    """The most specific one counts, and there is always one."""
    assert Book(pack()).choose(matter, TODAY).id == chosen


def test_two_areas_before_and_after_they_were_brought_into_line() -> None:
    """Each area keeps its promise up to the last day; one promise counts from the next."""
    book = Book(pack(CONFIG / "examples" / "two-areas" / "housing.toml"))
    before, after = date(2025, 3, 31), date(2025, 4, 1)
    areas = [Matter("email", "housing", area=area) for area in ("east", "west")]
    chosen = [book.choose(matter, day) for day in (before, after) for matter in areas]
    assert [(standard.id, str(standard.respond)) for standard in chosen] == [
        ("housing-east", "10 working days"),
        ("housing-west", "5 days"),
        ("housing", "10 working days"),
        ("housing", "10 working days"),
    ]
    # Of no area that is known, it is as for everybody until there is one promise for all homes.
    assert [book.choose(Matter("email", "housing"), day).id for day in (before, after)] == ["general", "housing"]


def test_the_law_stands_before_every_promise_of_ours() -> None:
    """A service's own promise does not lengthen a statute's time."""
    slow = made("slow", services=["archive"], respond="60 working days")
    law = made("law", kinds=["foi"], basis="law", respond="20 working days")
    assert Book([GENERAL, slow, law]).choose(Matter("email", "archive", "foi"), TODAY).id == "law"


def test_the_service_stands_before_the_kind_and_the_kind_before_the_channel() -> None:
    """The order of domain practice: service, kind, area, channel."""
    by_service, by_kind = made("by-service", services=["bins"]), made("by-kind", kinds=["complaint"])
    by_channel = made("by-channel", channels=["email"])
    book = Book([by_channel, GENERAL, by_kind, by_service])
    assert book.choose(Matter("email", "bins", "complaint"), TODAY).id == "by-service"
    assert book.choose(Matter("email", "", "complaint"), TODAY).id == "by-kind"
    assert book.choose(Matter("email"), TODAY).id == "by-channel"


def test_what_is_older_than_every_standard_gets_the_first_for_everybody() -> None:
    """Old mail that is taken in is not lost for want of a promise."""
    assert Book([GENERAL]).choose(Matter("email"), date(2011, 1, 1)) is GENERAL


@pytest.mark.parametrize(
    ("book", "words"),
    [
        ([GENERAL, made("other")], ["general.toml", "other.toml", "neither is more specific"]),
        ([GENERAL, made("a", kinds=["x", "y"]), made("b", kinds=["y"])], ["a.toml", "b.toml", "same contacts"]),
        (
            [GENERAL, made("a", kinds=["x"], channels=["email"]), made("b", kinds=["x"], channels=["email", "x"])],
            ["a.toml", "b.toml"],
        ),
        (
            [GENERAL, made("a", kinds=["x"]), made("a", kinds=["y"], version="2", file_name="c")],
            ["both are in force on 2020-01-01"],
        ),
        (
            [
                GENERAL,
                made("a", kinds=["x"], valid_to=date(2021, 1, 1)),
                made("a", kinds=["x"], version="2", valid_from=date(2021, 1, 3)),
            ],
            ["neither is in force from 2021-01-02 to 2021-01-02"],
        ),
        (
            [made("old", valid_to=date(2021, 1, 1)), made("new", valid_from=date(2022, 1, 1))],
            ["old.toml", "new.toml", "2021-01-02 to 2021-12-31"],
        ),
        (
            [
                GENERAL,
                made("a", kinds=["x"], areas=["n"], valid_to=date(2021, 1, 1)),
                made("b", kinds=["x"], valid_from=date(2021, 2, 1)),
            ],
            ["a.toml", "b.toml", "2021-01-02 to 2021-01-31"],
        ),
        (
            [
                GENERAL,
                made("a", kinds=["x"], valid_to=date(2021, 1, 1)),
                made("a", kinds=["y"], valid_from=date(2021, 1, 2)),
            ],
            ["give each its own"],
        ),
        ([made("old", valid_to=date(2021, 1, 1))], ["ends on 2021-01-01", "no standard for everybody follows"]),
        ([made("a", kinds=["x"])], ["none for everybody"]),
    ],
)
def test_overlaps_and_gaps_name_both_files(book: list[Standard], words: list[str]) -> None:
    """What a lawyer would find is found when the files are read."""
    report = "\n".join(faults(book))
    for word in words:
        assert word in report


@pytest.mark.parametrize(
    "book",
    [
        [GENERAL, made("a", kinds=["x"]), made("b", kinds=["y"])],
        [GENERAL, made("a", kinds=["x"]), made("b", channels=["email"])],
        [made("general", valid_to=date(2021, 1, 1)), made("general", version="2", valid_from=date(2021, 1, 2))],
        [GENERAL, made("a", services=["s"], areas=["n"]), made("b", services=["s"], areas=["m"])],
        [GENERAL, made("a", kinds=["x"], valid_to=date(2021, 1, 1))],
    ],
)
def test_what_fits_together_is_no_fault(book: list[Standard]) -> None:
    """Different people, or one after the other."""
    assert faults(book) == []


def test_a_file_may_hold_several_that_share_their_keys() -> None:
    """Each may say otherwise; a mistake names the file and which of them."""
    shared = {"version": "3", "valid_from": TODAY, "calendar": "wales", "acknowledge": "none", "respond": "5 days"}
    both = [{"id": "a", "title": "A"}, {"id": "b", "title": "B", "respond": "6 days"}]
    standards = read(shared | {"standard": both}, "x.toml")
    assert [(standard.id, str(standard.respond), standard.calendar, standard.file) for standard in standards] == [
        ("a", "5 days", "wales", "x.toml"),
        ("b", "6 days", "wales", "x.toml"),
    ]
    with pytest.raises(BadStandard, match=r"x.toml: standard\[2\].respond = 'soon'"):
        read(shared | {"standard": [both[0], both[1] | {"respond": "soon"}]}, "x.toml")
    for wrong in ([], 5, [5]):
        with pytest.raises(BadStandard, match=r"x.toml: standard"):
            read(shared | {"standard": wrong}, "x.toml")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"acknowledge": "none", "respond": "none"}, "at least one"),
        ({"respond_from": "acknowledgement"}, "acknowledged_by"),
        ({"respond": "none", "extend_to": "20 working days"}, "extend_to"),
        ({"channels": []}, "a list of names"),
        ({"kinds": "foi"}, "a list of names"),
        ({"basis": "habit"}, "promise, law"),
        ({"visibility": "secret"}, "private, public"),
        ({"pause": "never"}, "inclusive, after-start"),
        ({"review_by": "2027-01-01"}, "a date without quotes"),
    ],
)
def test_what_cannot_be_meant_is_a_mistake(changes: dict[str, Any], words: str) -> None:
    """It says what is allowed."""
    with pytest.raises(BadStandard, match=words):
        made("a", **changes)


def test_a_medium_that_nobody_knows_is_a_mistake() -> None:
    """Whoever knows how contacts can come says what is allowed; without anybody who does, every name is taken."""
    table = made("a").as_table() | {"valid_from": date(2020, 1, 1), "channels": ["emial", "letter"]}
    assert standard(table, "x.toml").channels == ("emial", "letter")
    words = r"^x.toml: channels = \['emial', 'letter'\] cannot be used; allowed: email, letter$"
    with pytest.raises(BadStandard, match=words):
        standard(table, "x.toml", lambda name: "" if name == "letter" else "allowed: email, letter")


def test_a_standard_is_the_same_after_it_was_kept() -> None:
    """The store keeps what a file said."""
    for original in pack():
        assert from_stored(original.as_table()) == original
