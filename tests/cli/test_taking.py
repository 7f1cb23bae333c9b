"""Whose a contact is, what cannot wait, and how its rules are tried: from the terminal."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.core.messages import Inbound
from tests.cli.test_receipts import Run, lines, logged, run
from tests.flows.conftest import mail

Make = Callable[..., Inbound]
Log = Callable[[Inbound], str]
__all__ = ["logged", "mail", "run"]


def test_an_urgent_contact_is_taken_once(run: Run, logged: Log, mail: Make) -> None:
    """The second one is told who was first; what is answered cannot be taken."""
    reference = logged(mail(1, text="There is a strong smell of gas"))
    assert run("contacts", "take", reference).exit_code == 0
    again = run("contacts", "take", reference)
    assert (again.exit_code, "was taken by staff:" in again.stderr) == (1, True)
    (shown,) = lines(run("contacts", "show", reference, "--json"))
    assert (shown["urgent"], shown["kind"], shown["events"][-1]["kind"]) == ("gas", "urgent", "taken")
    run("contacts", "respond", reference)
    assert run("contacts", "take", reference).exit_code == 1
    assert run("contacts", "take", "EX-2345-678").exit_code == 2


def test_a_contact_is_given_to_somebody(run: Run, logged: Log, mail: Make) -> None:
    """A person or a team; wrong ones are refused, with what is allowed."""
    reference = logged(mail(1))
    assert run("contacts", "assign", reference).exit_code == 2
    for nobody in ("nobody", "channel:post@x.example", "a@b.example,c@d.example", "<a@b.example>", "bo@example.gov.uk"):
        assert run("contacts", "assign", reference, "--to", nobody).exit_code == 2
    wrong = run("contacts", "assign", reference, "--team", "nosuch")
    assert (wrong.exit_code, "there are front-office" in wrong.stderr) == (2, True)
    assert run("contacts", "assign", reference, "--to", "Front.Office@Example.gov.uk").exit_code == 0
    (shown,) = lines(run("contacts", "show", reference, "--json"))
    assert (shown["owner"], shown["team"]) == ("front.office@example.gov.uk", "front-office")
    assert any(delivery["step"] == "handed-over" for delivery in shown["deliveries"])


def test_language_and_needs_are_noted_from_the_terminal(run: Run, logged: Log, mail: Make) -> None:
    """What is not named stays as it is, "" takes it away, and a language that we cannot write is refused."""
    reference = logged(mail(1))
    assert run("contacts", "needs", reference).stdout == f"{reference}: nothing is noted.\n"
    both = run("contacts", "needs", reference, "--needs", "Braille; Ring twice", "--language", "pl")
    assert both.stdout == f"{reference}: Wants Polish. Needs: Braille; Ring twice.\n"
    in_welsh = run("contacts", "needs", reference, "--language", "cy")
    assert in_welsh.stdout == f"{reference}: Wants Welsh. Needs: Braille; Ring twice.\n"
    assert run("contacts", "needs", reference, "--language", "tlh").exit_code != 0
    assert run("contacts", "needs", reference, "--needs", "").stdout == f"{reference}: Wants Welsh.\n"
    assert run("contacts", "needs", "EX-2345-678").exit_code == 2


def test_what_is_said_for_the_figures_is_shown(run: Run, logged: Log, mail: Make) -> None:
    """Once it is noted, and whatever is not named stays; the choices stand in the refusal and in the help."""
    reference = logged(mail(1))
    assert run("contacts", "judge", reference, "--avoidable", "progress").stdout == (
        f"{reference}: it is noted for the figures.\n"
    )
    again = run("contacts", "judge", reference, "--avoidable", "progress")
    assert again.stdout == f"{reference}: it was noted so before.\n"
    assert "avoidable          progress" in run("contacts", "show", reference).stdout
    (facts,) = lines(run("contacts", "show", reference, "--json"))
    assert (facts["avoidable"], facts["cause"], facts["complaint_outcome"]) == ("progress", "", "")
    refusal = run("contacts", "judge", reference, "--cause", "lazy")
    assert (refusal.exit_code, "choose one of volume, absence, others" in refusal.stderr) == (2, True)
    assert "wrong-place, necessary" in " ".join(run("contacts", "judge", "--help").stdout.split())


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("judge --avoidable progres", "progress"),
        ("judge --cause volum", "volume"),
        ("judge --complaint uphold", "upheld"),
        ("close --outcome duplicat", "duplicate"),
        ("correct --as forwad", "forward"),
        ("classify --kind complant", "complaint"),
        ("assign --team front-ofice", "front-office"),
    ],
)
def test_a_word_of_a_known_set_is_misuse_where_it_is_none_of_it(
    run: Run, logged: Log, mail: Make, words: str, meant: str
) -> None:
    """Status 2, with the one that was probably meant."""
    verb, *options = words.split()
    refusal = run("contacts", verb, logged(mail(1)), *options)
    assert (refusal.exit_code, f"(did you mean {meant}?)" in refusal.stderr) == (2, True), refusal.stderr


def test_quiet_is_until_an_instant_ahead(run: Run, logged: Log, mail: Make) -> None:
    """One that is over is refused, and one that lies too far ahead or that no calendar has."""
    reference = logged(mail(1))
    assert run("contacts", "quiet", reference, "--until", "2035-01-01T09:00+00:00").exit_code == 0
    for never in ("2020-01-01T09:00+00:00", "2099-01-01T09:00+00:00"):
        assert run("contacts", "quiet", reference, "--until", never).exit_code == 2
    for wrong in ("soon", "9999-12-31T23:59-14:00"):
        assert run("contacts", "quiet", reference, "--until", wrong).exit_code == 2


def test_the_rules_are_tried_on_themselves_and_on_what_is_stored(
    run: Run, logged: Log, mail: Make, tmp_path: Path
) -> None:
    """What fires and what comes near, without changing anything; a rule that fails its tests is a mistake."""
    tested = run("urgent", "test")
    assert (tested.exit_code, "gas: 32 texts found, 5 left alone" in tested.stdout) == (0, True)
    hit, near = logged(mail(1, text="I can smell gas")), logged(mail(2, text="About my boiler"))
    logged(mail(3, text="Hello"))
    rows = {row["reference"]: row for row in lines(run("urgent", "replay", "--json"))}
    assert (rows[hit]["found"], rows[hit]["rule"], rows[hit]["words"]) == ("hit", "gas", "smell gas")
    assert (rows[near]["found"], rows[near]["words"], rows[near]["before"]) == ("near", "boiler", "nothing")
    assert len(rows) == 2
    assert [row["reference"] for row in lines(run("urgent", "replay", "--json", "--only-hits"))] == [hit]
    assert "1 fire, 1 come near." in run("urgent", "replay").stdout
    rule = {"name": "x", "title": "X", "advice": "Call 999.", "words": {"en": ["abc"]}, "hits": ["nothing"]}
    words = "\n".join(f"{key} = {json.dumps(value)}" for key, value in rule.items() if key != "words")
    (tmp_path / "config" / "urgent.toml").write_text(f'[[rule]]\n{words}\n[rule.words]\nen = ["abc"]\n')
    failed = run("urgent", "test")
    assert (failed.exit_code, "x: it misses 'nothing'" in failed.stderr) == (2, True)


def test_a_contact_is_closed_and_opened_again(run: Run, logged: Log, mail: Make) -> None:
    """Without an answer it takes a reason."""
    reference = logged(mail(1))
    assert run("contacts", "close", reference).exit_code == 1
    assert run("contacts", "reopen", reference).exit_code == 1
    closed = run("contacts", "close", reference, "--reason", "It was sent to us by mistake.")
    assert (closed.exit_code, closed.stdout) == (0, "It is closed. The person is told.\n")
    assert run("contacts", "reopen", reference).exit_code == 0
    (shown,) = lines(run("contacts", "show", reference, "--json"))
    assert shown["state"] == "open"
