"""The queue from the terminal: what falls due next first, and no more of it than somebody wants to read."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.channel import Batch
from bot.cli.configuration import rulebook_of
from bot.core.messages import Inbound
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.kinds import load
from bot.store.databases import transaction
from tests.cli.test_receipts import Run, lines, logged, run
from tests.flows.conftest import NOW, mail

Make = Callable[..., Inbound]
Log = Callable[[Inbound], str]
__all__ = ["logged", "mail", "run"]
# What scripts rely on.
CONTRACT = {
    *("reference", "channel", "state", "outcome", "received_at", "acknowledge_by", "acknowledged_at", "respond_by"),
    *("responded_at", "service", "team", "external_id"),
}


@pytest.fixture
def queue(tmp_path: Path, run: Run, mail: Make) -> list[str]:
    """Four contacts in the order of logging, each due a day before the one before it; the second is answered."""
    settings = load(tmp_path / "config")
    batch = Batch(tuple(mail(number, Subject=f"Matter {number}") for number in range(4)))
    with transaction(settings.store.url, writes=True) as connection:
        filed = receive(connection, batch, Reading("inbox"), NOW, rulebook_of(settings), Capacity()).filed
        dates = "UPDATE contacts SET acknowledge_by = NULL, respond_by = :due WHERE reference = :reference"
        rows = [{"due": f"2026-12-0{9 - n} 12:00:00.000000", "reference": f.reference} for n, f in enumerate(filed)]
        connection.execute(text(dates), rows)
    references = [filing.reference or "" for filing in filed]
    run("contacts", "respond", references[1])
    return references


def _references(run: Run, *options: str) -> list[str]:
    result = run("contacts", "list", *options)
    assert result.exit_code == 0, result.output
    return [line.split()[0] for line in result.stdout.splitlines()[1:]]


def test_what_falls_due_next_stands_first(run: Run, queue: list[str]) -> None:
    """What is answered comes last; `--order logged` is the order of logging."""
    assert _references(run) == [queue[3], queue[2], queue[0], queue[1]]
    assert _references(run, "--order", "logged") == queue


def test_programs_read_every_contact_in_the_order_of_logging(run: Run, queue: list[str]) -> None:
    """With what scripts rely on, and with sender and subject; as the terminal sees it where they ask for that."""
    rows = lines(run("contacts", "list", "--json"))
    assert [row["reference"] for row in rows] == queue
    assert rows[0].keys() >= CONTRACT
    assert (rows[0]["subject"], "@" in rows[0]["sender_address"]) == ("Matter 0", True)
    (first,) = lines(run("contacts", "list", "--json", "--order", "due", "--limit", "1"))
    assert first["reference"] == queue[3]


@pytest.mark.parametrize("order", ["due", "logged"])
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_limit_says_how_many_more_there_are(run: Run, queue: list[str], order: str, limit: int) -> None:
    """On standard error, so that the list can be piped."""
    result = run("contacts", "list", "--order", order, "--limit", str(limit))
    assert len(result.stdout.splitlines()) == 1 + limit
    assert f"And {4 - limit} more" in result.stderr
    assert run("contacts", "list", "--limit", "4").stderr == ""


@pytest.mark.parametrize(
    ("options", "positions"),
    [
        (("--state", "open"), [3, 2, 0]),
        (("--state", "answered"), [1]),
        (("--state", "closed"), []),
        (("--team", "front-office"), [3, 2, 0, 1]),
        (("--channel", "inbox"), [3, 2, 0, 1]),
        (("--due-before", "2026-12-08"), [3, 2]),
        (("--due-before", "2026-12-07T12:00+00:00", "--order", "logged"), [3]),
    ],
)
def test_a_list_is_narrowed(run: Run, queue: list[str], options: tuple[str, ...], positions: list[int]) -> None:
    """By state, team, channel, and by what falls due before a day or an instant."""
    assert _references(run, *options) == [queue[position] for position in positions]


@pytest.mark.parametrize(
    ("option", "name", "meant"),
    [
        ("--team", "front-ofice", "front-office"),
        ("--channel", "inbux", "inbox"),
        ("--state", "opne", "open"),
    ],
)
def test_a_name_that_does_not_exist_is_refused(run: Run, queue: list[str], option: str, name: str, meant: str) -> None:
    """With what was probably meant, and what there is."""
    result = run("contacts", "list", option, name)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert f"there is no {name!r}{f' (did you mean {meant}?)' if meant else ''}; there are: " in result.stderr


def test_what_is_finished_does_not_fall_due(run: Run, queue: list[str]) -> None:
    """To ask for both is misuse."""
    assert run("contacts", "list", "--state", "closed", "--due-before", "2026-12-08").exit_code == 2
    assert run("contacts", "list", "--due-before", "soon").exit_code == 2


def test_nothing_that_somebody_wrote_moves_the_cursor(run: Run, tmp_path: Path, logged: Log, mail: Make) -> None:
    """Control characters, and those that turn the direction of text, are question marks, in the list and in `show`."""
    reference, hostile = logged(mail(1)), "Bins \x1b[2J\x9b1A \u202egpj.exe\u2066"
    with transaction(load(tmp_path / "config").store.url, writes=True) as connection:
        connection.execute(text("UPDATE contacts SET subject = :words"), {"words": hostile})
        connection.execute(text("UPDATE messages SET text = :words"), {"words": f"Hello\n{hostile}"})
    for words in (("list",), ("show", reference)):
        output = run("contacts", *words).stdout
        assert "Bins ?[2J?1A ?gpj.exe?" in output
        assert all(character.isprintable() for line in output.splitlines() for character in line), words


def test_many_are_read_in_pages(run: Run, tmp_path: Path, logged: Log, mail: Make) -> None:
    """Each is there once, and that somebody read so many is noted before they see it."""
    settings = load(tmp_path / "config")
    batch = Batch(tuple(mail(number) for number in range(620)))
    with transaction(settings.store.url, writes=True) as connection:
        receive(connection, batch, Reading("inbox"), NOW, rulebook_of(settings), Capacity())
    assert len(set(_references(run, "--limit", "0"))) == 620
    assert run("contacts", "list", "--limit", "600").stderr.startswith("And 20 more")
    with transaction(settings.store.url, writes=False) as connection:
        events = connection.execute(text("SELECT details FROM events WHERE kind = 'read in bulk'")).scalars().all()
    assert [json.loads(details) for details in events] == [{"contacts": "more than 200"}] * 2


@pytest.mark.parametrize(("text", "words"), [("[organisation\n", "ackbot.toml:1"), ("", "is empty")])
def test_a_file_that_cannot_be_read_is_one_mistake(
    run: Run, queue: list[str], tmp_path: Path, text: str, words: str
) -> None:
    """What lacks because of it is no further one; `check` says the same."""
    (tmp_path / "config/ackbot.toml").write_text(text, encoding="utf-8")
    results = [run(*command.split()) for command in ("contacts list", "check")]
    for result in results:
        assert (result.exit_code, words in result.output) == (2, True), result.output
        assert "organisation is missing" not in result.output


def test_a_mistake_elsewhere_hinders_no_list(run: Run, queue: list[str], tmp_path: Path) -> None:
    """Only what stands of the organisation and its store is read, unless an option asks for a name of the rest."""
    (tmp_path / "config/escalation.toml").write_text("steps = 3\n", encoding="utf-8")
    assert len(_references(run)) == len(queue)
    result = run("contacts", "list", "--team", "front-office")
    assert (result.exit_code, "escalation.toml" in result.stderr) == (2, True)


def test_a_mistake_about_the_store_is_told(run: Run, queue: list[str], tmp_path: Path) -> None:
    """As any command tells it."""
    path = tmp_path / "config/ackbot.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('url = "sqlite', 'url = "sqlight'), encoding="utf-8")
    result = run("contacts", "list")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "store.url" in result.stderr
