"""The words that staff may change, as the flows give them."""

from bot.core.topics import Router, Service
from bot.flows import wordings
from bot.flows.rulebook import Rulebook
from bot.render.answers import SavedAnswer, fill
from bot.store.engine import Store
from tests.flows.conftest import Make, writing
from tests.flows.desk import logged
from tests.rulebooks import altered

SERVICE = Service("bins", "Bins and recycling", "https://www.example.gov.uk/bins")
OF_FILES = (
    SavedAnswer("everybody", "Thank you", "Thank you."),
    SavedAnswer("waste", "Bins", "About {{ service }}: {{ service_page }}", ("waste",)),
    SavedAnswer("front", "A front office", "{{ reference }} by {{ respond_by }}", ("front",)),
)


def test_a_team_is_offered_its_own_answers_and_those_of_everybody(store: Store, book: Rulebook) -> None:
    """By title; what no team has yet is offered what every team has."""
    known = altered(book, answers=OF_FILES)
    with writing(store) as connection:
        offers = {
            team: [answer.name for answer in wordings.saved_answers(connection, team, known)]
            for team in ("front", "waste", None)
        }
    assert offers == {"front": ["front", "everybody"], "waste": ["waste", "everybody"], None: ["everybody"]}


def test_the_values_are_those_of_the_contact(store: Store, book: Rulebook, mail: Make) -> None:
    """Reference, dates and service are the contact's own; what it has not has no value."""
    known = altered(book, router=Router((SERVICE,), (), None))
    with writing(store) as connection:
        contact = logged(connection, known, mail())
    values = wordings.answer_values(contact, {"phone": "0300 123 2224"}, "Jo Ellis", known)
    words = fill("{{ reference }} {{ respond_by }} {{ phone }} {{ service }} {{ name }} {{ officer }}", values)
    assert words == f"{contact.reference} Monday 7 December 2026 0300 123 2224 [service] Resident 1 Jo Ellis"
