"""One contact in the console: what is shown, what can be done, and what is refused; driven from outside."""

import json
import sqlite3
from contextlib import closing

from tests.components.officer import Officer, Page
from tests.components.ports import PATIENCE_SECONDS, wait_until
from tests.conftest import Needs
from tests.console.conftest import House, run


def test_the_whole_life_of_a_contact(house: House) -> None:
    """Taken, handed over, paused, resumed, answered, opened again, closed: each an event with who and when."""
    officer, reference = house.officer("lead"), house.contact("My bin was missed.", subject="Missed bin")
    page = officer.get(f"/console/contacts/{reference}")
    assert "Missed bin" in page.words()
    assert "My bin was missed." in page.words()
    assert "Answer by" in page.words()
    assert "is day 0; counting begins with the day after" in page.words()
    steps: list[tuple[str, dict[str, str], str]] = [
        ("take", {}, "It is yours."),
        ("assign", {"team": "housing", "owner": "lee@example.gov.uk"}, "they are told"),
        ("pause", {"note": "asked which bin"}, "Its clock is paused."),
        ("resume", {}, "Its clock runs on."),
        ("holding-reply", {}, "The holding reply is recorded."),
        ("quiet", {"until": "2035-01-01T09:00"}, "There is no alert before then"),
        ("needs", {"need": "Large print", "more": "Welsh"}, "It is shown on everything that this person sends."),
        ("respond", {"note": "by phone"}, "The answer is recorded."),
        ("reopen", {"note": "it was missed again"}, "It is open again."),
        ("close", {"reason": "It was picked up."}, "It is closed."),
    ]
    for action, fields, confirmation in steps:
        response = officer.act(reference, action, None, **fields)
        assert response.status == 200, (action, response.words())
        assert confirmation in response.all(".told")[0].text(), action
    history = officer.get(f"/console/contacts/{reference}").words()
    for kind in (
        "Somebody took it lee@",
        "Assigned lee@",
        "Paused lee@",
        "Answered lee@",
        "Reopened lee@",
        "Closed lee@",
    ):
        assert kind in history
    assert "Needs: Large print; Welsh" in history


def test_what_a_finished_contact_was_about_can_be_changed_at_every_door(house: House) -> None:
    """Answered or closed; its standard and its dates stay, and the page says so before."""
    officer, reference = house.officer("lead"), house.contact("About a complaint.", subject="Late bin")
    officer.act(reference, "respond")
    before = house.call("GET", f"/api/v1/contacts/{reference}").json
    assert "Its promise and its dates stay as they were" in officer.get(f"/console/contacts/{reference}").words()
    page = officer.act(reference, "classify", kind="complaint")
    assert "What it was about is changed." in page.all(".told")[0].text()
    officer.act(reference, "close", None)
    assert house.call("POST", f"/api/v1/contacts/{reference}/classify", {"kind": "foi"}).status == 200
    after = house.call("GET", f"/api/v1/contacts/{reference}").json
    assert after["kind"] == "foi"
    assert [after[name] for name in ("standard", "respond_by")] == [before[name] for name in ("standard", "respond_by")]
    command = run(house.service, "contacts", "classify", reference, "--kind", "complaint")
    assert "Its promise and its dates stay as they were." in command


def test_what_a_person_needs_is_shown_on_all_that_they_send(house: House) -> None:
    """Once noted, it stands on a later contact of the same address, and both name each other."""
    officer = house.officer("officer")
    first = house.contact("One.", sender={"name": "Dee", "email": "dee@residents.example"})
    officer.act(first, "needs", need="British Sign Language")
    second = house.contact("Two.", sender={"name": "Dee", "email": "DEE@residents.example"})
    page = officer.get(f"/console/contacts/{second}")
    assert "Needs: British Sign Language" in page.words()
    assert first in page.words()
    rows = [row.text() for row in officer.get("/console/backlog").all("table.figures tr")]
    assert any(row.startswith("British Sign Language") for row in rows)


def test_what_is_to_be_made_waits_in_the_queue_until_somebody_says_that_it_is(house: House) -> None:
    """A receipt for whoever reads braille, with its text; once it is done the button and the mark are gone."""
    officer, sender = house.officer("officer"), {"email": "bo@residents.example"}
    officer.act(house.contact("One.", sender=sender), "needs", need="Braille")
    reference = house.contact("Two.", sender=sender)
    page, queue = f"/console/contacts/{reference}", "/console/queue?which=formats"
    wait_until(lambda: "Make a message in braille" in officer.get(page).words(), what="the task")
    assert reference in officer.get(queue).words()
    assert reference in officer.get(f"{page}/sent/{_number(officer.get(page))}/text").text
    refused = officer.act(reference, "format-made", message="0")
    assert (refused.status, "choose one of the messages" in refused.words().lower()) == (422, True)
    response = officer.act(reference, "format-made", message=_number(officer.get(page)))
    assert (response.status, "Make a message in braille" in response.words()) == (200, False)
    assert reference not in officer.get(queue).words()


def _number(page: Page) -> str:
    """The number of the message that is to be made."""
    return str(page.all("input[name=message]")[0].attributes["value"])


def test_the_desk_notes_the_language_of_whoever_calls(house: House) -> None:
    """It stands on the contact and on the next one of that person; one that we cannot write is refused by its field."""
    officer = house.officer("officer")
    call = {"how": "phone", "name": "Ola", "email": "ola@residents.example", "text": "The lift is broken."}
    wrong = officer.post("/console/record", officer.get("/console/record").hidden() | call | {"language": "tlh"})
    assert (wrong.status, bool(wrong.all("#language[aria-invalid=true]"))) == (422, True)
    page = officer.post("/console/record", officer.get("/console/record").hidden() | call | {"language": "pl"})
    reference = page.all(".reference")[0].text()
    later = house.contact("It is still broken.", sender={"email": "ola@residents.example"})
    for contact in (reference, later):
        assert "Wants Polish." in officer.get(f"/console/contacts/{contact}").words()


def test_needs_are_exported_and_erased_with_the_person(house: House) -> None:
    """They are the person's, too: in the export, gone with the erasure, and never in the history."""
    officer, address = house.officer("officer"), "fay@residents.example"
    reference = house.contact("Please.", sender={"name": "Fay", "email": address, "phone": "01632 960 555"})
    officer.act(reference, "needs", need="Braille")
    assert "Braille" not in officer.get("/console/queue").words()
    exported = json.loads(run(house.service, "person", "export", address))
    assert exported["needs"]["needs"] == "Braille"
    assert "Braille" not in json.dumps(exported["contacts"])
    officer.act(reference, "respond")
    run(house.service, "person", "erase", address, "--yes")
    for sender in ({"email": address}, {"phone": "01632 960 555"}):
        later = house.contact("Me again.", sender=sender)
        assert "Needs:" not in officer.get(f"/console/contacts/{later}").words()


def test_the_second_officer_is_told_who_was_first(house: House) -> None:
    """Two have the same page open; both answer; the second one changes nothing and reads who was first."""
    reference = house.contact("Two people read this.")
    first, second = house.officer("officer"), house.officer("lead")
    theirs = second.get(f"/console/contacts/{reference}")
    assert first.act(reference, "respond").status == 200
    refused = second.act(reference, "respond", theirs, note="me, too")
    assert refused.status == 409
    assert '"Answered", after you had opened this page' in refused.words()
    assert refused.words().count("Answered olu@example.gov.uk") == 1
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
    assert sum("Paused" in row.text() for row in rows) == 1


def test_what_was_typed_wrongly_is_kept(house: House) -> None:
    """A wrong field gives the page again with the words in it, and says what to do."""
    reference, officer = house.contact("How long?"), house.officer("officer")
    page = officer.act(reference, "extend", to="a while", reason="The roof needs a scaffold.")
    assert page.status == 422
    kept = page.all("#extend-reason")[0].attributes["value"]
    assert kept == "The roof needs a scaffold."
    assert page.all("title")[0].text().startswith("Error:")


def test_nothing_is_cut(house: House) -> None:
    """What is too long, or of no service, is refused with its field named, and nothing is recorded."""
    reference, officer = house.contact("A long note."), house.officer("officer")
    page = officer.act(reference, "respond", note="x" * 6_000)
    assert page.status == 422
    assert "Use 5,000 characters or fewer; there are 6,000" in page.words()
    assert house.call("GET", f"/api/v1/contacts/{reference}").json["state"] == "open"
    form = officer.get("/console/record").hidden()
    page = officer.post("/console/record", {**form, "text": "A call.", "service": "x" * 50_000})
    assert page.status == 422
    assert "There is no such service" in page.words() or "There is no service to choose" in page.words()


def test_a_call_is_taken_down_and_acknowledged_as_the_person_prefers(house: House) -> None:
    """With an address a receipt leaves; told at once counts as acknowledged; by letter it stays with staff."""
    officer = house.officer("officer")

    def take_down(**fields: str) -> tuple[Page, str]:
        page = officer.get("/console/record")
        response = officer.post("/console/record", {**page.hidden(), "how": "phone", **fields})
        return response, response.all(".reference")[0].text() if response.all(".reference") else ""

    page, reference = take_down(name="Kim", email="kim@residents.example", text="The lift is broken.")
    assert "We send the person an acknowledgement now" in page.words()
    page, reference = take_down(name="Kit", phone="01632 960 001", text="No heating.", prefers="told")
    assert "It counts as acknowledged" in page.words()
    assert f"Read this out, before they go: “Your reference is {reference}. We will answer you by" in page.words()
    assert "Acknowledged at" in officer.get(f"/console/contacts/{reference}").words()
    page, reference = take_down(name="Kay", how="letter", text="Please write.", prefers="letter")
    assert "Write to the person that we have it; no postal address is known" in page.words()
    assert "Acknowledge: somebody has told the person" in officer.get(f"/console/contacts/{reference}").words()
    response = officer.act(reference, "acknowledge", note="wrote")
    assert "the person knows that we have it" in response.all(".told")[0].text()
    assert "Acknowledge: somebody has told" not in response.words()
    page, reference = take_down(name="Kemi", how="letter", text="Hello.", prefers="letter", address="1 High Street")
    assert "Write to the person that we have it: 1 High Street" in page.words()
    page, reference = take_down(name="Kurt", phone="01632 960 004", text="Call me.")
    assert "Call the person and tell them that we have it: 01632 960 004" in page.words()
    assert "prefers: a call" in officer.get(f"/console/contacts/{reference}").words()
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
    first, second = (house.contact("One of two.", sender={"email": f"{n}@two.example"}) for n in "ab")
    hidden = lead.get("/console/queue").hidden()
    chosen = [("reference", first), ("reference", second)]
    fields = [*hidden.items(), *chosen, ("team", "housing"), ("owner", ""), ("action", "assign")]
    page = lead.post("/console/queue", fields)
    assert "2 contacts are handed over." in page.words()
    hidden = page.hidden()
    fields = [*hidden.items(), *chosen, ("reason", "Done in one."), ("action", "close")]
    digest = lead.post("/console/queue", fields).hidden()["digest"]
    page = lead.post("/console/queue", [*fields, ("digest", digest)])
    assert "2 contacts are closed." in page.words()
    page = lead.post("/console/queue", [*hidden.items(), *chosen, ("reason", "Again."), ("action", "close")])
    assert page.status == 409
    assert first in page.words()


def test_acknowledge_now_sends_a_receipt(house: House) -> None:
    """Somebody who had no receipt gets one when staff say so."""
    body = {"text": "By letter, please.", "prefers": "letter", "sender": {"email": "nan@residents.example"}}
    reference = house.call("POST", "/api/v1/contacts", body).json["reference"]
    page = house.officer("officer").act(reference, "acknowledge-now")
    assert page.status == 200
    assert "acknowledgement" in page.words()


def test_needs_that_are_saved_again_are_kept_whole(house: House) -> None:
    """What was typed besides the usual needs stands in its field, and no part of a word ticks a box."""
    officer, reference = house.officer("officer"), house.contact("Polish, please.", sender={"email": "ewa@a.example"})
    page = officer.act(reference, "needs", need="Large print", more="Polish; More time for letters")
    (typed,) = page.all("#needs-more")
    assert typed.attributes["value"] == "Polish; More time for letters"
    ticked = [box.attributes["value"] for box in page.all("input[name=need]") if "checked" in box.attributes]
    assert ticked == ["Large print"]
    fields = [*page.hidden().items(), ("action", "needs"), ("need", "Large print"), ("need", "Braille")]
    page = officer.post(f"/console/contacts/{reference}", [*fields, ("more", str(typed.attributes["value"]))])
    assert "Needs: Large print; Braille; Polish; More time for letters" in page.words()


def test_needs_are_known_by_every_address_and_across_links(house: House) -> None:
    """A later call from the same telephone however it is typed, a linked contact, and one without any address."""
    officer = house.officer("officer")
    first = house.contact("By both.", sender={"name": "Bo", "email": "bo@a.example", "phone": "01632 960777"})
    officer.act(first, "needs", need="Braille")
    for phone in ("01632 960 777", "01632-960-777", "+44 (0)1632 960777"):
        later = house.contact("By phone.", sender={"name": "Bo", "phone": phone})
        assert "Needs: Braille" in officer.get(f"/console/contacts/{later}").words()
    letter = house.contact("By letter.", sender={"name": "Bo"}, how="letter")
    assert "Needs:" not in officer.get(f"/console/contacts/{letter}").words()
    officer.act(letter, "link", None, **{"with": first})
    assert "Needs: Braille" in officer.get(f"/console/contacts/{letter}").words()
    alone = house.contact("Without any address.", sender={"name": "Lettie"}, how="letter")
    page = officer.act(alone, "needs", need="Easy Read")
    assert "Needs: Easy Read" in page.words()
    assert "From Lettie" in page.words()


def test_needs_are_seen_and_noted_while_the_person_is_on_the_phone(house: House) -> None:
    """The desk that is opened from a contact knows who it is; what is taken down there is linked with it."""
    officer = house.officer("officer")
    first = house.contact("One.", sender={"name": "Gus", "email": "gus@a.example"})
    officer.act(first, "needs", more="Welsh")
    (link,) = [a for a in officer.get(f"/console/contacts/{first}").all("a") if "Record a call" in a.text()]
    page = officer.get(str(link.attributes["href"]))
    assert "Needs: Welsh" in page.words()
    assert page.all("#name")[0].attributes["value"] == "Gus"
    fields = {**page.hidden(), "how": "phone", "name": "Gus", "text": "Again.", "need": "Large print", "more": "Welsh"}
    response = officer.post("/console/record", fields)
    assert "Needs: Large print; Welsh" in response.words()
    assert "Needs: Large print; Welsh" in officer.get(f"/console/contacts/{first}").words()
    assert response.all(".reference")[0].text() in officer.get(f"/console/contacts/{first}").words()


def test_several_contacts_are_linked_and_one_link_is_taken_away(house: House) -> None:
    """The second link leaves the first one; both sides show each; taking one away is an event."""
    officer = house.officer("officer")
    hal, ida, jon = (house.contact(n, sender={"email": f"{n}@a.example"}) for n in ("hal", "ida", "jon"))
    officer.act(hal, "link", None, **{"with": ida})
    page = officer.act(hal, "link", None, **{"with": jon})
    assert {ida, jon} <= {a.text() for a in page.all("main li a")}
    assert hal in {a.text() for a in officer.get(f"/console/contacts/{ida}").all("main li a")}
    page = officer.act(ida, "unlink", None, **{"with": hal})
    assert f"It is no longer linked with {hal}." in page.all(".told")[0].text()
    assert hal not in {a.text() for a in page.all("main li a")}
    assert officer.act(ida, "unlink", None, **{"with": hal}).status == 409


def test_what_was_done_is_said_by_us_alone(house: House) -> None:
    """No words of a stranger, none of another session, and none that were changed, are said on a page."""
    lead, officer = house.officer("lead"), house.officer("officer")
    reference = house.contact("Say what was done.")
    page = lead.act(reference, "take")
    assert page.all(".told")
    token = page.url.rpartition("told=")[2]
    for other in ("It+is+done.", token[:-2], f"{token}AA", "%C3%A9"):
        assert not lead.get(f"/console/contacts/{reference}?told={other}").all(".told"), other
    assert not officer.get(f"/console/contacts/{reference}?told={token}").all(".told")


def test_a_contact_that_goes_to_a_team_one_cannot_see_is_said_on_the_queue(house: House) -> None:
    """Whoever hands it over reads there that it was done."""
    officer, reference = house.officer("officer"), house.contact("For housing.")
    page = officer.act(reference, "assign", team="housing")
    assert "/console/queue" in page.url
    assert f"{reference}: It is handed over, and they are told." in page.all(".told")[0].text()


def test_a_refusal_stands_at_its_field(house: House) -> None:
    """The summary leads to the field, which says what is wrong with it, in words."""
    officer, reference = house.officer("officer"), house.contact("Quiet, please.")
    for until, words in (
        ("soon", "Enter a day and a time"),
        ("2020-01-01T09:00", "That time is over; choose a later one."),
    ):
        page = officer.act(reference, "quiet", until=until)
        assert page.status == 422
        (field,) = page.all("[aria-invalid=true]")
        assert page.all(".summary a")[0].attributes["href"] == f"#{field.attributes['id']}" == "#quiet-until"
        (description,) = page.all(f"#{field.attributes['aria-describedby']}")
        assert words in description.text()


def test_urgency_that_was_none_is_put_right(house: House) -> None:
    """Staff say that nobody is in danger: it is no longer urgent, by an event, and nobody is called."""
    officer = house.officer("officer")
    reference = house.contact("I smell gas in the kitchen of my doll's house.", sender={"email": "kim@a.example"})
    assert "Not urgent" in officer.get(f"/console/contacts/{reference}").words()
    assert reference in officer.get("/console/queue?which=urgent").words()
    page = officer.act(reference, "not-urgent")
    assert "It is no longer urgent." in page.all(".told")[0].text()
    assert "Not urgent olu@example.gov.uk" in page.words()
    assert reference not in officer.get("/console/queue?which=urgent").words()


def test_only_what_can_be_done_is_offered(house: House) -> None:
    """An extension only where the standard has one; a receipt to a telephone alone asks for another address."""
    officer = house.officer("officer")
    reference = house.contact("By phone alone.", sender={"name": "Lu", "phone": "01632 960 321"})
    page = officer.get(f"/console/contacts/{reference}")
    assert not page.all("button[value=extend]")
    refused = officer.act(reference, "acknowledge-now")
    assert "No text message can be sent from here: enter an email address." in refused.words()
    assert refused.all("#acknowledge-now-to[aria-invalid=true]")
    response = officer.act(reference, "acknowledge-now", to="lu@a.example")
    assert "The acknowledgement leaves now." in response.words()
    assert "olu@example.gov.uk decided that an acknowledgement goes out" in response.words()


def test_what_we_sent_can_be_read_and_saved(house: House) -> None:
    """As it left, with when; the file is the mail itself, and that somebody saved it is in the trail."""
    reader, reference = house.officer("reader"), house.contact("What did you write?", sender={"email": "wyn@a.example"})
    wait_until(lambda: "sent, left at" in reader.get(f"/console/contacts/{reference}").words(), what="the receipt")
    (link,) = [a for a in reader.get(f"/console/contacts/{reference}").all("a") if a.text() == "Acknowledgement"]
    page = reader.get(str(link.attributes["href"]))
    assert "It left at" in page.words()
    message = page.all(".message")[0].text()
    assert all(part in message for part in (reference, "To: wyn@a.example", "the template acknowledgement.en "))
    links_to_files = {a.text(): str(a.attributes["href"]) for a in page.all("a[download]")}
    mail = reader.get(links_to_files["Save it as it left"])
    assert mail.headers["content-disposition"].endswith('.eml"')
    assert "Auto-Submitted: auto-replied" in mail.text
    assert "Message saved as a file" in house.officer("administrator").get("/console/audit").words()
    assert reader.get(f"/console/contacts/{house.contact('Other.')}/sent/{page.url.rpartition('/')[2]}").status == 404


def test_what_we_sent_can_be_printed_in_large_print(house: House, needs: Needs) -> None:
    """As a page whose style alone is let in, as a PDF, and as text for braille or audio."""
    needs("pango")
    officer, reference = (
        house.officer("officer"),
        house.contact("In large print, please.", sender={"email": "lp@a.example"}),
    )
    wait_until(lambda: "sent, left at" in officer.get(f"/console/contacts/{reference}").words(), what="the receipt")
    (link,) = [a for a in officer.get(f"/console/contacts/{reference}").all("a") if a.text() == "Acknowledgement"]
    page = officer.get(str(link.attributes["href"]))
    links = {a.text(): str(a.attributes["href"]) for a in page.all("li a")}
    print_out = officer.get(links["Large print to print"])
    assert print_out.all("title")[0].text() == reference
    assert "size: A4" in print_out.text
    assert "style-src 'sha256-" in print_out.headers["content-security-policy"]
    assert f"Your reference: {reference}" in print_out.words()
    saved = officer.get(links["Text for braille or audio"])
    assert f"Your reference: {reference}" in saved.text
    assert saved.headers["content-disposition"].endswith('-text.txt"')
    assert officer.get(links["PDF in large print"]).text.startswith("%PDF-1.7")


def test_a_receipt_that_did_not_arrive_is_said_with_what_to_do(house: House) -> None:
    """The page says what the mail server said, and offers to send it to another address; then all is well again."""
    officer, reference = house.officer("officer"), house.contact("Write to me.", sender={"email": "gone@a.example"})
    wait_until(lambda: "sent, left at" in officer.get(f"/console/contacts/{reference}").words(), what="the receipt")
    with closing(sqlite3.connect(house.service.store, timeout=PATIENCE_SECONDS)) as store, store:
        store.execute(
            "UPDATE deliveries SET state = 'permanent-failure', last_error = 'Permanent: 550 no such mailbox' "
            "WHERE contact_id = (SELECT id FROM contacts WHERE reference = ?)",
            [reference],
        )
    page = officer.get(f"/console/contacts/{reference}")
    warning = page.all(".danger")[0].text()
    assert "The acknowledgement did not arrive: “550 no such mailbox”" in warning
    assert "not delivered, left at" in page.words()
    response = officer.act(reference, "acknowledge-now", to="here@a.example")
    assert "The acknowledgement leaves now." in response.words()
    assert not response.all(".danger")


def test_the_history_is_in_words(house: House) -> None:
    """No name of a column, no time of another zone, and how it came is said as people say it."""
    reference = house.contact("A call.", sender={"name": "Al", "email": "al@a.example"})
    page = house.officer("officer").act(reference, "pause")
    words = page.words()
    assert ", by phone call" in words
    assert "About not known yet" in words
    assert "Decided An acknowledgement goes out, because a person wrote" in words
    assert "The answer was due: the end of " in words
    assert "Where it went: team Front office, because nothing says more" in words
    assert not [
        term
        for term in ("respond_by", "respond by before", "+00:00", "routed", "24 person", "front-office")
        if term in words
    ]
    assert all(cell.text() for cell in page.all("td[data-label=Evidence]"))


def _taken_down(officer: Officer, text: str, **fields: str) -> str:
    """The reference of a call that an officer took down: by them an address is proven, however many there are."""
    page = officer.get("/console/record")
    response = officer.post("/console/record", {**page.hidden(), "how": "phone", "text": text, **fields})
    return str(response.all(".reference")[0].text())


def test_what_leaves_is_read_before(house: House) -> None:
    """Nothing is done until it is sent; what was typed comes back to be changed; what has changed is read again."""
    officer = house.officer("lead")
    reference = _taken_down(officer, "Which papers do you have?", email="papers@before.example")
    # A receipt that leaves after that names the new date itself.
    wait_until(lambda: "Acknowledged at" in officer.get(f"/console/contacts/{reference}").words(), what="the receipt")
    officer.act(reference, "classify", kind="foi")
    # The person knows another date as soon as that has left, and then other words would leave.
    wait_until(
        lambda: "Message with the new date: sent" in officer.get(f"/console/contacts/{reference}").words(),
        what="the new date",
    )
    fields = {"to": "30 working days", "reason": "There are many papers."}
    page = officer.ask_for(reference, "extend", None, **fields)
    assert page.all("h1")[0].text().startswith("Read it before it leaves")
    assert "papers@before.example" in page.words()
    assert "There are many papers." in page.all(".words")[0].text()
    date = page.all("dd strong")[0].text()
    assert date in page.all(".words")[0].text()
    assert "Extended" not in officer.get(f"/console/contacts/{reference}").words()

    address, hidden_fields = f"/console/contacts/{reference}", page.hidden()
    changed = officer.post(address, {**hidden_fields, "change": "extend"})
    assert (changed.status, len(changed.all("details#extend[open]"))) == (200, 1)
    assert [node.attributes["value"] for node in changed.all("#extend-to, #extend-reason")] == [*fields.values()]
    other = officer.post(address, {**hidden_fields, "reason": "Something else.", "action": "extend"})
    assert "What would leave is not what you had seen" in other.words()
    assert "Something else." in other.all(".words")[0].text()
    response = officer.post(address, {**hidden_fields, "action": "extend"})
    assert "The person is told the new date." in response.all(".told")[0].text()
    assert date in response.words()


def test_nobody_is_closed_in_silence(house: House) -> None:
    """The words are read before; where no message reaches the person, the page says so and how it can end."""
    officer = house.officer("lead")
    reference = _taken_down(officer, "Is it mended?", email="mended@before.example")
    page = officer.ask_for(reference, "close", None, reason="It was mended on Monday.")
    assert "It was mended on Monday." in page.all(".words")[0].text()
    response = officer.act(reference, "close", None, reason="It was mended on Monday.")
    assert "It is closed. The person is told." in response.all(".told")[0].text()
    letter = house.contact("By letter.", how="letter", prefers="letter", sender={"name": "Lou"})
    page = officer.get(f"/console/contacts/{letter}")
    assert "No message reaches the person: no address of the person is known." in page.words()
    options = [option.attributes["value"] for option in page.all("#close-outcome option")]
    assert options == ["told", "withdrawn", "duplicate", "spam", "test"]
    refused = officer.act(letter, "close", page, outcome="told")
    assert (refused.status, "Say how they were told, and when" in refused.words()) == (422, True)
    assert "It is closed." in officer.act(letter, "close", page, outcome="told", note="Written to today.").words()
    spam = house.contact("Buy now.", sender={"email": "buy@before.example"})
    assert "It is closed as spam." in officer.act(spam, "spam").words()
    assert "It is spam" in officer.get(f"/console/contacts/{spam}").words()
    assert "It is open again." in officer.act(spam, "reopen").words()


def test_danger_is_seen_by_staff_where_no_rule_does(house: House) -> None:
    """With a reason people are called; the page says who called whom, why, and who has it; and it can be taken back."""
    officer, reference = house.officer("officer"), house.contact("She did not come home.")
    response = officer.act(reference, "urgent", reason="Her son is four.")
    assert "People are called now" in response.all(".told")[0].text()
    banner = " ".join(response.all("[aria-label=Danger]")[0].text().split())
    assert banner.startswith("Somebody may be in danger. olu@example.gov.uk says: “Her son is four.”.")
    assert "Nobody has taken it yet." in banner
    assert "call 999 now" in banner
    officer.act(reference, "take")
    banner_later = officer.get(f"/console/contacts/{reference}").all("[aria-label=Danger]")[0].text()
    assert "olu@example.gov.uk has taken it." in banner_later
    assert not officer.act(reference, "not-urgent").all("[aria-label=Danger]")


def test_a_caller_in_danger_is_told_what_to_do_first(house: House) -> None:
    """Above everything, in words for them, and that people are called; also where something else typed is wrong."""
    officer = house.officer("officer")
    form = {**officer.get("/console/record").hidden(), "how": "phone", "text": "There is a smell of gas in my hall."}
    wrong = officer.post("/console/record", {**form, "email": "no address"})
    assert wrong.status == 422
    assert wrong.all("main > *")[0].attributes["aria-label"] == "Danger"
    danger = wrong.all("[aria-label=Danger]")[0].text()
    assert "Tell the person now: “If you smell gas, open the windows" in danger
    assert "Nobody is called yet" in danger
    right = officer.post("/console/record", form)
    assert right.all("main > *")[0].attributes["aria-label"] == "Danger"
    danger = right.all("[aria-label=Danger]")[0].text()
    assert "call the gas emergency line on 0800 111 999" in danger
    assert "People are being called about it" in danger
    page = officer.get(f"/console/contacts/{right.all('.reference')[0].text()}")
    assert "Tell the person now: “If you smell gas" in page.all("[aria-label=Danger]")[0].text()
    assert not officer.post("/console/record", {**form, "text": "A hole.", "email": "x"}).all("[aria-label=Danger]")


def test_staff_write_notes_merge_and_see_the_person(house: House) -> None:
    """A note with a slip keeps its words; two contacts go on in one and are parted; all of a person is in one place."""
    officer, sender = house.officer("lead"), {"name": "Ivy", "email": "ivy@residents.example", "phone": "01632 960 777"}
    first, second = (house.contact(f"Matter {number}.", sender=sender) for number in (1, 2))
    refused = officer.act(first, "note", words="@ollu, is it yours?")
    assert refused.status == 422
    assert "did you mean olu@example.gov.uk" in refused.words()
    assert refused.all("#note-words")[0].text() == "@ollu, is it yours?"
    response = officer.act(first, "note", words="@olu, is it yours?")
    assert "olu@example.gov.uk will hear of it" in response.all(".told")[0].text()
    assert "@olu, is it yours?" in response.words()
    assert "goes on in" in officer.act(second, "merge", contact=first).all(".told")[0].text()
    assert f"This goes on in {first}" in officer.get(f"/console/contacts/{second}").words()
    page = officer.get(f"/console/contacts/{first}").words()
    assert "Matter 1." in page
    assert "Matter 2." in page
    assert "is a contact of its own again" in officer.act(first, "unmerge", contact=second).all(".told")[0].text()
    only_phone = house.contact("By telephone.", sender={"phone": "+44 1632 960777"})
    house.indexed()
    person = officer.get(f"/console/contacts/{only_phone}/person").words()
    for words in (first, second, only_phone, "ivy@residents.example", "+441632960777", "Matter 1.", "Open"):
        assert words in person


def _chosen(page: Page) -> dict[str, str]:
    """What is chosen of what staff are asked for the figures, by the name of the question."""
    choices = {str(choice.attributes["name"]): choice.css("option[selected]") for choice in page.all("#judge select")}
    return {name: str(options[0].attributes["value"]) if options else "" for name, options in choices.items()}


def test_staff_are_asked_for_the_figures_what_applies(house: House) -> None:
    """Aloud where the person asked again before the date; nothing is chosen for them, and what they chose stands."""
    officer, reference = house.officer("officer"), house.contact("One.", team="front-office")
    page = officer.get(f"/console/contacts/{reference}")
    assert (_chosen(page), "asked again before" in page.words()) == ({"avoidable": ""}, False)
    assert house.call("POST", f"/api/v1/contacts/{reference}/messages", {"text": "How far are you?"}).status == 201
    page = officer.get(f"/console/contacts/{reference}")
    assert "They asked again before the date. Was that avoidable?" in page.all("#judge")[0].text()
    assert _chosen(page) == {"avoidable": ""}
    page = officer.act(reference, "judge", avoidable="progress")
    assert "It is noted for the figures." in page.all(".told")[0].text()
    assert (_chosen(page), "asked again before" in page.words()) == ({"avoidable": "progress"}, False)
    assert "For the figures Avoidable? Yes: they asked how far we are" in page.words()
    assert "Was it avoidable: They asked how far we are" in page.words()


def test_a_late_complaint_has_a_cause_and_an_outcome(house: House) -> None:
    """Before the answer and after it; a choice that is none is refused at its field, and the others are kept."""
    officer, reference = house.officer("officer"), house.late_contact("It is a shame.", team="front-office")
    officer.act(reference, "classify", kind="complaint")
    typed = {"avoidable": "unclear", "cause": "nonsense", "complaint_outcome": "upheld"}
    refused = officer.act(reference, "judge", None, **typed)
    assert (refused.status, [node.attributes["id"] for node in refused.all("[aria-invalid=true]")]) == (
        422,
        ["judge-cause"],
    )
    assert _chosen(refused) == {**typed, "cause": ""}
    officer.act(reference, "respond", cause="wrong-team")
    page = officer.act(reference, "judge", None, **{**typed, "cause": "wrong-team"})
    assert _chosen(page) == {**typed, "cause": "wrong-team"}
    assert "Late: It was with the wrong team at first. Complaint: Upheld" in page.words()


def test_what_is_merged_or_only_logged_is_not_judged(house: House) -> None:
    """It is said of the contact that goes on; of what is closed, and of what is forgotten, it may still be said."""
    officer = house.officer("officer")
    sender = {"name": "Jo", "email": "jo.judged@residents.example"}
    first, second = (house.contact(text, team="front-office", sender=sender) for text in ("A.", "B."))
    officer.act(first, "merge", contact=second)
    forms = {name: officer.get(f"/console/contacts/{name}").all("#judge") for name in (first, second)}
    assert sorted(map(bool, forms.values())) == [False, True]
    (survivor,) = (name for name in forms if forms[name])
    officer.act(survivor, "close", outcome="told", note="By phone.")
    run(house.service, "person", "erase", sender["email"], "--yes")
    page = officer.act(survivor, "judge", avoidable="on-the-web")
    assert (page.status, _chosen(page)) == (200, {"avoidable": "on-the-web"})
    house.change(f"UPDATE contacts SET state = 'logged' WHERE reference = '{survivor}'")  # noqa: S608 - our own
    assert not officer.get(f"/console/contacts/{survivor}").all("#judge")
