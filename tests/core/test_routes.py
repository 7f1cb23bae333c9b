"""What a contact is about follows from the rules of services.toml, the first that holds, with its reason."""

from dataclasses import replace

import pytest

from bot.core import postcodes, topics
from bot.core.messages import Inbound, Mail, Party
from bot.core.phrases import Phrases
from bot.core.topics import Route, Router, Service, Way

INBOX = Way("inbox", "email")
BINS = Service("bins", "Bins and recycling", "https://www.example.gov.uk/bins", "Call us.", "waste")


def message(text: str = "", *, to: tuple[str, ...] = (), **fields: str) -> Inbound:
    """A mail, or with fields a form."""
    mail = None if fields else Mail(headers=(), return_path=None, to=to)
    return Inbound("inbox", "1", "1", Party("ann@residents.example"), text=text, mail=mail, fields=fields)


def route(rules: list[Route], what: Inbound, way: Way = INBOX, language: str = "en") -> topics.Destination:
    """Where it goes, by a council with two teams."""
    return Router([BINS], rules, "front").route(topics.query_of(what, way, language))


def test_the_first_rule_that_holds_names_each_thing() -> None:
    """One names the service, another the area; a later one for the same thing is not asked."""
    rules = [
        Route(1, service="bins", words=Phrases(["missed bin"])),
        Route(2, area="taunton", prefixes=("TA1",)),
        Route(3, area="elsewhere", media=frozenset({"email"})),
    ]
    goal = route(rules, message("A missed bin at ta1 3du."))
    assert (goal.service, goal.area, goal.team, goal.is_decided) == ("bins", "taunton", "waste", True)
    assert goal.because == (
        'service bins: rule 1, the words "missed bin"',
        "area taunton: rule 2, postcode TA1",
        "team waste: it has the service bins",
    )


def test_every_condition_of_a_rule_must_hold() -> None:
    """Words and channel: one of both is not enough."""
    rule = Route(1, team="waste", words=Phrases(["bin"]), channels=frozenset({"website"}))
    assert route([rule], message("my bin")).team == "front"
    assert route([rule], message("my bin"), Way("website", "web_form")).team == "waste"


def test_a_channel_says_what_everything_there_is_about() -> None:
    """Its own service, area and kind stand before every rule; a rule may still give the contact to another team."""
    way = Way("inbox", "email", service="parks", area="north", team="green", kind="complaint")
    rule = Route(1, service="bins", area="south", kind="foi", media=frozenset({"email"}))
    goal = route([rule], message("x"), way)
    assert (goal.service, goal.area, goal.kind, goal.team) == ("parks", "north", "complaint", "green")
    assert route([replace(rule, team="waste")], message("x"), way).team == "waste"


def test_what_was_chosen_on_a_form_is_its_service() -> None:
    """A service that there is stands before the rules; another value does not."""
    rule = Route(1, service="parks", media=frozenset({"email"}))
    assert route([rule], message("x", service="bins")).service == "bins"
    assert route([rule], message("x", service="<b>")).service == "parks"


def test_fields_addresses_and_languages() -> None:
    """Each is a condition of its own."""
    field = Route(1, team="waste", fields={"topic": frozenset({"my bin"})})
    assert route([field], message("x", topic="My bin!")).team == "waste"
    assert route([field], message("x", topic="other")).team == "front"
    to = Route(1, team="waste", to=frozenset({"bins@example.gov.uk"}))
    assert route([to], message("x", to=("Bins@Example.gov.uk",))).team == "waste"
    polish = Route(1, team="waste", languages=frozenset({"pl"}))
    assert route([polish], message("x"), language="pl").because[-1] == "team waste: rule 1, in the language pl"
    assert route([polish], message("x"), language="").team == "front"


def test_nothing_decides() -> None:
    """The first team has it, and is known not to have been chosen."""
    goal = route([], message("x"))
    assert (goal.team, goal.is_decided, goal.because) == ("front", False, ("team front: nothing says more",))


@pytest.mark.parametrize(
    ("prefix", "holds"),
    [("TA", True), ("TA1", True), ("TA1 3", True), ("TA1 4", False), ("TA13", False), ("T", False), ("BS", False)],
)
def test_a_postcode_begins_where_it_says(prefix: str, *, holds: bool) -> None:
    """TA1 3DU is in TA1 and not in TA13."""
    assert postcodes.begins_with("TA1 3DU", prefix) is holds


def test_postcodes_are_found_in_text() -> None:
    """However they are typed; what only looks alike is none."""
    assert postcodes.in_text("from ta13du or BS1  5TR, not A12 or PO BOX 1, X1 2AB3") == ("TA1 3DU", "BS1 5TR")
    assert topics.query_of(message("x", postcode="ta1"), INBOX, "").postcodes == ("TA1",)
