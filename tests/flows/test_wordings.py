"""The words that staff may change, as the flows give them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import Connection

from bot.core.contacts import State
from bot.core.messages import Outbound
from bot.core.roles import Role
from bot.core.topics import Router, Service
from bot.flows import board, wordings
from bot.flows.changes.refusals import Refused
from bot.flows.desk import rewording
from bot.flows.desk.rewording import Draft, Subject, Unfit
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.compose import MessageWriter
from bot.flows.rulebook import Rulebook, Team
from bot.flows.staffing import Visitor
from bot.render.answers import SavedAnswer, fill
from bot.store import outbox
from bot.store import wordings as stored
from bot.store.engine import Store
from bot.store.wordings import Sort, Wording
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import logged
from tests.flows.test_duties import visitor
from tests.render.letters import COMPOSER
from tests.rulebooks import altered

SERVICE = Service("bins", "Bins and recycling", "https://www.example.gov.uk/bins")
OF_FILES = (
    SavedAnswer("everybody", "Thank you", "Thank you."),
    SavedAnswer("waste", "Bins", "About {{ service }}: {{ service_page }}", ("waste",)),
    SavedAnswer("front", "A front office", "{{ reference }} by {{ respond_by }}", ("front",)),
)


def test_a_team_is_offered_its_own_answers_and_those_of_everybody(store: Store, book: Rulebook) -> None:
    """By title; what no team has yet is offered what every team has."""
    cases = altered(book, answers=OF_FILES)
    with writing(store) as connection:
        offers = {
            team: [answer.name for answer in wordings.saved_answers(connection, team, cases)]
            for team in ("front", "waste", None)
        }
    assert offers == {"front": ["front", "everybody"], "waste": ["waste", "everybody"], None: ["everybody"]}


def test_the_values_are_those_of_the_contact(store: Store, book: Rulebook, mail: Make) -> None:
    """Reference, dates and service are the contact's own; what it has not has no value."""
    cases = altered(book, router=Router((SERVICE,), (), None))
    with writing(store) as connection:
        contact = logged(connection, cases, mail())
    values = wordings.answer_values(contact, {"phone": "0300 123 2224"}, "Jo Ellis", cases)
    words = fill("{{ reference }} {{ respond_by }} {{ phone }} {{ service }} {{ name }} {{ officer }}", values)
    assert words == f"{contact.reference} Monday 7 December 2026 0300 123 2224 [service] Resident 1 Jo Ellis"


@dataclass(frozen=True)
class House:
    """A store with a rulebook that knows a service, and who leads what."""

    connection: Connection
    book: Rulebook
    everywhere: Visitor
    waste_lead: Visitor

    def put(self, thing: Subject, draft: Draft, visitor: Visitor, basis: int = 0) -> None:
        """Examine words, and put them in force."""
        examined = rewording.examine(thing, draft, COMPOSER)
        rewording.put(self.connection, examined, basis, visitor, NOW, self.book)

    def latest(self, thing: Subject) -> int:
        """The number of the version in force."""
        versions = stored.versions(self.connection, thing.sort, thing.name, thing.language)
        return versions[0].id if versions else 0

    def offers(self, team: str) -> list[str]:
        """The titles of what staff of a team are offered."""
        return [answer.title for answer in wordings.saved_answers(self.connection, team, self.book)]

    def write(self, claim: Claimed) -> Outbound:
        """A message as a process writes it that has just looked at the board."""
        board.refresh(self.connection, NOW, self.book)
        return MessageWriter(COMPOSER, self.book, b"s" * 32).write(claim, NOW)


@pytest.fixture
def house(store: Store, book: Rulebook) -> Iterator[House]:
    """The service of bins is the waste team's."""
    teams = dict(book.outgoing.teams) | {"waste": Team("waste", ("waste@example.gov.uk",), "post")}
    rules = altered(book, answers=OF_FILES, teams=teams, router=Router((replace(SERVICE, team="waste"),), (), None))
    with writing(store) as connection:
        leads = visitor("admin@example.gov.uk", Role.ADMINISTRATOR), visitor("al@example.gov.uk", Role.LEAD, "waste")
        yield House(connection, rules, *leads)


def receipt(house: House, mail: Make) -> Claimed:
    """The receipt of a contact about bins, as it leaves."""
    contact = replace(logged(house.connection, house.book, mail()), service="bins", state=State.OPEN)
    delivery = outbox.acknowledgements_of(house.connection, [contact.id])[contact.id]
    return Claimed(delivery, contact)


def test_new_words_are_in_force_from_the_next_message_on(house: House, mail: Make) -> None:
    """With another version of the template; gone back to, the words and the version are those of the file again."""
    thing, claim = Subject(Sort.TEMPLATE, "acknowledgement"), receipt(house, mail)
    subject, words = COMPOSER.source("acknowledgement", "en")
    before = house.write(claim)
    house.put(thing, Draft(subject, words.replace("Thank you for writing", "Thanks for writing")), house.everywhere)
    after = house.write(claim)
    assert b"Thanks for writing" in after.content
    assert after.template != before.template
    with pytest.raises(Refused, match="somebody else changed"):
        rewording.withdraw(house.connection, thing, 0, house.everywhere, NOW, house.book)
    rewording.withdraw(house.connection, thing, house.latest(thing), house.everywhere, NOW, house.book)
    assert house.write(claim) == before
    with pytest.raises(Refused, match="words of the file are in force"):
        rewording.withdraw(house.connection, thing, house.latest(thing), house.everywhere, NOW, house.book)


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_of_two_who_change_the_same_words_at_once_the_second_is_told(store: Store, book: Rulebook) -> None:
    """The second waits for the first, and then is refused: neither loses what the other wrote."""
    thing, lead = Subject(Sort.ANSWER, "thanks"), visitor("admin@example.gov.uk", Role.ADMINISTRATOR)
    drafts = [rewording.examine(thing, Draft("Thanks", f"Thank you, {name}."), COMPOSER) for name in ("Al", "Bo")]
    with ThreadPoolExecutor() as threads:
        with writing(store) as connection:
            rewording.put(connection, drafts[0], 0, lead, NOW, book)
            other = threads.submit(store.write_now, lambda c: rewording.put(c, drafts[1], 0, lead, NOW, book))
            with pytest.raises(TimeoutError):
                other.result(0.3)
        with pytest.raises(Refused, match="somebody else changed"):
            other.result()


def test_what_is_wrong_is_named_by_its_line_in_the_box() -> None:
    """Who types has no file; an address between angle brackets is judged as any other is."""
    subject, words = COMPOSER.source("acknowledgement", "en")
    thing, line = Subject(Sort.TEMPLATE, "acknowledgement"), len(words.splitlines()) + 1
    wrong = {
        "{{ reference.x }}": f"It cannot be used: line {line}: a dot behind a placeholder stands there",
        "[Our page](javascript:x)": "It cannot be used: a link must begin https://",
        "<https://evil.example>": "The link https://evil.example leads to a strange site",
    }
    for end, sentence in wrong.items():
        findings = rewording.findings(thing, Draft(subject, f"{words.rstrip()}\n{end}"), COMPOSER)
        assert findings[0].words.startswith(sentence), end


def test_words_that_a_newer_program_cannot_use_give_way_to_the_file(house: House, mail: Make) -> None:
    """A receipt always leaves: what is in the store and cannot be rendered is passed over."""
    claim = receipt(house, mail)
    before = house.write(claim)
    wording = Wording(Sort.TEMPLATE, "acknowledgement", "staff:x", NOW, "{{ reference }}", "{{ gone }}")
    stored.add(house.connection, wording)
    board.change(house.connection, NOW)
    assert house.write(claim) == before


def test_the_words_of_a_service_stand_in_its_receipts(house: House, mail: Make) -> None:
    """Those of services.toml, and over them those of the console; a text has its own; other services have none."""
    thing, claim = Subject(Sort.SERVICE, "bins"), receipt(house, mail)
    of_file = altered(house.book, router=Router((replace(SERVICE, receipt_words="We come on [Monday]."),), (), None))
    writer = MessageWriter(COMPOSER, of_file, b"s" * 32)
    assert b"We come on [Monday]." in writer.write(claim, NOW).content
    house.put(thing, Draft("Leave it out.", "Please leave the bin out."), house.waste_lead)
    assert b"Please leave the bin out." in house.write(claim).content
    elsewhere = replace(claim, contact=replace(claim.contact, service="roads")) if claim.contact else claim
    assert b"Please leave the bin out." not in house.write(elsewhere).content
    texting = altered(house.book, texts=frozenset({"post"}))
    assert b"Leave it out." in MessageWriter(COMPOSER, texting, b"s" * 32).write(claim, NOW).content


def test_a_saved_answer_is_changed_by_who_leads_its_teams(house: House) -> None:
    """Over the file, or new; taken back, the file's is offered again, and one without a file no more."""
    own, new = Subject(Sort.ANSWER, "waste"), Subject(Sort.ANSWER, "later")
    house.put(own, Draft("Bins again", "About {{ service }}.", ("waste",)), house.waste_lead)
    house.put(new, Draft("Later", "We come later.", ("waste",), "bins"), house.waste_lead)
    assert house.offers("waste") == ["Bins again", "Later", "Thank you"]
    for thing in (own, new):
        rewording.withdraw(house.connection, thing, house.latest(thing), house.waste_lead, NOW, house.book)
    assert house.offers("waste") == ["Bins", "Thank you"]
    refused = [
        (Subject(Sort.ANSWER, "everybody"), Draft("Thank you", "Thanks.", ("waste",)), "lead"),
        (Subject(Sort.ANSWER, "front"), Draft("Front", "Thanks.", ("waste",)), "lead"),
        (Subject(Sort.ANSWER, "more"), Draft("More", "Thanks."), "teams of yours"),
        (Subject(Sort.ANSWER, "more"), Draft("More", "Thanks.", ("front",)), "teams of yours"),
        (Subject(Sort.ANSWER, "more"), Draft("More", "Thanks.", ("nobody",)), "no team"),
        (Subject(Sort.ANSWER, "more"), Draft("More", "Thanks.", ("waste",), "roads"), "no such service"),
        (Subject(Sort.TEMPLATE, "added"), Draft(*COMPOSER.source("added", "en")), "lead"),
    ]
    for thing, draft, reason in refused:
        with pytest.raises(Refused, match=reason):
            house.put(thing, draft, house.waste_lead, house.latest(thing))
    with pytest.raises(Refused, match="lead"):
        house.put(own, Draft("A", "B.", ("waste",)), visitor("jo@example.gov.uk", Role.OFFICER, "waste"))


def test_the_lint_refuses_what_it_would_call_an_error(house: House) -> None:
    """With every fault in words; and nothing that is the same, too long or unnamed is taken."""
    receipt_words, bins = Subject(Sort.TEMPLATE, "acknowledgement"), Subject(Sort.SERVICE, "bins")
    with pytest.raises(Unfit) as refusal:
        house.put(receipt_words, Draft("We have it", "# We have it\n\nDo not reply."), house.everywhere)
    assert {finding.rule for finding in refusal.value.findings} >= {"L2", "L3", "L12", "L13", "L14"}
    for draft, field in (
        (Draft("", "We come within 10 days."), "words"),
        (Draft("", "We have {{ reference }}."), "words"),
        (Draft("", "word " * 100), "words"),
        (Draft("x" * 81, "Fine."), "words"),
        (Draft("", "Fine.", note="x" * 201), "note"),
    ):
        with pytest.raises(Refused) as refused:
            house.put(bins, draft, house.waste_lead)
        assert refused.value.field == field, draft
    for draft, field in (
        (Draft("", "Words."), "subject"),
        (Draft("S", ""), "words"),
        (Draft("S" * 201, "W."), "subject"),
    ):
        with pytest.raises(Refused) as refused:
            house.put(Subject(Sort.ANSWER, "x"), draft, house.everywhere)
        assert refused.value.field == field, draft
    house.put(bins, Draft("", "We come soon."), house.waste_lead)
    with pytest.raises(Refused, match="in force"):
        house.put(bins, Draft("", "We come soon.", note="again"), house.waste_lead, house.latest(bins))


def test_only_what_there_is_can_be_changed(house: House) -> None:
    """Messages to people, services of the organisation, answers with a name; not what goes to staff."""
    cases = [
        (Subject(Sort.TEMPLATE, "message"), True),
        (Subject(Sort.TEMPLATE, "alert"), False),
        (Subject(Sort.TEMPLATE, "nothing"), False),
        (Subject(Sort.TEMPLATE, "message", "gd"), False),
        (Subject(Sort.SERVICE, "bins"), True),
        (Subject(Sort.SERVICE, "roads"), False),
        (Subject(Sort.ANSWER, "a-new-name", "cy"), True),
        (Subject(Sort.ANSWER, "../etc"), False),
        (Subject(Sort.ANSWER, "x", "english"), False),
    ]
    for thing, is_known in cases:
        if is_known:
            rewording.refuse_thing(thing, COMPOSER, house.book)
            continue
        with pytest.raises(Refused):
            rewording.refuse_thing(thing, COMPOSER, house.book)
    assert rewording.in_file(Subject(Sort.ANSWER, "front"), COMPOSER, house.book) == Draft(
        "A front office", "{{ reference }} by {{ respond_by }}", ("front",)
    )
    assert rewording.in_file(Subject(Sort.ANSWER, "new"), COMPOSER, house.book) is None
    assert rewording.in_file(Subject(Sort.SERVICE, "bins"), COMPOSER, house.book) == Draft("", "")
