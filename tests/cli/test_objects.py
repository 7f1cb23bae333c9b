"""What a command says to a program: one JSON object, as the API answers to the same."""

import json
import shlex
from collections.abc import Callable, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.core.messages import Inbound
from bot.web.api.models import ContactView, Done
from tests.cli.test_receipts import Run, lines, logged, run
from tests.cli.tree import every_command
from tests.flows.conftest import mail

__all__ = ["logged", "mail", "run"]
Make = Callable[..., Inbound]
Log = Callable[[Inbound], str]
# In an order in which each can be done to one urgent contact; what is then true of it.
VERBS: dict[str, tuple[str, dict[str, object]]] = {
    "take": ("", {"urgent": "gas"}),
    "assign": ("--to front.office@example.gov.uk", {"owner": "front.office@example.gov.uk"}),
    "quiet": ("--until 2035-01-01T09:00+00:00", {"state": "open"}),
    "judge": ("--avoidable progress", {"avoidable": "progress"}),
    "needs": (
        "--needs Braille --language pl",
        {"wished_language": "pl", "needs": "Braille", "need_codes": ["braille"]},
    ),
    "legal-hold": ("--reason Inquiry", {"state": "open"}),
    "classify": ("--kind foi", {"kind": "foi"}),
    "hold": ("", {"state": "open"}),
    "acknowledge": ("", {"state": "open"}),
    "pause": ("", {"respond_by": None}),
    "resume": ("", {"paused_at": None}),
    "restart": ("", {"state": "open"}),
    "extend": ("--to '40 working days' --reason Snow", {"state": "open"}),
    "respond": ("", {"state": "answered"}),
    "close": ("--outcome spam", {"state": "closed"}),
    "reopen": ("", {"state": "open", "responded_at": None}),
}
# These need a contact of another sort.
OF_OTHERS = {"acknowledge-now", "correct"}
# These list, show or make contacts, or are about several.
NO_VERBS = {"list", "raw", "record", "show", "suppressed", "write"}


def test_every_command_on_contacts_speaks_to_programs() -> None:
    """But the one that writes a message as it came."""
    commands = {name: command for name, command in every_command().items() if name.startswith("contacts ")}
    without = {name for name, command in commands.items() if all("--json" not in o.opts for o in command.params)}
    assert without == {"contacts raw"}


def test_a_verb_answers_as_the_api_does(run: Run, logged: Log, mail: Make) -> None:
    """With what is said, and the contact as it stands then."""
    reference = logged(mail(1, text="There is a strong smell of gas"))
    for verb, (options, facts) in VERBS.items():
        (answer,) = lines(run("contacts", verb, reference, *shlex.split(options), "--json"))
        contact = _contact_of(answer, more={"needs", "need_codes"} & facts.keys())
        for name, value in facts.items():
            assert contact[name] == value, verb


def _contact_of(answer: dict[str, Any], more: Set[str] = frozenset()) -> dict[str, Any]:
    """The contact of an answer that is the API's own, with these facts more."""
    assert isinstance(Done.model_validate(answer).contact, ContactView)
    assert answer.keys() == Done.model_fields.keys()
    contact: dict[str, Any] = answer["contact"]
    assert contact.keys() == ContactView.model_fields.keys() | more
    return contact


def test_every_verb_is_tried() -> None:
    """A new one answers so, too."""
    verbs = {name.removeprefix("contacts ") for name in every_command() if name.startswith("contacts ")}
    assert verbs == VERBS.keys() | OF_OTHERS | NO_VERBS


def test_a_receipt_that_is_sent_after_all_is_answered_so(run: Run, logged: Log, mail: Make) -> None:
    """Of whom had none."""
    reference = logged(mail(1, Auto_Submitted="auto-generated"))
    (answer,) = lines(run("contacts", "acknowledge-now", reference, "--json"))
    assert _contact_of(answer)["reference"] == reference
    assert answer["said"] == f"{reference}: the receipt leaves as soon as the service runs."


def test_what_was_put_right_is_answered_so(run: Run, logged: Log, mail: Make) -> None:
    """A mail of staff's that was a holding reply."""
    question = mail(1)
    reference = logged(question)
    copy = mail(2, From="Jo <jo@example.gov.uk>", To="resident1@residents.example", In_Reply_To=question.external_id)
    logged(replace(copy, outgoing=True))
    (answer,) = lines(run("contacts", "correct", reference, "--as", "holding", "--json"))
    assert _contact_of(answer)["state"] == "open"
    assert answer["said"].endswith("is now known as a holding reply.")


def test_the_date_that_is_said_is_that_of_the_contact(run: Run, logged: Log, mail: Make) -> None:
    """After more time was given."""
    reference = logged(mail(1))
    run("contacts", "classify", reference, "--kind", "foi")
    (answer,) = lines(run("contacts", "extend", reference, "--to", "40 working days", "--reason", "Snow", "--json"))
    due = answer["contact"]["respond_by"]
    assert answer["said"] == f"{reference}: recorded (extended). The answer is due by {due}."


def test_a_refusal_is_no_object(run: Run, logged: Log, mail: Make) -> None:
    """Status 1, and the reason on standard error."""
    refusal = run("contacts", "reopen", logged(mail(1)), "--json")
    assert (refusal.exit_code, refusal.stdout) == (1, "")
    assert refusal.stderr.startswith("Nothing was changed: ")


def test_needs_that_are_only_read_are_an_object_too(run: Run, logged: Log, mail: Make) -> None:
    """Of somebody of whom nothing is noted."""
    (answer,) = lines(run("contacts", "needs", logged(mail(1)), "--json"))
    assert (answer["contact"]["needs"], answer["contact"]["need_codes"]) == ("", [])


def test_all_that_are_taken_together_are_one_object(run: Run, logged: Log, mail: Make) -> None:
    """By their references."""
    references = [logged(mail(n, text="There is a strong smell of gas", Subject=f"Gas {n}")) for n in (1, 2)]
    (answer,) = lines(run("urgent", "take", "--json"))
    assert (answer["references"], answer["taken_by_others"]) == (references, [])


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_of_several_people_each_is_an_object(
    run: Run, logged: Log, mail: Make, tmp_path: Path, more: tuple[str, ...]
) -> None:
    """With the reason where one cannot be reached, which is status 1; a trial writes to nobody."""
    reference, words, to = logged(mail(1)), tmp_path / "words.txt", tmp_path / "who.txt"
    words.write_text("We are sorry.")
    to.write_text(f"{reference}\nEX-2222-2222\n")
    result = run("contacts", "write", str(words), "--to", str(to), "--json", *more)
    first, second = map(json.loads, result.stdout.splitlines())
    assert (result.exit_code, first) == (1, {"reference": reference, "written": not more, "reason": ""})
    assert (second["written"], "there is no contact" in second["reason"]) == (False, True)
