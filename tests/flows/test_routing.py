"""A contact is given to whom the rules say, with the promise of what it is about."""

from dataclasses import replace

import pytest

from bot.core.phrases import Phrases
from bot.core.topics import Route, Router, Service
from bot.flows.rulebook import Rulebook, Team
from bot.store import contacts
from bot.store.engine import Store
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import logged
from tests.rulebooks import altered


@pytest.fixture
def routed(council: Rulebook) -> Rulebook:
    """Two teams; words choose a service or a kind."""
    rules = [
        Route(1, service="bins", words=Phrases(["bin"])),
        Route(2, kind="foi", words=Phrases(["freedom of information"])),
    ]
    teams = {name: Team(name, (f"{name}@example.gov.uk",), "post") for name in ("front", "waste")}
    ways = {name: replace(way, team=None, name=name) for name, way in council.ways.items()}
    router = Router([Service("bins", "Bins", team="waste")], rules, "front")
    return altered(council, teams=teams, ways=ways, router=router)


def test_the_contact_keeps_what_it_is_about(store: Store, routed: Rulebook, mail: Make) -> None:
    """Service, team, standard, language, and in its history why, without the words of the person."""
    with writing(store) as connection:
        contact = logged(connection, routed, mail(1, text="My bin was not emptied and that is not the first time."))
        (event, *_) = contacts.events_of(connection, contact.id)
    assert (contact.service, contact.team, contact.standard, contact.language) == ("bins", "waste", "general", "en")
    assert contact.assigned_at == NOW
    assert event.details["routed"] == 'service bins: rule 1, the words "bin"; team waste: it has the service bins'
    assert "emptied" not in str(event.details)


def test_what_a_statute_sets_follows_from_the_kind(store: Store, routed: Rulebook, mail: Make) -> None:
    """The clock is that of the law from the first moment on."""
    with writing(store) as connection:
        contact = logged(connection, routed, mail(2, text="A Freedom of Information request."))
    assert (contact.kind, contact.standard, contact.promise) == ("foi", "foi", "20 working days")


def test_what_nobody_chose_is_not_assigned(store: Store, routed: Rulebook, mail: Make) -> None:
    """The first team has it, and it is known that nothing decided so; with one team there is nothing to decide."""
    with writing(store) as connection:
        assert logged(connection, routed, mail(3, text="Hello.")).assigned_at is None
        alone = altered(routed, teams={"front": routed.outgoing.teams["front"]})
        assert logged(connection, alone, mail(4, text="Hello.")).assigned_at == NOW
