"""The other rooms: what waits, what was told, what was done; for who leads one team only what concerns it."""

from collections.abc import Iterator

import pytest

from tests.components.officer import PASSWORD, Officer
from tests.components.service import ask
from tests.console.conftest import House, house_in, run

HELD = "SELECT count(*) FROM deliveries WHERE state = 'created' AND next_attempt_at IS NULL"
ALERT = """INSERT INTO deliveries
    (key, contact_id, purpose, step, channel, recipient, message_id, details, state, created_at)
    VALUES ('{0}', (SELECT id FROM contacts WHERE reference = '{1}'), '{0}', 'urgent-1', 'post', 'one@x.example', '{0}',
    '{2}', '{3}', '2099-01-01')"""
SHUNTED = """INSERT INTO shunted (channel, external_id, at, error, raw)
    VALUES ('website', '1', '2026-11-27 10:00:00.000000', 'it broke', x'00')"""


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with a contact of each team."""
    made = house_in(tmp_path_factory.mktemp("two"))
    with made.service:
        made.contact("Damp in the bedroom.", team="housing")
        made.contact("The bins overflow.", sender={"email": "zoe@residents.example"})
        yield made


@pytest.fixture(scope="module")
def hal(two: House, tmp_path_factory: pytest.TempPathFactory) -> Officer:
    """Somebody who leads one team."""
    password = tmp_path_factory.mktemp("hal") / "password"
    password.write_text(PASSWORD, encoding="utf-8")
    options = ["--role", "lead", "--team", "housing", "--password-file", str(password)]
    run(two.service, "staff", "add", "hew@example.gov.uk", *options)
    officer = Officer(two.service.web_port)
    officer.sign_in("hew@example.gov.uk")
    return officer


def _housing(house: House) -> str:
    return str(ask(house.service.store_url, "SELECT reference FROM contacts WHERE team = 'housing'")[0][0])


def test_what_is_held_back_for_all_is_let_go_by_who_leads_all(two: House, hal: Officer) -> None:
    """A lead of one team sees how much of theirs waits, has no button, and is refused; nothing leaves."""
    two.change("UPDATE deliveries SET state = 'created', next_attempt_at = NULL WHERE purpose = 'acknowledgement'")
    page, lead = hal.get("/console/backlog"), two.officer("lead")
    assert "1 receipt waits" in page.words()
    assert "Let them leave" not in page.text
    assert hal.post("/console/backlog", hal.get("/console/queue").hidden()).status == 403
    assert ask(two.service.store_url, HELD)[0][0] == 2
    page = lead.get("/console/backlog")
    assert "2 receipts wait" in page.words()
    assert "2 receipts leave now" in lead.post("/console/backlog", page.hidden()).words()
    assert ask(two.service.store_url, HELD)[0][0] == 0


def test_messages_that_could_not_be_logged_are_counted_for_who_sees_them(two: House, hal: Officer) -> None:
    """What came by another team's channel is not theirs; who drops one stands in the trail, once."""
    two.change(SHUNTED)
    lead = two.officer("lead")
    assert "1 message could not be logged" in lead.get("/console/queue").words()
    assert "could not be logged" not in hal.get("/console/queue").words()
    number = ask(two.service.store_url, "SELECT id FROM shunted")[0][0]
    page = lead.get(f"/console/shunted/{number}")
    for _ in range(2):
        lead.post(f"/console/shunted/{number}", {**page.hidden(), "action": "drop", "sure": "yes"})
    trail = lead.get("/console/audit").words()
    assert [trail.count(f"Shunted message {action}") for action in ("read", "dropped")] == [1, 1]


def test_the_trail_is_asked_for_a_person_or_a_contact(two: House, hal: Officer) -> None:
    """And shows who leads one team neither others' contacts nor what concerns nobody's."""
    lead, housing = two.officer("lead"), _housing(two)

    def column(officer: Officer, query: str, name: str) -> set[str]:
        return {cell.text() for cell in officer.get(f"/console/audit{query}").all(f"td[data-label={name}]")}

    assert column(lead, f"?reference={housing.lower()}", "Contact") == {housing}
    assert column(lead, "?by=token:all", "Who") == {"token:all"}
    assert column(lead, "?by=HEW@example.gov.uk", "Who") == {"hew@example.gov.uk"}
    assert "nothing like that" in lead.get("/console/audit?by=nobody@example.gov.uk&reference=%FF").words()
    assert column(hal, "", "Contact") == {housing, "–"}
    assert column(hal, "", "Who") == {"token:all", "hew@example.gov.uk", "lee@example.gov.uk"}


def test_alerts_say_why_and_what_became_of_them(two: House, hal: Officer) -> None:
    """Who took it and when, or nobody; notices to those who look after Ackbot are not for one team."""
    housing = _housing(two)
    two.change(ALERT.format("urgent", housing, "{}", "sent"))
    two.change(ALERT.format("notice", "", '{"subject": "The disk is nearly full"}', "created"))
    words = hal.get("/console/alerts").words()
    assert "it cannot wait: call 1 one@x.example sent; nobody has taken it yet" in words
    assert "The disk is nearly full" not in words
    hal.act(housing, "take")
    assert "hew@example.gov.uk took it" in hal.get("/console/alerts").words()
    words = two.officer("administrator").get("/console/alerts").words()
    assert "The disk is nearly full one@x.example not sent yet" in words


def test_absences_and_nights_are_entered_by_whom_they_concern(two: House, hal: Officer) -> None:
    """An officer enters their own absence, a lead the nights of their team; what is refused keeps what was typed."""
    officer = two.officer("officer")
    page = officer.get("/console/duty")
    away = page.hidden() | {"action": "away", "first": "2099-01-01", "last": "2099-01-02", "deputy": ""}
    refused = officer.post("/console/duty", away)
    assert refused.status == 422
    assert "no more than so many at once" in refused.words()
    assert 'value="2099-01-02"' in refused.text
    today = refused.all("#away-first")[0].attributes["value"]
    assert today == "2099-01-01"
    first = page.all("#away-first")[0].attributes["value"] or ""
    response = officer.post("/console/duty", away | {"first": first, "last": first})
    assert "The absence holds from now on." in response.words()
    assert "Away today" in response.words()
    assert "Enter nights" not in response.words()
    assert "Back again" not in hal.get("/console/duty").words()  # somebody of another team
    people = two.officer("administrator").get("/console/people").words()
    assert "the lead of the team stands in" in people
    number = response.all("input[name=number]")[0].attributes["value"] or ""
    assert "has ended" in officer.post("/console/duty", page.hidden() | {"action": "back", "number": number}).words()
    night = hal.get("/console/duty").hidden() | {"action": "night", "team": "housing", "first": first, "last": first}
    assert "choose who is called" in hal.post("/console/duty", night).words().lower()
    entered = hal.post("/console/duty", night | {"person": "hew@example.gov.uk"})
    assert "The next 14 nights of Housing" in entered.words()
    assert "already" in hal.post("/console/duty", night | {"person": "hew@example.gov.uk"}).words()
    assert "choose a team of yours" in hal.post("/console/duty", night | {"team": "front"}).words().lower()


def test_the_mail_of_a_template_opens_where_its_words_are_changed(two: House) -> None:
    """Also of one that says the same in danger, which is previewed once."""
    lead = two.officer("lead")
    (frame,) = lead.get("/console/words/template/en/closing").all("iframe[src]")
    frame_page = lead.get(str(frame.attributes["src"]))
    assert (frame_page.status, "We have closed" in frame_page.text) == (200, True)
