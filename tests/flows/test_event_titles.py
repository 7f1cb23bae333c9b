"""What happened is read by staff in words, never under the name that programs read."""

from zoneinfo import ZoneInfo

from bot.core.deliveries import Purpose, State
from bot.core.escalations import FIXED_STEPS, RESPOND_LADDER
from bot.core.events import EventKind
from bot.flows import titles
from bot.flows.desk import event_titles, event_words

LONDON = ZoneInfo("Europe/London")


def test_every_event_message_and_state_has_a_title_without_a_name_for_programs() -> None:
    """No hyphen of a stored name is left; a kind of long ago is shown as words."""
    titles = [event_titles.event(kind) for kind in EventKind]
    titles += [event_titles.message(purpose) for purpose in Purpose]
    assert [title for title in titles if "failure" in title or "-" in title.replace("Sign-in", "")] == []
    assert {title for title in titles if title[:1].islower()} == set()
    assert "failure" not in " ".join(event_titles.state(state) for state in State)
    assert event_titles.event("acknowledgement permanent-failure") == "Acknowledgement: not delivered"
    assert event_titles.event("a kind-of long ago") == "A kind of long ago"


def test_a_step_says_why_staff_are_told() -> None:
    """The steps of the ladders in their words, a call by its number, and one of a ladder of long ago as words."""
    steps = (*FIXED_STEPS, *RESPOND_LADDER)
    assert [event_titles.step(step.name) for step in steps] == [step.words for step in steps]
    assert [event_titles.step(name) for name in ("urgent-2", "respond-99", "")] == ["call 2", "respond 99", ""]


def test_what_stands_behind_an_event_names_titles() -> None:
    """Teams, kinds and steps by their titles; the number of the rule and the purpose are for programs."""
    details = {
        "outcome": "acknowledge",
        "rule": "24 person",
        "reason": "a person wrote",
        "routed": "team front-office: nothing says more",
        "team": "front-office",
        "kind": "dp-complaint",
        "purpose": "acknowledgement",
        "step": "respond-due",
        "attempt": 1,
    }
    assert event_words.lines(details, LONDON) == [
        ("Decided", "An acknowledgement goes out"),
        ("Because", "a person wrote"),
        ("Where it went", "team Front office, because nothing says more"),
        ("To the team", "Front office"),
        ("Kind", "Complaint about personal data"),
        ("Why", "the answer is due and not recorded"),
    ]
    assert event_words.lines({"attempt": 2}, LONDON) == [("Attempt", "2")]


def test_what_staff_say_for_the_figures_is_told_in_the_words_that_they_choose_by() -> None:
    """With what was said before; a code of another version as it is."""
    assert event_words.lines({"avoidable": "progress", "avoidable_before": ""}, LONDON) == [
        ("Was it avoidable", "They asked how far we are")
    ]
    assert event_words.lines({"cause": "", "cause_before": "absence"}, LONDON) == [
        ("Said before", "Staff were away, or a post was vacant")
    ]
    assert event_words.lines({"complaint_outcome": "upheld-twice", "complaint_outcome_before": "upheld"}, LONDON) == [
        ("The complaint", "upheld-twice"),
        ("Said before", "Upheld"),
    ]


def test_what_it_was_about_before_has_titles_too() -> None:
    """Of every topic, and of what was decided."""
    before = {"kind": "foi", "kind_before": "dp-complaint", "area_before": "north-town", "outcome_before": "log"}
    assert event_words.lines(before, LONDON) == [
        ("Kind", titles.kind("foi")),
        ("Before about", "Complaint about personal data"),
        ("Before about", "North town"),
        ("Decided before", "No acknowledgement goes out"),
    ]
