"""One contact in the console: what is shown, what can be done, and what is refused; driven from outside."""

import json

from tests.components.officer import Page
from tests.console.conftest import House, run


def test_the_whole_life_of_a_contact(house: House) -> None:
    """Taken, handed over, paused, resumed, answered, opened again, closed: each an event with who and when."""
    officer, reference = house.officer("lead"), house.contact("My bin was missed.", subject="Missed bin")
    page = officer.get(f"/console/contacts/{reference}")
    assert "Missed bin" in page.words()
    assert "My bin was missed." in page.words()
    assert "Due by" in page.words()
    assert "is day 0; counting begins with the day after" in page.words()
    steps: list[tuple[str, dict[str, str]]] = [
        ("take", {}),
        ("assign", {"team": "housing", "owner": "hal@example.gov.uk"}),
        ("pause", {"note": "asked which bin"}),
        ("resume", {}),
        ("holding-reply", {}),
        ("quiet", {"until": "2099-01-01T09:00"}),
        ("needs", {"need": "Large print", "more": "Welsh"}),
        ("respond", {"note": "by phone"}),
        ("reopen", {"note": "it was missed again"}),
        ("close", {"reason": "It was picked up."}),
    ]
    for action, fields in steps:
        done = officer.act(reference, action, None, **fields)
        assert done.status == 200, (action, done.words())
        assert "It is done." in done.words(), action
    history = officer.get(f"/console/contacts/{reference}").words()
    for kind in ("taken lee@", "assigned lee@", "paused lee@", "responded lee@", "reopened lee@", "closed lee@"):
        assert kind in history
    assert "This person needs: Large print; Welsh" in history


def test_what_a_person_needs_is_shown_on_all_that_they_send(house: House) -> None:
    """Once noted, it stands on a later contact of the same address, and both name each other."""
    officer = house.officer("officer")
    first = house.contact("One.", sender={"name": "Dee", "email": "dee@residents.example"})
    officer.act(first, "needs", need="British Sign Language")
    second = house.contact("Two.", sender={"name": "Dee", "email": "DEE@residents.example"})
    page = officer.get(f"/console/contacts/{second}")
    assert "This person needs: British Sign Language" in page.words()
    assert first in page.words()


def test_needs_are_exported_and_erased_with_the_person(house: House) -> None:
    """They are the person's, too: in the export, gone with the erasure, and never in the history."""
    officer, address = house.officer("officer"), "fay@residents.example"
    reference = house.contact("Please.", sender={"name": "Fay", "email": address})
    officer.act(reference, "needs", need="Braille")
    assert "Braille" not in officer.get("/console/queue").words()
    exported = json.loads(run(house.service, "person", "export", address))
    assert exported["needs"]["needs"] == "Braille"
    assert "Braille" not in json.dumps(exported["contacts"])
    officer.act(reference, "respond")
    run(house.service, "person", "erase", address, "--yes")
    later = house.contact("Me again.", sender={"email": address})
    assert "This person needs" not in officer.get(f"/console/contacts/{later}").words()


def test_the_second_officer_is_told_who_was_first(house: House) -> None:
    """Two have the same page open; both answer; the second one changes nothing and reads who was first."""
    reference = house.contact("Two people read this.")
    first, second = house.officer("officer"), house.officer("lead")
    theirs = second.get(f"/console/contacts/{reference}")
    assert first.act(reference, "respond").status == 200
    refused = second.act(reference, "respond", theirs, note="me, too")
    assert refused.status == 409
    assert "olu@example.gov.uk" in refused.words()
    assert refused.words().count("responded") == 2  # once in the refusal, once in the history
    again = second.act(reference, "respond")
    assert again.status == 409
    assert "olu@example.gov.uk" in again.words()


def test_a_second_submit_does_nothing_twice(house: House) -> None:
    """A form sent twice, as by a double click, records one event."""
    reference, officer = house.contact("Once, please."), house.officer("officer")
    page = officer.get(f"/console/contacts/{reference}")
    assert officer.act(reference, "pause", page).status == 200
    assert officer.act(reference, "pause", page).status == 409
    rows = officer.get(f"/console/contacts/{reference}").all("table tr")
    assert sum("paused" in row.text() for row in rows) == 1


def test_what_was_typed_wrongly_is_kept(house: House) -> None:
    """A wrong field gives the page again with the words in it, and says what to do."""
    reference, officer = house.contact("How long?"), house.officer("officer")
    page = officer.act(reference, "extend", to="a while", reason="The roof needs a scaffold.")
    assert page.status == 422
    kept = page.all("#extend-reason")[0].attributes["value"]
    assert kept == "The roof needs a scaffold."
    assert page.all("title")[0].text().startswith("Error:")


def test_a_call_is_taken_down_and_acknowledged_as_the_person_prefers(house: House) -> None:
    """With an address a receipt leaves; told at once counts as acknowledged; by letter it stays with staff."""
    officer = house.officer("officer")

    def take_down(**fields: str) -> tuple[Page, str]:
        page = officer.get("/console/record")
        done = officer.post("/console/record", {**page.hidden(), "how": "phone", **fields})
        return done, done.all(".reference")[0].text() if done.all(".reference") else ""

    page, reference = take_down(name="Kim", email="kim@residents.example", text="The lift is broken.")
    assert "We send the person an acknowledgement now" in page.words()
    page, reference = take_down(name="Kit", phone="01632 960 001", text="No heating.", prefers="told")
    assert "It counts as acknowledged" in page.words()
    assert "Done at" in officer.get(f"/console/contacts/{reference}").words()
    page, reference = take_down(name="Kay", how="letter", text="Please write.", prefers="letter")
    assert "Tell the person that we have it" in page.words()
    assert "Done at" not in officer.get(f"/console/contacts/{reference}").words()
    assert "Somebody has told the person" in officer.get(f"/console/contacts/{reference}").words()
    page, reference = take_down(name="Kai", text="")
    assert page.status == 422
    assert "Write what they told us" in page.words()


def test_the_same_form_twice_is_one_contact(house: House) -> None:
    """A form of the desk that is sent twice makes one contact."""
    officer = house.officer("officer")
    page = officer.get("/console/record")
    fields = {**page.hidden(), "how": "phone", "name": "Lou", "phone": "01632 960 002", "text": "A fallen tree."}
    first, second = officer.post("/console/record", fields), officer.post("/console/record", fields)
    assert first.all(".reference")[0].text() == second.all(".reference")[0].text()


def test_many_are_handed_over_or_closed_at_once(house: House) -> None:
    """A lead chooses two contacts; what cannot be done is named, the rest is done."""
    lead = house.officer("lead")
    one, two = house.contact("First of two."), house.contact("Second of two.")
    hidden = lead.get("/console/queue").hidden()
    chosen = [("reference", one), ("reference", two)]
    fields = [*hidden.items(), *chosen, ("team", "housing"), ("owner", ""), ("action", "assign")]
    page = lead.post("/console/queue", fields)
    assert "2 of 2 contacts are handed over." in page.words()
    page = lead.post("/console/queue", [*hidden.items(), *chosen, ("reason", "Done in one."), ("action", "close")])
    assert "2 of 2 contacts are closed." in page.words()
    page = lead.post("/console/queue", [*hidden.items(), *chosen, ("reason", "Again."), ("action", "close")])
    assert page.status == 409
    assert one in page.words()


def test_acknowledge_now_sends_a_receipt(house: House) -> None:
    """Somebody who had no receipt gets one when staff say so."""
    body = {"text": "By letter, please.", "prefers": "letter", "sender": {"email": "nan@residents.example"}}
    reference = house.call("POST", "/api/v1/contacts", body).json["reference"]
    page = house.officer("officer").act(reference, "acknowledge-now")
    assert page.status == 200, page.words()
    assert "acknowledgement" in page.words()
