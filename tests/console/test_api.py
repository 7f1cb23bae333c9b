"""The API as another system uses it: recorded once, read in pages, acted on, followed; and what it refuses."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.web.api import bulk
from tests.components.ports import wait_until
from tests.components.service import ask
from tests.components.tampering import tamper
from tests.console.conftest import House, run

CALL = {
    "channel": "desk",
    "sender": {"name": "Sam Resident", "email": "sam@residents.example", "phone": "01632 960 001"},
    "subject": "Missed bin",
    "text": "My bin was missed on Monday.",
}


def _create(house: House, key: str = "", **more: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return house.call("POST", "/api/v1/contacts", CALL | more, headers=headers)


def test_a_call_becomes_a_contact_with_its_promise(house: House) -> None:
    """201 with reference and both dates; and the receipt leaves."""
    made = _create(house)
    assert made.status == 201
    assert set(made.json) == {"reference", "acknowledge_by", "respond_by", "state"}
    assert made.headers["Location"] == f"/api/v1/contacts/{made.json['reference']}"
    mails = house.service.directory / "mails"
    wait_until(
        lambda: any(made.json["reference"].encode() in mail.read_bytes() for mail in mails.glob("*.eml")),
        what="the receipt",
    )
    read = house.call("GET", made.headers["Location"])
    assert read.json["messages"][0]["text"] == CALL["text"]


def test_dates_count_from_when_it_came(house: House) -> None:
    """A letter that is recorded late has the dates of the day on which it came."""
    today = _create(house).json
    received = house.call("GET", f"/api/v1/contacts/{today['reference']}").json["received_at"]
    before = datetime.fromisoformat(received) - timedelta(days=30)
    earlier = _create(house, received_at=before.isoformat(), how="letter").json
    assert earlier["respond_by"] < today["respond_by"]


def test_the_same_call_again_is_the_same_contact(house: House) -> None:
    """With a key of the caller's: one contact, one answer; another call under the key is refused."""
    first, second = _create(house, "call-1"), _create(house, "call-1")
    assert (second.status, second.json) == (201, first.json)
    assert second.headers["Idempotent-Replayed"] == "true"
    other = _create(house, "call-1", text="Something else.")
    assert other.status == 422
    assert other.json["errors"][0]["field"] == "Idempotency-Key"
    assert _create(house).json["reference"] != _create(house).json["reference"]


def test_two_at_the_same_moment_are_one(house: House) -> None:
    """A caller that asks again before it has an answer still makes one contact."""
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: _create(house, "at-once"), range(8)))
    assert {answer.status for answer in made} == {201}
    assert len({answer.json["reference"] for answer in made}) == 1


def test_what_is_done_twice_at_the_same_moment_is_done_once(house: House) -> None:
    """Each of the same calls gets the answer of the one that was done; two different ones make one contact."""
    here = f"/api/v1/contacts/{_create(house).json['reference']}"
    key = {"Idempotency-Key": "answered-at-once"}
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _: house.call("POST", f"{here}/respond", {}, headers=key), range(6)))
        made = list(pool.map(lambda number: _create(house, "two-bodies", text=f"Text {number}"), range(6)))
    assert [answer.status for answer in done] == [200] * 6
    assert [answer.headers.get("Idempotent-Replayed") for answer in done].count("true") == 5
    events = ask(house.service.store_url, "SELECT count(*) FROM events WHERE kind = 'responded'")
    assert events[0][0] == 1
    assert sorted(answer.status for answer in made) == [201, *[422] * 5]
    kept = " ".join(row[0] for row in ask(house.service.store_url, "SELECT body FROM answers"))
    assert not [word for word in ("Sam", "sam@", "bin") if word in kept]


def test_a_call_that_came_to_no_end_is_taken_up_again(house: House) -> None:
    """Its key is taken, and the contact logged: the same call names it, and whoever called is known to have."""
    made = _create(house, "no-end").json["reference"]
    with closing(sqlite3.connect(house.service.store)) as store, store:
        store.execute("UPDATE answers SET status = 0, body = '' WHERE key LIKE '% no-end'")
        ((number,),) = store.execute("SELECT id FROM contacts WHERE reference = ?", (made,))
    taken_down = f"kind = 'taken down' AND contact_id = {number}"
    tamper(house.service.store_url, f"DELETE FROM events WHERE {taken_down}")  # noqa: S608 - our own words
    assert _create(house, "no-end", text="Something else.").status == 422
    again = _create(house, "no-end")
    assert (again.status, again.json["reference"]) == (201, made)
    trail = house.officer("lead").get(f"/console/contacts/{made}").words()
    assert trail.count("Taken down by staff token:all") == 1


def test_a_key_outlives_the_process(house: House) -> None:
    """Killed and started again, the service answers the same call as before."""
    before = _create(house, "over-a-restart").json
    house.service.kill()
    house.service.start()
    assert _create(house, "over-a-restart").json == before


def test_lists_come_in_pages(house: House) -> None:
    """The cursor leads through every contact once."""
    for number in range(5):
        _create(house, text=f"One of five: {number}")
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = f"&cursor={cursor}" if cursor else ""
        page = house.call("GET", f"/api/v1/contacts?limit=2{query}").json
        assert len(page["contacts"]) <= 2
        seen += [contact["reference"] for contact in page["contacts"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) >= 5


def test_a_program_that_reads_many_contacts_is_in_the_trail(house: House) -> None:
    """Once an hour, with how many it had read by then; reading a few is nothing to note."""
    read_count = 0
    trail = "SELECT details FROM events WHERE kind = 'read in bulk'"
    while not (lines := ask(house.service.store_url, trail)):
        assert read_count < bulk.STEPS[0]
        contacts = house.call("GET", "/api/v1/contacts?limit=100").json["contacts"]
        read_count += len(contacts)
        # One by one is no way round it.
        read_count += sum(house.call("GET", f"/api/v1/contacts/{c['reference']}").status == 200 for c in contacts)
    assert json.loads(lines[0][0])["contacts"] >= bulk.STEPS[0]
    house.call("GET", "/api/v1/contacts?limit=100")
    assert len(ask(house.service.store_url, trail)) == 1


def test_what_we_sent_is_read_as_it_left(house: House) -> None:
    """With header, words and the version of its template, by whoever sees the contact; the terminal shows the same."""
    sender = {"email": "ann@residents.example"}
    address = f"/api/v1/contacts/{_create(house, sender=sender).json['reference']}/sent"
    wait_until(lambda: house.call("GET", address).json["messages"] != [], what="the receipt")
    receipt = house.call("GET", address).json["messages"][0]
    assert (receipt["purpose"], receipt["recipient"], receipt["attempt"]) == ("acknowledgement", sender["email"], 1)
    assert ["Auto-Submitted", "auto-replied"] in receipt["headers"]
    assert receipt["subject"] == dict(receipt["headers"])["Subject"]
    assert address.split("/")[4] in receipt["text"]
    assert receipt["template"].startswith("acknowledgement.en ")
    assert [house.call("GET", address, caller=caller).status for caller in ("housing", "writing")] == [404, 403]
    output = house.service.command("contacts", "show", address.split("/")[4]).stdout
    assert "We sent: acknowledgement, " in output
    assert "\n".join(receipt["text"].strip().splitlines()) in output
    facts = json.loads(house.service.command("contacts", "show", address.split("/")[4], "--json").stdout)
    ((message,), *_) = (delivery["messages"] for delivery in facts["deliveries"])
    assert (message["words"], message["page"]) == (receipt["text"], receipt["html"])


def test_a_store_that_is_not_in_its_place_is_a_problem(house: House) -> None:
    """503 with when to try again, for what would be stored and for what is read; then all goes on."""
    store, aside = house.service.store, house.service.directory / "aside.db"
    store.rename(aside)
    answers = [house.call("POST", "/api/v1/contacts", CALL), house.call("GET", "/api/v1/contacts")]
    aside.rename(store)
    assert [(answer.status, answer.headers["Retry-After"]) for answer in answers] == [(503, "60")] * 2
    assert _create(house).status == 201


def test_contacts_are_found_by_their_words(house: House) -> None:
    """Search over the words, with filters beside them."""
    reference = _create(house, text="The zebra crossing is worn away.").json["reference"]
    house.indexed()
    contacts = house.call("GET", "/api/v1/contacts?q=zebra+cross&state=open").json["contacts"]
    assert [contact["reference"] for contact in contacts] == [reference]
    assert house.call("GET", "/api/v1/contacts?q=zebra&state=closed").json["contacts"] == []


def test_each_action_is_done_and_seen_as_an_event(house: House) -> None:
    """Assigned, paused, resumed, answered, closed, in the stream of events with who did it."""
    reference = _create(house).json["reference"]
    here = f"/api/v1/contacts/{reference}"
    after = "0"
    while events := (page := house.call("GET", f"/api/v1/events?cursor={after}&limit=200").json)["events"]:
        after = page["next"]
    assert events == []
    for name, body in (
        ("assign", {"team": "housing"}),
        ("take", {}),
        ("holding-reply", {"note": "by phone"}),
        ("classify", {"kind": "complaint"}),
        ("judge", {"avoidable": "wrong-place", "complaint_outcome": "refused"}),
        ("judge", {"complaint_outcome": ""}),
        ("extend", {"to": "20 working days", "reason": "We must ask another organisation."}),
        ("needs", {"needs": "large print"}),
        ("pause", {"note": "asked for the address"}),
        ("resume", {}),
        ("answer", {"kind": "full", "words": "The bin is emptied.", "by": "Ann Example"}),
        ("undo", {}),
        ("answer", {"kind": "holding", "words": "We look.", "channel": "phone"}),
        ("confirm-answer", {}),
        ("respond", {"note": "by phone"}),
        ("close", {}),
        ("reopen", {"note": "closed by mistake"}),
    ):
        done = house.call("POST", f"{here}/{name}", body)
        assert done.status == 200, (name, done.text)
    facts = house.call("GET", here).json
    assert (facts["state"], facts["kind"], facts["needs"]) == ("open", "complaint", "large print")
    assert (facts["avoidable"], facts["cause"], facts["complaint_outcome"]) == ("wrong-place", "", "")
    events = house.call("GET", f"/api/v1/events?cursor={after}").json["events"]
    mine = [event["kind"] for event in events if event["reference"] == reference and event["actor"] == "token:all"]
    judgements = ["avoidability judged", "complaint decided", "complaint decided"]
    before_judgements = ["assigned", "taken", "holding reply", "classified"]
    before_answer = [*before_judgements, *judgements, "extended", "needs noted", "paused", "resumed"]
    answers = ["answer written", "answer taken back", "answer written", "answer sent", "holding reply"]
    assert mine == [*before_answer, *answers, "responded", "closed", "reopened"]
    own = house.call("GET", f"{here}/events?limit=200").json
    assert [event["kind"] for event in own["events"] if event["actor"] == "token:all"] == ["taken down", *mine]
    assert house.call("GET", f"{here}/events?cursor={own['next']}").json["events"] == []
    assert house.call("POST", f"{here}/respond", {}).status == 200
    again = house.call("POST", f"{here}/respond", {})
    assert again.status == 409
    assert "token:all" in again.json["detail"]


def test_what_an_action_needs_is_asked_for(house: House) -> None:
    """The same refusals as staff get: the field that is wrong, and why."""
    here = f"/api/v1/contacts/{_create(house).json['reference']}"
    for name, body, status, field in (
        ("extend", {"to": "soon", "reason": "It is much work."}, 422, "to"),
        ("extend", {"to": "60 working days"}, 422, "reason"),
        ("classify", {"service": "no-such-service!"}, 422, "service"),
        ("needs", {"needs": "x" * 10_000}, 422, "needs"),
        ("judge", {}, 422, ""),
        ("judge", {"avoidable": "progress", "cause": "volume"}, 422, "cause"),
        ("close", {"outcome": "spam", "cause": "volume"}, 422, "cause"),
        ("answer", {"kind": "full", "words": "Yes.", "cause": "volume"}, 422, "cause"),
        ("answer", {"kind": "full", "words": " "}, 422, "words"),
        ("answer", {"kind": "full", "words": "Yes.", "channel": "text"}, 422, "channel"),
        ("undo", {}, 409, ""),
        ("confirm-answer", {}, 409, ""),
        ("reopen", {}, 409, ""),
    ):
        refusal = house.call("POST", f"{here}/{name}", body)
        fields = [error["field"] for error in refusal.json.get("errors", [])]
        assert (refusal.status, fields) == (status, [field] if field else []), (name, refusal.text)


def test_what_the_person_says_since_is_added(house: House) -> None:
    """It stands in their contact once for each call, opens what was answered, and is refused where that is long ago."""
    here = f"/api/v1/contacts/{_create(house).json['reference']}"
    key = {"Idempotency-Key": "said-since"}
    house.call("POST", f"{here}/respond", {})
    answers = [house.call("POST", f"{here}/messages", {"text": "It came back."}, headers=key) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    facts = house.call("GET", here).json
    assert facts["state"] == "open"
    assert [message["text"] for message in facts["messages"]] == [CALL["text"], "It came back."]
    assert "follow-up" in [event["kind"] for event in house.call("GET", f"{here}/events").json["events"]]
    house.call("POST", f"{here}/close", {"outcome": "told", "note": "By phone."})
    refusal = house.call("POST", f"{here}/messages", {"text": "And again."})
    assert (refusal.status, "Open it again first" in refusal.json["detail"]) == (409, True)
    assert house.call("POST", f"{here}/messages", {"text": "x"}, caller="housing").status == 404


def test_what_is_urgent_is_urgent_when_it_is_added_too(house: House) -> None:
    """The rules read what a program adds, as they read every message."""
    here = f"/api/v1/contacts/{_create(house).json['reference']}"
    house.call("POST", f"{here}/messages", {"text": "Now I smell gas in the hall."})
    assert house.call("GET", here).json["urgent"]


def test_names_that_calls_take_are_listed(house: House) -> None:
    """Teams that the token sees, what a contact can be about, and the ways in."""
    teams = [house.call("GET", "/api/v1/teams", caller=caller).json["teams"] for caller in ("all", "housing")]
    assert teams == [[{"name": "front-office"}, {"name": "housing"}], [{"name": "housing"}]]
    about = house.call("GET", "/api/v1/services").json
    assert "complaint" in about["kinds"]
    channels = {channel["name"]: channel for channel in house.call("GET", "/api/v1/channels").json["channels"]}
    assert channels["desk"]["takes_records"]
    assert not channels["website"]["takes_records"]


def test_contacts_are_listed_by_when_they_came(house: House) -> None:
    """From an instant on, and before one."""
    first, second = (_create(house).json["reference"] for _ in range(2))
    second_at = house.call("GET", f"/api/v1/contacts/{second}").json["received_at"].replace("+", "%2B")
    since = house.call("GET", f"/api/v1/contacts?received_from={second_at}").json["contacts"]
    before = house.call("GET", f"/api/v1/contacts?limit=200&received_before={second_at}").json["contacts"]
    assert second in [contact["reference"] for contact in since]
    assert first not in [contact["reference"] for contact in since]
    assert second not in [contact["reference"] for contact in before]
    assert house.call("GET", "/api/v1/contacts?received_from=yesterday").status == 422


BAD: dict[str, tuple[Any, int, str]] = {
    "no JSON": (b"{", 400, ""),
    "a list": ([], 422, ""),
    "no words": ({"text": "   "}, 422, "text"),
    "an unknown field": (CALL | {"colour": "red"}, 422, "colour"),
    "no address": (CALL | {"sender": {"email": "nowhere"}}, 422, "sender.email"),
    "an unknown channel": (CALL | {"channel": "nowhere"}, 422, "channel"),
    "from the future": (CALL | {"received_at": "2099-01-01T00:00:00Z"}, 422, "received_at"),
    "a number as a time": (CALL | {"received_at": 1764240000}, 422, "received_at"),
    "digits as a time": (CALL | {"received_at": "1764240000"}, 422, "received_at"),
    "a time of no year": (CALL | {"received_at": "9999-12-31T23:59:00-14:00"}, 422, "received_at"),
    "an unknown service": (CALL | {"service": "x" * 41}, 422, "service"),
    "without a zone": (CALL | {"received_at": "2026-11-24T09:00:00"}, 422, "received_at"),
    "half a character": (b'{"text": "\\ud800"}', 400, ""),
    "5 MB": (json.dumps({"text": "x" * 5_000_000}).encode(), 413, ""),
    "too long": (CALL | {"text": "x" * 50_001}, 422, "text"),
    "a NUL": (CALL | {"text": "a\0b"}, 422, "text"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gets_a_problem(house: House, name: str) -> None:
    """The right status, the field that is wrong and what to do about it; nothing of the inside."""
    body, status, field = BAD[name]
    answer = house.call("POST", "/api/v1/contacts", body)
    assert answer.status == status
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    problem = answer.json
    assert problem["status"] == status
    if field:
        assert field in [error["field"] for error in problem["errors"]]
    assert "Traceback" not in answer.text
    assert "pydantic" not in answer.text


def test_what_is_not_there_is_a_problem_too(house: House) -> None:
    """Unknown addresses, methods and kinds of content."""
    assert house.call("GET", "/api/v1/nothing").status == 404
    assert house.call("GET", "/api/v1/contacts/EX-0000-0000").status == 404
    refused = house.call("DELETE", "/api/v1/contacts")
    assert (refused.status, set(refused.headers["Allow"].split(","))) == (405, {"GET", "POST"})
    assert house.call("HEAD", "/api/v1/contacts").status == 405
    posted = house.call("POST", "/api/v1/contacts", b"text=x", headers={"Content-Type": "text/plain"})
    assert posted.status == 415
    assert all(answer.headers["Content-Type"].startswith("application/problem+json") for answer in (refused, posted))


def test_what_a_token_sees_can_be_narrowed(house: House) -> None:
    """A token of one team neither reads nor changes another's, and cannot tell that it is there."""
    options = ("--scope", "contacts:read", "--scope", "contacts:write", "--team", "housing")
    narrow = house.service.command("token", "create", "--name", "housing-desk", *options).stdout.strip()
    theirs, other = _create(house).json["reference"], _create(house).json["reference"]
    house.call("POST", f"/api/v1/contacts/{theirs}/assign", {"team": "housing"})
    assert house.call("GET", f"/api/v1/contacts/{theirs}", caller=narrow).status == 200
    assert house.call("GET", f"/api/v1/contacts/{other}", caller=narrow).status == 404
    assert house.call("POST", f"/api/v1/contacts/{other}/respond", {}, caller=narrow).status == 404
    listed = house.call("GET", "/api/v1/contacts?limit=200", caller=narrow).json["contacts"]
    assert {contact["team"] for contact in listed} == {"housing"}
    events = house.call("GET", "/api/v1/events?limit=200", caller=narrow).json["events"]
    assert other not in {event["reference"] for event in events}


def test_a_token_that_may_not_read_reads_nothing(house: House) -> None:
    """What it does is answered with dates, and no word of the person; so is what takes a contact out of its sight."""
    for caller, body in (("writing", {"team": "housing"}), ("all", {"team": "front-office"})):
        reference = house.contact("Hello.", subject="Sam's bin")
        done = house.call("POST", f"/api/v1/contacts/{reference}/assign", body, caller=caller)
        assert done.status == 200
        assert ("Sam" in done.text) == (caller == "all")
        assert done.json["contact"]["respond_by"]
    reference = house.contact("Hello.", subject="Sam's bin", team="housing")
    left = house.call("POST", f"/api/v1/contacts/{reference}/assign", {"team": "front-office"}, caller="housing")
    assert (left.status, "Sam" in left.text) == (200, False)


def test_what_is_refused_leaves_a_line(house: House) -> None:
    """Another team's contact, no scope, too much, too late: in the audit trail, by whom and to what."""
    reference = house.contact("Not theirs.")
    here = f"/api/v1/contacts/{reference}"
    assert house.call("POST", f"{here}/respond", {}).status == 200
    assert house.call("POST", f"{here}/respond", {}).status == 409
    assert house.call("GET", here, caller="housing").status == 404
    assert house.call("POST", f"{here}/close", {}, caller="reading").status == 403
    assert house.call("POST", f"{here}/close", {"reason": "x" * 600_000}, caller="writing").status == 413
    query = "SELECT actor, details, reference FROM events JOIN contacts ON contact_id = contacts.id"
    rows = ask(house.service.store_url, f"{query} WHERE events.kind = 'refused'")
    refusals = {actor: json.loads(details) for actor, details, of in rows if of == reference}
    assert set(refusals) == {"token:all", "token:housing", "token:reading", "token:writing"}
    assert refusals["token:housing"]["what"] == f"GET {here}"
    assert "contacts:write" in refusals["token:reading"]["reason"]
    seen = house.officer("lead").get("/console/audit").words()
    assert f"token:housing Refused {reference}" in seen
    assert "Refused" not in house.officer("lead").get(f"/console/contacts/{reference}").words()


def test_every_answer_says_how_many_calls_are_left(house: House) -> None:
    """Refusals, too: without a token, without a scope, with too much, for what is not there."""
    big = json.dumps({"text": "x" * 600_000}).encode()
    for status, answer in (
        (401, house.call("GET", "/api/v1/contacts", caller="")),
        (403, house.call("POST", "/api/v1/contacts", CALL, caller="reading")),
        (404, house.call("GET", "/api/v1/contacts/EX-7K3M-9QPH")),
        (413, house.call("POST", "/api/v1/contacts", big)),
        (415, house.call("POST", "/api/v1/contacts", b"x", headers={"Content-Type": "text/plain"})),
    ):
        assert answer.status == status
        assert int(answer.headers["RateLimit-Remaining"]) < int(answer.headers["RateLimit-Limit"])


def test_whoever_sees_few_events_gets_on(house: House) -> None:
    """The cursor goes on past what a token does not see, and never back."""
    everything = house.call("GET", "/api/v1/events?limit=1").json
    last = ask(house.service.store_url, "SELECT max(id) FROM events")[0][0]
    narrow = house.call("GET", f"/api/v1/events?cursor={last - 1}&limit=1", caller="housing").json
    assert int(narrow["next"]) >= last
    again = house.call("GET", f"/api/v1/events?cursor={narrow['next']}", caller="housing").json
    assert int(again["next"]) >= int(narrow["next"]) > int(everything["next"])


def test_a_revoked_token_lets_nobody_in(house: House) -> None:
    """From the moment on; how often one may ask stands in the headers."""
    made = house.service.command("token", "create", "--name", "short", "--scope", "contacts:read").stdout.strip()
    answer = house.call("GET", "/api/v1/contacts", caller=made)
    assert answer.status == 200
    assert int(answer.headers["RateLimit-Remaining"]) < int(answer.headers["RateLimit-Limit"])
    house.service.command("token", "revoke", "--name", "short")
    assert house.call("GET", "/api/v1/contacts", caller=made).status == 401
    stored = (house.service.directory / "ackbot.db").read_bytes()
    assert made.encode() not in stored


def test_an_expired_token_is_told_so(house: House) -> None:
    """The program hears why it is not let in; the audit trail has a line under its name."""
    answers = run(
        house.service, "token", "create", "--name", "brief", "--scope", "contacts:read", "--expires", "1"
    ).strip()
    assert house.call("GET", "/api/v1/contacts", caller=answers).status == 200
    house.change("UPDATE tokens SET ends_at = '2026-01-01 00:00:00.000000' WHERE name = 'brief'")
    answer = house.call("GET", "/api/v1/contacts", caller=answers)
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="Ackbot"')
    assert answer.json["detail"] == "The token brief has expired. Make another one: ackbot token create."
    assert ask(house.service.store_url, "SELECT actor FROM events WHERE kind = 'expired token'") == [("token:brief",)]
    assert "Expired" in house.officer("administrator").get("/console/people").words()
