"""What staff and programs do goes through one door, on each database: who may, who sees, who was first."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import StatementError

from bot.core.deputies import Away, Deputies
from bot.core.events import StoredEvent
from bot.core.roles import Permission, Role, Scope
from bot.flows import staffing
from bot.flows.changes import record
from bot.flows.changes.refusals import Refused
from bot.flows.desk import actions, contact_view, person
from bot.flows.desk.orders import Order
from bot.flows.outgoing import alert
from bot.flows.rulebook import Rulebook, Team
from bot.flows.staffing import Visitor
from bot.store import audit, contacts, needs, people, queue, settled, staff, tokens, views, words
from bot.store.audit import Looking
from bot.store.engine import Store
from bot.store.needs import Needs
from bot.store.queue import WHICH, Criteria
from bot.store.staff import Account
from bot.store.tokens import Answer, Token
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import again, logged
from tests.rulebooks import altered

ANN = Visitor("staff:ann@example.gov.uk", Scope())
HOUSING = Visitor("staff:hal@example.gov.uk", Scope(frozenset({"housing"}), unassigned=False))


@pytest.fixture
def two(book: Rulebook) -> Rulebook:
    """Two teams."""
    housing = Team("housing", ("housing@example.gov.uk",), "post")
    return altered(book, teams={**book.outgoing.teams, "housing": housing})


def _do(c: Connection, book: Rulebook, reference: str, action: str, **fields: str) -> str:
    return actions.act(c, Order(action, reference, fields), ANN, NOW + timedelta(hours=1), book)


def test_every_list_can_be_asked_for(store: Store, two: Rulebook, mail: Make) -> None:
    """Each filter on each database, alone and with a scope; what falls due next comes first, what has no date last."""
    with writing(store) as c:
        first, second = (logged(c, two, mail(number)) for number in (1, 2))
        _do(c, two, second.reference, "assign", team="housing")
        _do(c, two, first.reference, "pause")
        words.index(c)
        for which in WHICH:
            for scope in (Scope(), HOUSING.scope):
                queue.page(c, Criteria(which=which), scope, NOW, most=5)
                queue.after(c, Criteria(state="any", which=which, words="hole"), scope, NOW, cursor=0, most=5)
        shown = queue.page(c, Criteria(), Scope(), NOW, most=5).contacts
        assert [contact.reference for contact in shown] == [second.reference, first.reference]
        assert queue.page(c, Criteria(), Scope(), NOW, most=1).more
        mine = queue.page(c, Criteria(words="hole"), HOUSING.scope, NOW, most=5).contacts
        assert [contact.reference for contact in mine] == [second.reference]
        assert [contact.reference for contact in people.of(c, first.id).contacts] == [first.reference]


def test_the_lists_of_some_teams_are_whole(store: Store, two: Rulebook, mail: Make) -> None:
    """Page by page all that they have in a state comes, in its order, and nothing else; for programs, too."""
    scope, states = Scope(frozenset({"housing", "front"})), ("open", "answered", "closed", "logged")
    with writing(store) as c:
        for number in range(24):
            state, team = states[number % 4], ("housing", "front", None, "parks")[number // 4 % 4]
            values = {"team": team, "state": state} | ({} if state == "open" else {"next_look_at": None})
            contacts.put(c, logged(c, two, mail(number)).id, values)
        everything = [contact for contact in contacts.list_all(c) if scope.sees(contact.team)]
        for state in ("any", "answered", "closed", "logged"):
            expected = [contact.id for contact in everything if state in ("any", contact.state)]
            criteria, paged, cursor = Criteria(state), list[int](), 0
            for skip in range(0, len(expected), 2):
                paged += [contact.id for contact in queue.page(c, criteria, scope, NOW, most=2, skip=skip).contacts]
            assert paged == expected[::-1]
            streamed_ids = list[int]()
            while (part := queue.after(c, criteria, scope, NOW, cursor=cursor, most=3)).next_cursor is not None:
                streamed_ids, cursor = streamed_ids + [contact.id for contact in part.contacts], part.next_cursor
            assert streamed_ids + [contact.id for contact in part.contacts] == expected


def test_what_another_team_has_is_not_there(store: Store, two: Rulebook, mail: Make) -> None:
    """Neither shown nor changed, and the refusal is the same as for a reference that was never given."""
    with writing(store) as c:
        reference = logged(c, two, mail()).reference
        for candidate in (reference, "EX-7K3M-9QPH", "a\0b", "\ud800", ""):
            with pytest.raises(Refused, match=f"there is no contact {candidate}"):
                actions.act(c, Order("respond", candidate, {}), HOUSING, NOW, two)
        assert contact_view.show(c, reference, HOUSING.scope, NOW, two) is None
        _do(c, two, reference, "assign", team="housing")
        whole = contact_view.show(c, reference, HOUSING.scope, NOW, two)
        assert whole is not None
        assert [event.actor for event in whole.events if event.kind == "assigned"] == [ANN.actor]


def test_who_saw_an_older_page_changes_nothing(store: Store, book: Rulebook, mail: Make) -> None:
    """Whatever somebody else did since is named; who acts on what they saw themselves is not stopped."""
    with writing(store) as c:
        reference = logged(c, book, mail()).reference
        whole = contact_view.show(c, reference, Scope(), NOW, book)
        assert whole is not None
        assert actions.act(c, Order("pause", reference, {}, whole.seen), ANN, NOW + timedelta(hours=1), book)
        with pytest.raises(Refused, match=r"ann@example\.gov\.uk did this") as refused:
            actions.act(c, Order("respond", reference, {}, whole.seen), ANN, NOW + timedelta(hours=2), book)
        assert refused.value.kind == "conflict"
        assert again(c, reference).state == "open"


@pytest.mark.parametrize(
    ("action", "fields", "field"),
    [
        ("assign", {}, "team"),
        ("assign", {"owner": "nobody"}, "owner"),
        ("assign", {"owner": "evil@evil.example"}, "owner"),
        ("assign", {"owner": "channel:nope@x.example"}, "owner"),
        ("assign", {"owner": "staff@example.gov.uk,bad@evil.example"}, "owner"),
        ("assign", {"owner": "staff@example.gov.uk\x01"}, "owner"),
        ("assign", {"owner": "\N{KELVIN SIGN}im@example.gov.uk"}, "owner"),
        ("quiet", {}, "until"),
        ("quiet", {"until": "soon"}, "until"),
        ("quiet", {"until": "2099-01-01T09:00"}, "until"),
        ("quiet", {"until": "9999-12-31T23:59-14:00"}, "until"),
        ("quiet", {"until": "0001-01-01T00:00+00:00"}, "until"),
        ("respond", {"at": "0001-01-01T00:00+14:00"}, "at"),
        ("respond", {"note": "x" * 5_001}, "note"),
        ("classify", {"service": "No such service"}, "service"),
        ("classify", {"kind": "nope"}, "kind"),
        ("classify", {"area": "x" * 5_001}, "area"),
        ("needs", {"needs": "x" * 501}, "needs"),
        ("respond", {"at": "2099-01-01T09:00"}, "at"),
        ("extend", {"to": "a while", "reason": "because"}, "to"),
        ("extend", {"to": "30 working days"}, "reason"),
        ("correct", {"was": "nothing"}, "was"),
        ("link", {"with": "EX-7K3M-9QPH"}, "with"),
    ],
)
def test_a_wrong_field_is_named(
    store: Store, book: Rulebook, mail: Make, action: str, fields: dict[str, str], field: str
) -> None:
    """With what to do about it; nothing is changed."""
    with writing(store) as c:
        reference = logged(c, book, mail()).reference
        with pytest.raises(Refused) as refused:
            _do(c, book, reference, action, **fields)
        assert (refused.value.kind, refused.value.field) == ("invalid", field)


def test_two_contacts_of_one_person_are_linked(store: Store, book: Rulebook, mail: Make) -> None:
    """Each shows the other."""
    with writing(store) as c:
        first, second = (logged(c, book, mail(number)).reference for number in (1, 2))
        _do(c, book, first, "link", **{"with": second})
        for reference, expected in ((first, second), (second, first)):
            whose = person.show(c, reference, Scope(), NOW, book)
            assert whose is not None
            others = {row.contact.reference: row.because for row in whose.rows if row.contact.reference != reference}
            assert others == {expected: "Tied by staff, or goes on with it"}


def test_what_another_team_has_is_not_named(store: Store, two: Rulebook, mail: Make) -> None:
    """A contact that is linked with another team's shows that it is linked, and not with which."""
    with writing(store) as c:
        own, foreign = (logged(c, two, mail(number)).reference for number in (1, 2))
        _do(c, two, own, "link", **{"with": foreign})
        _do(c, two, own, "assign", team="housing")
        for scope, details in ((Scope(), {"with": foreign}), (HOUSING.scope, {})):
            whole = contact_view.show(c, own, scope, NOW, two)
            assert whole is not None
            evidence = f"With: {foreign}" if details else ""
            assert [event.evidence for event in whole.events if event.kind == "linked"] == [evidence]
            trail = audit.trail(c, Looking(ANN.actor, scope), 50)
            assert [event.details for event in trail if event.kind == "linked"] == [details]
    up_to = store.read_now(settled.up_to)
    streamed, _ = store.read_now(lambda c: audit.stream(c, 0, up_to, HOUSING.scope, 50))
    assert [event.details for event in streamed if event.kind == "linked"] == [{}]


def test_whoever_gets_a_contact_is_of_ours(store: Store, two: Rulebook, mail: Make) -> None:
    """Somebody who may sign in, or whom the configuration names; in small letters, so that they find it."""
    account = Account("hal@example.gov.uk", "Hal", Role.OFFICER, frozenset(), "", NOW, None)
    deputies = Deputies([Away("jo@example.gov.uk", NOW.date(), NOW.date(), "Di@example.gov.uk")])
    book = altered(two, deputies=deputies)
    with writing(store) as c:
        reference = logged(c, book, mail()).reference
        assert staffing.add(c, account, "staff:me", book) is None
        for typed in ("Hal@Example.gov.uk", "housing@example.gov.uk", "jo@example.gov.uk", "di@example.gov.uk"):
            _do(c, book, reference, "assign", owner=typed)
            assert again(c, reference).owner == typed.lower()
            assert queue.page(c, Criteria(owner=typed), Scope(), NOW, most=5).contacts
        assert staffing.disable(c, account.address, "staff:me", NOW) is None
        with pytest.raises(Refused, match="nobody of staff"):
            _do(c, book, reference, "assign", owner=account.address)
        # What was stored before addresses were looked at names no outlet.
        was = replace(again(c, reference), owner="channel:nope@x.example")
        assert {row.channel for row in alert.handed_over(was, NOW, book)} == {"post"}


def test_what_is_stored_can_be_read_again(store: Store, book: Rulebook, mail: Make) -> None:
    """An instant in any zone comes back as the same instant; one that is of no year in UTC is not stored."""
    far = datetime.max.replace(tzinfo=timezone(timedelta(hours=-14)))
    with writing(store) as c:
        contact = logged(c, book, mail())
        until = NOW.astimezone(timezone(timedelta(hours=14))) + timedelta(days=1)
        contacts.put(c, contact.id, {"quiet_until": until})
        assert again(c, contact.reference).quiet_until == until
    with pytest.raises((OverflowError, StatementError)), writing(store) as c:
        contacts.put(c, contact.id, {"quiet_until": far})
    assert store.read_now(lambda c: again(c, contact.reference)).quiet_until == until


def test_an_answer_recorded_later_says_when(store: Store, book: Rulebook, mail: Make) -> None:
    """The history has it when it was given, and tells when that was recorded; so it is for every change of a clock."""
    with writing(store) as c:
        reference = logged(c, book, mail()).reference
        given = (NOW + timedelta(minutes=10)).isoformat()
        for action in ("holding-reply", "respond"):
            _do(c, book, reference, action, at=given)
        now = (NOW + timedelta(hours=1)).isoformat(timespec="seconds")
        trail = {event.kind: event for event in audit.trail(c, Looking(ANN.actor, Scope()), 50)}
        for kind in ("holding reply", "responded"):
            assert trail[kind].at == NOW + timedelta(minutes=10)
            assert trail[kind].details["recorded_at"] == now
        _do(c, book, reference, "reopen")
        _do(c, book, reference, "pause")
        paused = next(event for event in audit.trail(c, Looking(ANN.actor, Scope()), 1))
        assert "recorded_at" not in paused.details


def test_what_was_refused_stands_in_the_audit_trail_alone(store: Store, two: Rulebook, mail: Make) -> None:
    """Beside the contact, for who sees it; it is no part of its history, and makes no page stale."""
    with writing(store) as c:
        contact = logged(c, two, mail())
        what = "respond \ud800"
        staffing.note_refusal(c, HOUSING, NOW, attempt=what, reason="no such contact", reference=contact.reference)
        staffing.note_refusal(
            c, HOUSING, NOW, attempt="EX-7K3M-9QPH", reason="no such contact", reference="EX-7K3M-9QPH"
        )
        trail = [(event.kind, event.reference) for event in audit.trail(c, Looking(ANN.actor, Scope()), 50)]
        assert trail == [("refused", None), ("refused", contact.reference)]
        assert "refused" not in [event.kind for event in contacts.events_of(c, contact.id)]
        assert audit.last_by_others(c, contact.id) is None
    up_to = store.read_now(settled.up_to)
    streamed, _ = store.read_now(lambda c: audit.stream(c, 0, up_to, Scope(), 50))
    assert "refused" not in [event.kind for event in streamed]


def test_whoever_took_it_down_is_named_once(store: Store, book: Rulebook, mail: Make) -> None:
    """Also where the first time ended between the logging and the note."""
    with writing(store) as c:
        reference = logged(c, book, mail()).reference
        for actor in ("token:phones", "token:phones"):
            record.taken_down(c, reference, actor, NOW)
        trail = audit.trail(c, Looking(ANN.actor, Scope()), 50)
        assert [(event.kind, event.actor) for event in trail] == [("taken down", "token:phones")]


def test_a_session_lasts_while_it_is_used(store: Store, two: Rulebook) -> None:
    """Two hours after the last use it is over, twelve after it began in any case; only its hash is kept."""
    account = Account("hal@example.gov.uk", "Hal", Role.OFFICER, frozenset({"housing"}), "", NOW, None)
    with writing(store) as c:
        assert staffing.add(c, account, "staff:me", two) is None
        secret = staffing.sign_in(c, account, "password", NOW, NOW)
        session = staffing.visitor(c, secret, NOW, two)
        assert session is not None
        visitor, _ = session
        assert visitor.scope == HOUSING.scope
        for minutes in range(100, 701, 100):
            assert staffing.visitor(c, secret, NOW + timedelta(minutes=minutes), two) is not None
            staffing.keep_session(c, visitor, NOW + timedelta(minutes=minutes))
        assert staffing.visitor(c, secret, NOW + timedelta(hours=12, seconds=1), two) is None
        again_signed = staffing.sign_in(c, account, "password", NOW, NOW)
        assert staffing.visitor(c, again_signed, NOW + timedelta(hours=2, seconds=1), two) is None
        assert staffing.disable(c, account.address, "staff:me", NOW) is None
        assert staffing.visitor(c, again_signed, NOW, two) is None
        assert [member.disabled_at for member in staff.list_all(c)] == [NOW]


def test_a_session_that_began_in_the_future_is_none(store: Store, two: Rulebook) -> None:
    """Our clocks differ by minutes at most; what a clock years ahead began lets nobody in for years."""
    account = Account("hal@example.gov.uk", "Hal", Role.OFFICER, frozenset(), "", NOW, None)
    with writing(store) as c:
        assert staffing.add(c, account, "staff:me", two) is None
        for ahead, lets_in in ((timedelta(minutes=1), True), (timedelta(days=1800), False)):
            secret = staffing.sign_in(c, account, "password", NOW, NOW + ahead)
            assert (staffing.visitor(c, secret, NOW, two) is not None) == lets_in


def test_tokens_answers_needs_and_views_are_kept(store: Store, two: Rulebook) -> None:
    """On each database alike."""
    with writing(store) as c:
        token = Token("phones", frozenset({"contacts:read"}), frozenset({"housing"}), NOW)
        secret = staffing.create_token(c, token, "staff:me", two)
        assert isinstance(secret, str)
        bearer = staffing.bearer(c, secret, NOW, two)
        assert bearer is not None
        assert bearer[0].scope == HOUSING.scope
        assert tokens.reserve(c, "phones key", "d", NOW) is None
        assert tokens.reserve(c, "phones key", "e", NOW) == Answer("d", 0, "")
        tokens.keep_answer(c, "phones key", 201, "{}")
        assert tokens.find_answer(c, "phones key") == Answer("d", 201, "{}")
        tokens.drop_answers(c, NOW + timedelta(seconds=1))
        assert tokens.find_answer(c, "phones key") is None
        for text in ("Large print", "Braille"):
            needs.note(c, {"sam@a.example", "tel:+441632960888"}, Needs(text, "staff:me", NOW))
        assert getattr(needs.of(c, {"tel:+441632960888", "x"}), "needs", "") == "Braille"
        assert needs.noted_among(c, {"sam@a.example", "x"}) == {"sam@a.example"}
        for query in ("team=a", "team=b"):
            views.save(c, "ann", "mine", query)
        (view,) = views.of(c, "ann")
        assert view.query == "team=b"
        assert not views.drop(c, "bob", view.id)
        assert views.drop(c, "ann", view.id)


def test_the_stream_of_events_passes_nothing_by(store: Store, two: Rulebook, mail: Make) -> None:
    """Read in pieces by a cursor, each event of a contact is seen once, and only by who sees the contact."""
    with writing(store) as c:
        references = [logged(c, two, mail(number)).reference for number in (1, 2, 3)]
        _do(c, two, references[2], "assign", team="housing")
    seen: list[int] = []
    last = [0]
    up_to = store.read_now(settled.up_to)

    def following(c: Connection) -> list[StoredEvent]:
        events, after = audit.stream(c, last[-1], up_to, Scope(), 2)
        last.append(after)
        return events

    while part := store.read_now(following):
        seen += [event.id for event in part]
    assert seen == sorted(set(seen))
    assert last[-1] == last[-2] >= seen[-1]
    narrow, after = store.read_now(lambda c: audit.stream(c, 0, up_to, HOUSING.scope, 50))
    assert {event.reference for event in narrow} == {references[2]}
    assert after == last[-1]
    trail = store.read_now(lambda c: audit.trail(c, Looking(ANN.actor, Scope()), 50))
    assert [event.kind for event in trail] == ["assigned"]


def test_each_role_may_what_the_one_before_it_may() -> None:
    """Readers look, officers act, leads act on many, administrators rule."""
    allowed = {role.value: [permission.value for permission in Permission if role.may(permission)] for role in Role}
    assert allowed == {
        "reader": ["read"],
        "officer": ["read", "act"],
        "lead": ["read", "act", "lead"],
        "administrator": ["read", "act", "lead", "administer"],
    }
