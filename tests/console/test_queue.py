"""The queue: what falls due next first, filters in the address, search, views, and a spreadsheet without traps."""

import csv
import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.components.officer import Page
from tests.components.service import ask
from tests.console.conftest import House, house_in


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with contacts of both teams."""
    made = house_in(tmp_path_factory.mktemp("filled"))
    both = {"name": "Kay", "email": "kay@a.example", "phone": "+44 1632 960 888"}
    with made.service:
        made.contact("The café's bins overflow.", subject="Bins", sender={"name": "Zoë Brown", "email": "z@a.example"})
        made.contact("Damp in the bedroom.", subject="Damp", team="housing", service="housing", sender=both)
        made.contact(
            "It is for information.", subject="=HYPERLINK(1)", sender={"name": "@SUM(1)", "phone": "(01632) 960888"}
        )
        made.indexed()
        yield made


def _references(page: Page) -> list[str]:
    return [cell.text() for cell in page.all("table.queue th[scope=row] .reference")]


def _subjects(page: Page) -> list[str]:
    return [link.text() for link in page.all("table.queue th[scope=row] a")]


def test_what_falls_due_next_comes_first(filled: House) -> None:
    """An earlier promise stands above a later one."""
    store = filled.service.store_url
    expected = [row[0] for row in ask(store, "SELECT reference FROM contacts WHERE state = 'open' ORDER BY due_at, id")]
    assert _references(filled.officer("lead").get("/console/queue")) == expected


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ("team=housing", {"Damp"}),
        ("service=housing", {"Damp"}),
        ("channel=desk", {"Bins", "Damp", "=HYPERLINK(1)"}),
        ("channel=website", set()),
        ("state=answered", set()),
        ("which=unassigned", {"Bins", "=HYPERLINK(1)"}),
        ("which=suppressed", {"=HYPERLINK(1)"}),
        ("which=urgent", set()),
        ("words=overflow", {"Bins"}),
        ("words=CAFE", {"Bins"}),
        ("words=zoe+brow", {"Bins"}),
        ("words=z@a.example", {"Bins"}),
        ("words=damp+bed", {"Damp"}),
        ("words=nothing+like+it", set()),
        ("words=01632+960+888", {"=HYPERLINK(1)", "Damp"}),
        ("words=01632960888", {"=HYPERLINK(1)", "Damp"}),
        ("words=%2B44+(0)1632+960888", {"=HYPERLINK(1)", "Damp"}),
        ("words=01632+960+888+bedroom", {"Damp"}),
        ("team=-", set()),
        ("received_from=2020-01-01", {"Bins", "Damp", "=HYPERLINK(1)"}),
        ("received_before=2020-01-01", set()),
        ("words=%22%29+OR+1%3D1+--", set()),
        ("state=open%27+OR+1%3D1", {"Bins", "Damp", "=HYPERLINK(1)"}),
        ("page=99999", set()),
    ],
)
def test_filters_stand_in_the_address(filled: House, query: str, subjects: set[str]) -> None:
    """Each filter and each search shows what it says, whatever is typed into it."""
    page = filled.officer("lead").get(f"/console/queue?{query}")
    assert page.status == 200
    titles = _subjects(page)
    assert set(titles) == subjects
    assert len(titles) == len(subjects)


def test_a_reference_leads_straight_to_its_contact(filled: House) -> None:
    """Typed into the search as somebody reads it out on the phone."""
    officer = filled.officer("lead")
    reference = _references(officer.get("/console/queue"))[0]
    page = officer.get(f"/console/queue?words={reference.lower().replace('-', '+')}")
    assert page.url.endswith(f"/console/contacts/{reference}")


def test_a_piece_of_a_reference_finds_it(filled: House) -> None:
    """As somebody reads it from a torn letter: the end of one half and the beginning of the next."""
    officer = filled.officer("lead")
    reference = _references(officer.get("/console/queue"))[0]
    assert reference in _references(officer.get(f"/console/queue?words={reference[5:9]}"))
    assert reference in _references(officer.get(f"/console/queue?words={reference[3:7]}"))


def test_a_search_finds_what_is_answered_too(filled: House) -> None:
    """Words are looked for in every state, what is open first; the page says so, and leads to the open ones alone."""
    answered, lead = filled.contact("The parrot flew away."), filled.officer("lead")
    lead.act(answered, "respond")
    later = filled.contact("The parrot came back.")
    answered_later = filled.contact("The parrot speaks.")
    lead.act(answered_later, "close", reason="a parrot")
    filled.indexed()
    page = lead.get("/console/queue?words=parrot")
    assert _references(page) == [later, answered_later, answered]
    assert "of any state" in page.words()
    link = next(link for link in page.all(".shown a") if link.text() == "Only the open ones")
    assert _references(lead.get(str(link.attributes["href"]))) == [later]
    lead.act(later, "close", reason="a parrot")


def test_what_is_shown_is_said_and_can_be_widened(filled: House) -> None:
    """Each filter stands there in words with a link that takes it away; one that makes no sense is named."""
    lead = filled.officer("lead")
    page = lead.get("/console/queue?team=housing&which=unassigned&received_from=2020-01-02")
    shown = " ".join(page.all(".shown ul")[0].text(separator=" ").split())
    assert shown == ("open with nobody yet Remove team Housing Remove came on or after 2 January 2020 Remove")
    link = next(link for link in page.all(".shown a") if "nobody" in str(link.attributes["aria-label"]))
    assert _subjects(lead.get(str(link.attributes["href"])))
    wrong = lead.get("/console/queue?which=foo&state=bar&received_from=soon")
    assert "We do not know state “bar” or which “foo” or received from “soon”" in wrong.words()
    assert len(_references(wrong)) == 3
    assert "3 contacts, what falls due next first" in wrong.words()


def test_why_it_was_not_delivered_is_what_the_mail_server_said(filled: House) -> None:
    """Not why the contact was logged."""
    with closing(sqlite3.connect(filled.service.store)) as store:
        change = "UPDATE deliveries SET state = ?, last_error = ? WHERE purpose = 'acknowledgement' AND contact_id = 1"
        store.execute(change, ("permanent-failure", "550 5.1.1 no such user"))
        store.commit()
    page = filled.officer("lead").get("/console/queue?which=undeliverable")
    assert [cell.text() for cell in page.all("td[data-label=Why]")] == ["550 5.1.1 no such user"]


def test_what_others_changed_meanwhile_is_refused_by_name(filled: House) -> None:
    """Many at once are done but for those that somebody did something to after the page was opened."""
    first, second = (filled.contact("One of many.", sender={"email": f"{n}@many.example"}) for n in "ab")
    lead, other = filled.officer("lead"), filled.officer("administrator")
    page = lead.get("/console/queue")
    other.act(first, "holding-reply", note="I am at it")
    chosen = [*page.hidden().items(), ("reference", first), ("reference", second), ("reason", "done")]
    nothing = lead.post("/console/queue", chosen)
    assert "Say what is to be done" in nothing.words()
    assert len(nothing.all("input[name=reference][checked]")) == 2
    before = lead.post("/console/queue", [*chosen, ("action", "close")])
    assert f"{first} : ada@example.gov.uk did this at" in before.words()
    assert "1 person gets these words" in before.words()
    assert "done" in before.all(".message")[0].text()
    response = lead.post("/console/queue", [*chosen, ("action", "close"), ("digest", before.hidden()["digest"])])
    assert "1 of 2 contacts is closed." in response.words()
    assert f"{first}: ada@example.gov.uk did this at" in response.words()
    assert [box.attributes["value"] for box in response.all("input[name=reference][checked]")] == [first]
    assert response.all("#many-reason")[0].attributes["value"] == "done"
    states = dict(ask(filled.service.store_url, "SELECT reference, state FROM contacts ORDER BY id DESC LIMIT 2"))
    assert states == {first: "open", second: "closed"}
    lead.act(first, "close", reason="done")


def test_closing_many_is_seen_before(filled: House) -> None:
    """How many get which words, and who cannot be told; what has changed is shown again; spam is closed at once."""
    senders = [{"email": "c@closed.example"}, {"email": "d@closed.example"}, {"name": "Nobody"}]
    references = [filled.contact("Close all of us.", sender=sender) for sender in senders]
    lead = filled.officer("lead")
    chosen = [*lead.get("/console/queue").hidden().items(), *(("reference", name) for name in references)]
    chosen += [("action", "close"), ("reason", "The fair is over.")]
    before = lead.post("/console/queue", chosen)
    assert "Nothing is done yet" in before.words()
    assert "2 people get these words" in before.words()
    assert "1 cannot be closed" in before.words()
    assert "The fair is over." in before.all(".message")[0].text()
    assert references[0] in before.all(".message")[0].text()
    again = lead.post("/console/queue", [*chosen, ("change", "1")])
    assert len(again.all("input[name=reference][checked]")) == 3
    assert again.all("#many-reason")[0].attributes["value"] == "The fair is over."
    other = [field if field[0] != "reason" else ("reason", "It rained.") for field in chosen]
    changed = lead.post("/console/queue", [*other, ("digest", before.hidden()["digest"])])
    assert "Nothing was sent yet" in changed.words()
    response = lead.post("/console/queue", [*other, ("digest", changed.hidden()["digest"])])
    assert "2 of 3 contacts are closed." in response.words()
    fields = [*lead.get("/console/queue").hidden().items(), ("reference", references[2]), ("action", "spam")]
    assert "1 contact is closed as spam." in lead.post("/console/queue", fields).words()


def test_many_are_chosen_and_recorded_as_answered(filled: House) -> None:
    """Without scripts a button chooses all on the page, and what was typed stays; nothing is sent about an answer."""
    lead, references = filled.officer("lead"), [filled.contact(f"Answer {name}.", subject="Same") for name in "ab"]
    page = lead.get("/console/queue")
    all_chosen = lead.post("/console/queue", [*page.hidden().items(), ("choose", "all"), ("note", "at the meeting")])
    boxes = all_chosen.all("input[name=reference]")
    assert len(boxes) == len(all_chosen.all("input[name=reference][checked]")) > 2
    assert all_chosen.all("#many-note")[0].attributes["value"] == "at the meeting"
    fields = [*page.hidden().items(), *(("reference", name) for name in references), ("note", "at the meeting")]
    response = lead.post("/console/queue", [*fields, ("action", "respond")])
    assert "2 contacts are answered." in response.words()
    assert "at the meeting" in lead.get(f"/console/contacts/{references[0]}").words()


def test_a_page_of_fifty_stays_small(filled: House) -> None:
    """Under 100 KB, whatever people wrote; each row leads to its contact within the list."""
    endless = "<&💩>" * 4_000
    for _ in range(50):
        filled.contact(endless, subject=endless[:200], sender={"name": endless[:100]})
    page = filled.officer("lead").get("/console/queue?channel=desk&state=any")
    assert len(_references(page)) == 50
    assert len(page.text.encode()) < 100_000
    link = page.all("table.queue th[scope=row] a")[0]
    assert str(link.attributes["href"]).endswith("?list=state%3Dany%26channel%3Ddesk")
    filled.change("UPDATE contacts SET state = 'closed', next_look_at = NULL WHERE subject LIKE '<&%'")


def test_a_spreadsheet_runs_nothing(filled: House) -> None:
    """A cell that a spreadsheet program would take for a formula begins with a quote mark (CSV injection)."""
    page = filled.officer("lead").get("/console/queue.csv")
    assert page.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(page.text.lstrip("\ufeff"))))
    assert {"Bins", "Damp", "'=HYPERLINK(1)"} <= {row["subject"] for row in rows}
    assert "'@SUM(1)" in {row["sender_name"] for row in rows}


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH COMMERCIAL AT}"])
def test_a_formula_of_any_width_is_quoted(filled: House, first: str) -> None:
    """Spreadsheet programs of East Asia run cells that begin with a sign in its full width, too."""
    reference = filled.contact(subject=f"{first}1+1")
    page = filled.officer("lead").get("/console/queue.csv")
    rows = {row["reference"]: row for row in csv.DictReader(io.StringIO(page.text.lstrip("\ufeff")))}
    assert rows[reference]["subject"] == f"'{first}1+1"
    filled.officer("lead").act(reference, "close", reason="tried")


def test_a_view_is_kept_under_its_name(filled: House) -> None:
    """A filtered list can be kept and found again by who kept it alone, and forgotten."""
    lead, other = filled.officer("lead"), filled.officer("administrator")
    page = lead.get("/console/queue?team=housing")
    lead.post("/console/views", {**page.hidden(), "query": "team=housing", "name": "Our damp"})
    kept = lead.get("/console/queue")
    assert lead.post("/console/views", {**page.hidden(), "query": "team=housing", "name": "  "}).status == 409
    link = next(link for link in kept.all(".views a") if link.text() == "Our damp")
    assert _references(lead.get(str(link.attributes["href"]))) == _references(page)
    assert "Our damp" not in other.get("/console/queue").words()
    number = str(kept.all(".views button")[0].attributes["value"])
    hidden = other.get("/console/queue").hidden()
    other.post("/console/views", {**hidden, "drop": number})
    assert "Our damp" in lead.get("/console/queue").words()
    lead.post("/console/views", {**kept.hidden(), "drop": number})
    assert "Our damp" not in lead.get("/console/queue").words()
    trail = lead.get("/console/audit").words()
    assert "View saved" in trail
    assert "View dropped" in trail


def test_of_very_common_words_the_page_says_that_it_is_cut(filled: House) -> None:
    """Nobody takes what is shown for all that there is."""
    lead = filled.officer("lead")
    filled.change(
        "WITH RECURSIVE n(i) AS (VALUES (-10000) UNION ALL SELECT i + 1 FROM n WHERE i < -1) "
        "INSERT INTO message_words (rowid, contact_id, words) SELECT i, 1, 'zebra' FROM n"
    )
    assert "only the newest 10,000" in lead.get("/console/queue?words=zebra").words()
    assert "only the newest 10,000" not in lead.get("/console/queue?words=bins").words()


def test_another_teams_contact_is_not_there(filled: House) -> None:
    """Who sees one team finds nothing of another: not in the queue, not by words, not by its reference."""
    officer, lead = filled.officer("officer"), filled.officer("lead")
    reference = _references(lead.get("/console/queue?team=housing"))[0]
    assert reference not in officer.get("/console/queue").text
    assert reference not in officer.get("/console/queue?words=damp").text
    assert reference not in officer.get("/console/queue.csv").text
    page = officer.get(f"/console/contacts/{reference}")
    assert page.status == 404
    assert "Damp" not in page.text
    response = officer.post(f"/console/contacts/{reference}", {**page.hidden(), "action": "respond"})
    assert response.status in (403, 404)
    assert reference in lead.get("/console/audit").words()


def test_the_time_of_a_platform_is_a_clock_of_the_page(filled: House) -> None:
    """It stands first while it is the earliest; once it is over, the page offers the other ways."""
    reference, lead = filled.contact("I wrote on a platform."), filled.officer("lead")
    change = "UPDATE contacts SET platform_reply_by = datetime('now', ?) WHERE reference = ?"
    with closing(sqlite3.connect(filled.service.store)) as store:
        store.execute(change, ("+90 minutes", reference))
        store.commit()
        first = lead.get(f"/console/contacts/{reference}").all(".clocks li")[0].text()
        assert "takes an answer until" in first
        assert "1 hour left" in first
        row = next(row for row in lead.get("/console/queue").all("table.queue tr") if reference in row.text())
        assert "1 hour left" in row.text()
        store.execute(change, ("-1 minutes", reference))
        store.commit()
    page = lead.get(f"/console/contacts/{reference}")
    assert "takes no answer any more" in page.all(".danger")[0].text()
    assert "By telephone" in page.all(".danger")[0].text()
    assert not [clock for clock in page.all(".clocks li") if "takes an answer" in clock.text()]
    lead.act(reference, "respond")
