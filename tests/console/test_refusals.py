"""Every verb with every bad input, through every door that offers it: one refusal, and nothing changes.

The doors are the flow itself, the command line, the console, the API, and the link in an alert.
"""

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection
from typer.testing import CliRunner, Result

from bot.cli.commands import app
from bot.cli.configuration import rulebook_of
from bot.core import links, threads
from bot.core.closings import Outcome
from bot.core.contacts import Contact
from bot.core.histories import Kind as Clock
from bot.flows.changes import (
    acknowledge_now,
    assign,
    classify,
    close,
    forget,
    judge,
    link,
    merge,
    needs,
    note,
    respond,
    split,
    staff_answers,
    urgent,
)
from bot.flows.changes.adjust import ClockChange, Word, adjust
from bot.flows.changes.assignees import Holder
from bot.flows.changes.refusals import Kind, Refused
from bot.flows.rulebook import Rulebook
from bot.kinds import load
from bot.store import contacts, outbox
from bot.store.engine import Store
from bot.web.site import STATUS_OF
from tests.components.officer import Page
from tests.components.ports import PATIENCE_SECONDS, wait_until
from tests.components.service import ask
from tests.console.conftest import House

Fields = Mapping[str, str]
FUTURE, BEFORE, OFF = "2030-01-01T10:00+00:00", "2020-01-01T10:00+00:00", "2090-01-01T09:00+00:00"
LONG = "x" * 5_001
NOBODY = threads.reference_of(999_999, "EX")
OWN = "customer.services@example.gov.uk"


@dataclass(frozen=True)
class Bad:
    """One bad input: the verb, what is typed, and the refusal expected; `of` names the contact (`scene`)."""

    verb: str
    fields: Fields
    kind: Kind
    field: str
    words: str
    of: str = "open"

    def __str__(self) -> str:
        typed = ", ".join(f"{name} {value[:20] or 'empty'}" for name, value in self.fields.items())
        return f"{self.verb} of {self.of} contact: {typed or 'nothing typed'}"


def _invalid(verb: str, name: str, value: str, words: str, of: str = "open", **more: str) -> Bad:
    return Bad(verb, {name: value, **more}, Kind.INVALID, name, words, of)


def _conflict(verb: str, words: str, of: str = "open", field: str = "", **fields: str) -> Bad:
    return Bad(verb, fields, Kind.CONFLICT, field, words, of)


_WHEN = ("respond", "acknowledge", "holding-reply", "pause", "resume", "restart")
_TO = {"to": "30 working days", "reason": "Many papers."}
TABLE = (
    *(_invalid(verb, "at", FUTURE, "that is in the future") for verb in _WHEN),
    *(_invalid(verb, "at", BEFORE, "that is before the contact itself came") for verb in _WHEN),
    *(_invalid(verb, "note", LONG, "use 5,000 characters or fewer; there are 5,001") for verb in _WHEN),
    *(_conflict(verb, "is answered, so", "answered") for verb in (*_WHEN, "take", "not-urgent")),
    _conflict("resume", "its clock is not paused"),
    _invalid("extend", "at", FUTURE, "that is in the future", "request", **_TO),
    _invalid("extend", "reason", "  ", "say in plain words why it takes longer", "request", to="30 working days"),
    _invalid("extend", "reason", LONG, "use 5,000 characters or fewer", "request", to="30 working days"),
    _invalid("extend", "to", "", "say how long in all", "request", reason="Many papers."),
    _invalid("extend", "to", "a while", "'a' cannot stand here", "request", reason="Many papers."),
    _invalid("extend", "to", "41 working days", "is too long; at most 40 working days", "request", reason="Papers."),
    _invalid("extend", "to", "99999 months", "is too long; at most 40 working days", "request", reason="Papers."),
    _invalid("extend", "to", "1 working day", "is not later than what is promised now", "request", reason="Papers."),
    _conflict("extend", "allows no extension", **_TO),
    _conflict("extend", "is answered, so", "answered", **_TO),
    _invalid("classify", "service", "No such service", "there is no service to choose"),
    _invalid("classify", "kind", "nonsense", "there is no such kind"),
    _invalid("classify", "area", "nowhere", "there is no area to choose"),
    _conflict("take", "was taken by", "taken"),
    _conflict("not-urgent", "is not urgent"),
    Bad("assign", {}, Kind.INVALID, "team", "choose a team or a person"),
    _invalid("assign", "team", "nosuch", "there is no team nosuch; there are front-office, housing"),
    _invalid("assign", "owner", "nobody", "the person must be an email address"),
    _invalid("assign", "owner", "evil@evil.example", "nobody of staff has the address evil@evil.example"),
    _invalid("assign", "owner", "channel:post@x.example", "the person must be an email address"),
    _invalid("assign", "owner", f"{'a' * 300}@example.gov.uk", "the person must be an email address"),
    _conflict("assign", "is with front-office already", team="front-office"),
    _conflict("assign", "is answered, so", "answered", team="housing"),
    _invalid("quiet", "until", BEFORE, "that time is over"),
    _invalid("quiet", "until", OFF, "that is more than ten years ahead"),
    _conflict("quiet", "is answered, so", "answered", until=FUTURE),
    _conflict("close", "say why it is closed all the same", field="reason", reason="  "),
    _invalid("close", "reason", LONG, "use 5,000 characters or fewer"),
    _conflict("close", "is closed", "closed", reason="Again."),
    _invalid("close", "outcome", "nonsense", "choose one of finished, told, withdrawn, duplicate, spam, test"),
    _invalid("close", "note", "  ", "say how they were told, and when", outcome="told"),
    _invalid("close", "note", "The other.", "name the contact with which it goes on", outcome="duplicate"),
    _conflict("close", "no message reaches the person", "letter", field="outcome", reason="It was picked up."),
    _conflict("spam", "is closed", "closed"),
    _invalid("urgent", "reason", " ", "say why it cannot wait"),
    _invalid("urgent", "reason", "x" * 301, "use 300 characters or fewer; there are 301"),
    _conflict("urgent", "is answered, so", "answered", reason="A child is in there."),
    _conflict("reopen", "is open"),
    _invalid("reopen", "note", LONG, "use 5,000 characters or fewer", "answered"),
    Bad("note", {"words": " "}, Kind.INVALID, "words", "write the note"),
    _invalid("note", "words", LONG, "use 5,000 characters or fewer"),
    _invalid("note", "words", "@nobody", "is no one colleague"),
    _invalid("merge", "contact", "EX-0000", "enter the reference of another contact"),
    Bad("unmerge", {}, Kind.INVALID, "contact", "choose a contact that goes on in"),
    _invalid("split", "messages", "1 2", "choose messages of this contact"),
    Bad("judge", {}, Kind.INVALID, "", "say whether it was avoidable, why it is late, or what came of a complaint"),
    _invalid("judge", "avoidable", "nonsense", "choose one of progress, unclear, on-the-web, wrong-place, necessary"),
    _invalid("judge", "complaint_outcome", "upheld", "it is no complaint"),
    _invalid("judge", "cause", "volume", "its answer is not late", "answered"),
    _invalid("correct", "was", "nonsense", "choose one of full response, holding reply"),
    _conflict("correct", "no mail of staff's is known", was="full response"),
    _invalid("acknowledge-now", "to", OWN, "that address is one of our own", "letter"),
    _invalid("acknowledge-now", "to", LONG, "use 5,000 characters or fewer", "letter"),
    _conflict("acknowledge-now", "has its receipt already"),
    _invalid("needs", "needs", "x" * 501, "use 500 characters or fewer; there are 501"),
    _invalid("legal-hold", "reason", LONG, "use 5,000 characters or fewer"),
    _conflict("legal-hold", "it is under no legal hold", field="reason", reason=""),
    _invalid("link", "with", NOBODY, "enter the reference of another contact"),
    _invalid("link", "with", "", "enter the reference of another contact"),
    _invalid("link", "with", "itself", "enter the reference of another contact"),
    _conflict("link", "it is linked with", field="with", **{"with": "taken"}),
    _conflict("unlink", "staff have not linked it with", field="with", **{"with": "closed"}),
)


@dataclass
class Scene:
    """The service with a contact for each state, and what the flows need to work on its store."""

    house: House
    store: Store
    book: Rulebook
    references: dict[str, str] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict)

    def row(self, reference: str) -> Any:
        """All that a change would change: the contact, its history, what is to leave.

        When it is looked at next is the service's own affair.
        """

        def read(c: Connection) -> Any:
            contact = contacts.find(c, reference)
            assert contact is not None
            contact = replace(contact, next_look_at=None)
            return contact, contacts.events_of(c, contact.id), outbox.of_contact(c, contact.id)

        return self.store.read_now(read)

    @property
    def now(self) -> datetime:
        """The clock on the wall, by which the service runs."""
        return datetime.now(UTC)  # noqa: TID251

    def page(self, name: str) -> Page:
        """The page of the contact as it was looked at first: nothing changes it."""
        if name not in self.pages:
            self.pages[name] = self.house.officer("lead").get(f"/console/contacts/{self.references[name]}")
        return self.pages[name]

    def command(self, verb: str, reference: str, fields: Fields) -> Result:
        """What the command line answers."""
        command, options = COMMANDS[verb]
        typed = [word for name, value in fields.items() for word in (options[name], value)]
        if verb == "legal-hold" and not fields["reason"]:
            typed = ["--end"]
        service = self.house.service
        arguments = ["contacts", command, reference, *typed, "--config", str(service.config)]
        return CliRunner().invoke(app, arguments, env=service.environment)

    def token(self, reference: str) -> str:
        """The last part of the link in the alert that went out about it."""
        query = (
            "SELECT d.id, c.id FROM deliveries d JOIN contacts c ON c.id = d.contact_id WHERE d.step = 'handed-over'"
        )
        ((delivery, contact),) = ask(self.store.url, f"{query} AND c.reference = '{reference}'")
        return links.token(delivery, contact, self.now + timedelta(days=1), self.book.secret)


@pytest.fixture(scope="module")
def scene(house: House) -> Iterator[Scene]:
    """A contact that is open, and others that are something else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACKBOT_SECRET", house.service.environment["ACKBOT_SECRET"])
        configured = load(house.service.config)
        made = Scene(house, Store(configured.store.url), rulebook_of(configured))
        lead = house.officer("lead")
        for name in ("open", "request", "taken", "answered", "closed"):
            made.references[name] = house.contact(name, team="front-office", sender={"email": f"{name}@a.example"})
        made.references["letter"] = house.contact("By letter.", how="letter", prefers="letter")
        lead.act(made.references["request"], "classify", kind="foi")
        lead.act(made.references["taken"], "take")
        lead.act(made.references["open"], "link", None, **{"with": made.references["taken"]})
        lead.act(made.references["answered"], "respond")
        lead.act(made.references["closed"], "close", reason="By mistake.")
        # The question about the answer leaves on another day.
        waiting = "SELECT count(*) FROM deliveries WHERE state = 'created' AND purpose <> 'feedback'"
        wait_until(lambda: ask(house.service.store_url, waiting)[0][0] == 0, what="everything to leave")
        yield made
        made.store.let_go()


# The doors ------------------------------------------------------------------------------------------------------------


def _instant(fields: Fields, name: str) -> datetime | None:
    return datetime.fromisoformat(fields[name]) if name in fields else None


def _clock(kind: Clock) -> Callable[..., Any]:
    def run(c: Connection, reference: str, fields: Fields, now: datetime, book: Rulebook) -> Any:
        change = ClockChange(kind, _instant(fields, "at"), fields.get("to", ""))
        word = Word("staff:me", fields.get("reason", ""), fields.get("note", ""))
        return adjust(c, reference, change, word, now, book)

    return run


FLOWS: dict[str, Callable[[Connection, str, Fields, datetime, Rulebook], Any]] = {
    "respond": lambda c, ref, f, now, book: respond.respond(
        c, ref, now, book, actor="staff:me", at=_instant(f, "at"), note=f.get("note", "")
    ),
    "acknowledge": _clock(Clock.ACKNOWLEDGED),
    "holding-reply": _clock(Clock.HOLDING_REPLY),
    "pause": _clock(Clock.PAUSED),
    "resume": _clock(Clock.RESUMED),
    "restart": _clock(Clock.RESTARTED),
    "extend": _clock(Clock.EXTENDED),
    "classify": lambda c, ref, f, now, book: classify.classify(c, ref, classify.About(**f), "staff:me", now, book),
    "take": lambda c, ref, _, now, __: assign.take(c, ref, "staff:me", now),
    "not-urgent": lambda c, ref, _, now, __: urgent.not_urgent(c, ref, "staff:me", now),
    "assign": lambda c, ref, f, now, book: assign.assign(
        c, ref, Holder.of(f.get("team", ""), f.get("owner", "")), "staff:me", now, book
    ),
    "quiet": lambda c, ref, f, now, _: assign.be_quiet(c, ref, datetime.fromisoformat(f["until"]), "staff:me", now),
    "close": lambda c, ref, f, now, book: close.close(
        c, ref, "staff:me", now, book, close.Closing.of(f.get("outcome", ""), f.get("reason", ""), f.get("note", ""))
    ),
    "spam": lambda c, ref, _, now, book: close.close(c, ref, "staff:me", now, book, close.Closing(Outcome.SPAM)),
    "urgent": lambda c, ref, f, now, book: urgent.call_somebody(c, ref, f["reason"], "staff:me", now, book),
    "reopen": lambda c, ref, f, now, book: close.reopen(c, ref, "staff:me", now, book, f.get("note", "")),
    "correct": lambda c, ref, f, now, book: staff_answers.correct(c, ref, f["was"], "staff:me", now, book),
    "acknowledge-now": lambda c, ref, f, now, book: acknowledge_now.acknowledge_now(
        c, ref, f.get("to", ""), "staff:me", now, book
    ),
    "legal-hold": lambda c, ref, f, now, _: forget.hold(c, ref, f["reason"], "staff:me", now),
    "needs": lambda c, ref, f, now, _: needs.note_needs(c, _contact(c, ref), f["needs"], "staff:me", now),
    "note": lambda c, ref, f, now, book: note.note(c, _contact(c, ref), f["words"], "staff:me", now, book),
    "merge": lambda c, ref, f, now, _: merge.merge(
        c, _contact(c, ref), contacts.find(c, f["contact"]), "", "staff:me", now
    ),
    "unmerge": lambda c, ref, _, now, book: merge.unmerge(c, _contact(c, ref), None, "staff:me", now, book),
    "judge": lambda c, ref, f, now, _: judge.judge(c, ref, judge.Judgement(**f), "staff:me", now),
    "split": lambda c, ref, f, now, book: split.split(c, _contact(c, ref), f["messages"], "staff:me", now, book),
    "link": lambda c, ref, f, now, _: link.link(c, _contact(c, ref), contacts.find(c, f["with"]), "staff:me", now),
    "unlink": lambda c, ref, f, now, _: link.unlink(c, _contact(c, ref), contacts.find(c, f["with"]), "staff:me", now),
}
# What each verb is called on the command line, and what its fields are.
COMMANDS = {
    "respond": ("respond", {"at": "--at", "note": "--note"}),
    "acknowledge": ("acknowledge", {"at": "--at", "note": "--note"}),
    "holding-reply": ("hold", {"at": "--at", "note": "--note"}),
    "pause": ("pause", {"at": "--at", "note": "--note"}),
    "resume": ("resume", {"at": "--at", "note": "--note"}),
    "restart": ("restart", {"at": "--at", "note": "--note"}),
    "extend": ("extend", {"at": "--at", "to": "--to", "reason": "--reason"}),
    "classify": ("classify", {"service": "--service", "kind": "--kind", "area": "--area"}),
    "take": ("take", {}),
    "assign": ("assign", {"team": "--team", "owner": "--to"}),
    "quiet": ("quiet", {"until": "--until"}),
    "close": ("close", {"reason": "--reason", "outcome": "--outcome", "note": "--note"}),
    "reopen": ("reopen", {"note": "--note"}),
    "correct": ("correct", {"was": "--as"}),
    "acknowledge-now": ("acknowledge-now", {"to": "--to"}),
    "legal-hold": ("legal-hold", {"reason": "--reason"}),
    "judge": ("judge", {"avoidable": "--avoidable", "cause": "--cause", "complaint_outcome": "--complaint"}),
}
API = {
    "respond": {"at", "note"},
    "pause": {"note"},
    "resume": {"note"},
    "assign": {"team", "owner"},
    "close": {"reason", "outcome", "note"},
    "judge": {"avoidable", "cause", "complaint_outcome"},
}
LINKED = {"take": set[str](), "quiet": {"until"}, "assign": {"team", "owner"}}


def _contact(c: Connection, reference: str) -> Contact:
    contact = contacts.find(c, reference)
    assert contact is not None
    return contact


def _by_flow(scene: Scene, reference: str, bad: Bad, fields: Fields) -> None:
    with pytest.raises(Refused) as refused:
        scene.store.write_now(lambda c: FLOWS[bad.verb](c, reference, fields, scene.now, scene.book))
    assert (refused.value.kind, refused.value.field) == (bad.kind, bad.field)
    assert bad.words in refused.value.reason


def _by_command(scene: Scene, reference: str, bad: Bad, fields: Fields) -> None:
    done = scene.command(bad.verb, reference, fields)
    assert (done.exit_code, done.stdout) == (2 if bad.kind is Kind.INVALID else 1, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("Nothing was changed: ")
    assert bad.words in done.stderr


def _on_page(page: Page, bad: Bad) -> None:
    assert page.status == STATUS_OF[bad.kind]
    (summary,) = page.all(".summary")
    assert bad.words in summary.text() or _as_sentence(bad.words) in summary.text()


def _as_sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"


def _by_console(scene: Scene, reference: str, bad: Bad, fields: Fields) -> None:
    typed = {"more" if name == "needs" else name: value for name, value in fields.items()}
    page = scene.house.officer("lead").act(reference, bad.verb, scene.page(bad.of), **typed)
    _on_page(page, bad)
    expected = f"{bad.verb}-{'more' if bad.field == 'needs' else bad.field}"
    if bad.field and page.all(f"#{expected}"):
        assert [node.attributes["id"] for node in page.all("[aria-invalid=true]")] == [expected]


def _by_api(scene: Scene, reference: str, bad: Bad, fields: Fields) -> None:
    answer = scene.house.call("POST", f"/api/v1/contacts/{reference}/{bad.verb}", dict(fields))
    assert answer.status == STATUS_OF[bad.kind]
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert [error["field"] for error in answer.json.get("errors", [])] == ([bad.field] if bad.field else [])
    assert bad.words in answer.json["detail"] or _as_sentence(bad.words) in answer.json["detail"]


def _by_link(scene: Scene, reference: str, bad: Bad, fields: Fields) -> None:
    address = f"http://127.0.0.1:{scene.house.service.web_port}/alerts/{scene.token(reference)}"
    body = urllib.parse.urlencode({"action": bad.verb, **fields}).encode()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(address, body, timeout=PATIENCE_SECONDS)
    with refused.value as answer:
        _on_page(Page(answer.code, address, {}, answer.read().decode()), bad)


Door = Callable[[Scene, str, Bad, Fields], None]
DOORS: dict[str, tuple[Door, Callable[[Bad], bool]]] = {
    "flow": (_by_flow, lambda _: True),
    "command": (_by_command, lambda bad: bad.verb in COMMANDS),
    "console": (_by_console, lambda _: True),
    "API": (_by_api, lambda bad: bad.verb in API and bad.fields.keys() <= API[bad.verb]),
    "link": (_by_link, lambda bad: bad.verb in LINKED),
}


@pytest.mark.parametrize(
    ("bad", "door"),
    [pytest.param(b, d, id=f"{b}, by {d}") for b in TABLE for d, (_, offers) in DOORS.items() if offers(b)],
)
def test_what_cannot_be_is_refused_alike_at_every_door(scene: Scene, bad: Bad, door: str) -> None:
    """The same kind, the same field, the same words; and nothing is changed."""
    reference = scene.references[bad.of]
    named = {"itself": reference, **scene.references}
    fields = {name: named.get(value, value) if name == "with" else value for name, value in bad.fields.items()}
    before = scene.row(reference)
    DOORS[door][0](scene, reference, bad, fields)
    assert scene.row(reference) == before


@pytest.mark.parametrize(
    "verb", sorted(FLOWS.keys() - {"needs", "link", "unlink", "note", "merge", "unmerge", "split"})
)
def test_a_contact_that_is_not_there_is_refused_alike(scene: Scene, verb: str) -> None:
    """By the flow, on the command line, by console and API: there is no such contact."""
    fields = next(bad.fields for bad in TABLE if bad.verb == verb)
    with pytest.raises(Refused, match=f"there is no contact {NOBODY}") as refused:
        scene.store.write_now(lambda c: FLOWS[verb](c, NOBODY, fields, scene.now, scene.book))
    assert refused.value.kind is Kind.UNKNOWN
    if verb in COMMANDS:
        done = scene.command(verb, NOBODY, fields)
        assert (done.exit_code, done.stderr) == (1, f"There is no contact {NOBODY}.\n")
    page = scene.house.officer("lead").act(NOBODY, verb, scene.page("open"), **fields)
    assert (page.status, "We cannot show this contact" in page.words()) == (404, True)
    if verb in API:
        answer = scene.house.call("POST", f"/api/v1/contacts/{NOBODY}/{verb}", {})
        assert (answer.status, answer.json["detail"]) == (404, f"There is no contact {NOBODY}.")


RECORDS = (
    ("service", "No such service", "there is no service to choose"),
    ("received_at", FUTURE, "it cannot have come in the future"),
    ("received_at", BEFORE, "it must have come within the last year"),
)


@pytest.mark.parametrize(("name", "value", "words"), RECORDS)
def test_what_is_taken_down_is_refused_alike(scene: Scene, name: str, value: str, words: str) -> None:
    """At the desk of the console and by the API; nothing is logged."""
    count = "SELECT count(*) FROM contacts"
    before = ask(scene.store.url, count)
    answer = scene.house.call("POST", "/api/v1/contacts", {"text": "A call.", name: value})
    assert (answer.status, answer.json["errors"]) == (422, [{"field": name, "detail": words}])
    officer = scene.house.officer("lead")
    form = officer.get("/console/record").hidden()
    page = officer.post("/console/record", {**form, "how": "phone", "text": "A call.", name: value})
    assert (page.status, page.all(".summary a")[0].text()) == (422, f"{_as_sentence(words)}.")
    assert ask(scene.store.url, count) == before


def test_needs_that_are_too_long_are_not_lost_at_the_desk(scene: Scene) -> None:
    """The call is not logged yet, what was typed is kept, and the field says how long it may be."""
    officer, count = scene.house.officer("lead"), "SELECT count(*) FROM contacts"
    before = ask(scene.store.url, count)
    form = officer.get("/console/record").hidden()
    page = officer.post("/console/record", {**form, "how": "phone", "text": "A call.", "more": "x" * 501})
    assert page.status == 422
    assert [node.attributes["value"] for node in page.all("#more[aria-invalid=true]")] == ["x" * 501]
    assert ask(scene.store.url, count) == before


def test_the_second_is_told_who_was_first_at_every_door(scene: Scene) -> None:
    """Where the contact is not open any more, console and API name whoever saw to that."""
    reference = scene.references["answered"]
    page = scene.house.officer("officer").act(reference, "respond")
    answer = scene.house.call("POST", f"/api/v1/contacts/{reference}/respond", {})
    for text in (page.all(".summary")[0].text(), answer.json["detail"]):
        assert f"{reference} is answered, so nothing was waiting for an answer; lee@example.gov.uk did this" in text
