"""The exit status of every command: 0 is good, 1 a negative answer, 2 misuse or a configuration that cannot be used."""

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import Connection
from typer.testing import CliRunner

from bot import kinds
from bot.channel import Batch
from bot.cli.commands import app
from bot.cli.configuration import rulebook_of
from bot.core.roles import Role
from bot.flows import attempts
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.present import Present
from bot.store import shunt, staff, suppressions
from bot.store.engine import Store
from bot.store.staff import Account
from bot.wire.mail import mime
from tests.architecture.house import ROOT
from tests.cli.test_record import DESK
from tests.cli.tree import every_command
from tests.components import service as configured
from tests.components.service import Service
from tests.components.stores import make_store
from tests.flows.conftest import NOW

NOBODY = "EX-2222-2222"
# A day at the terminal, in this order: the status, and what is typed; what follows <<< answers a question. Names in
# braces are contacts of MAILS, DIR is a folder of files, OTHER a configuration without a store and without rules.
DAY = """
0 contacts list
2 contacts list --state nosuch
2 contacts list --team nosuch
2 contacts list --channel nosuch
0 contacts show {open}
0 contacts raw {open}
1 contacts raw {open} --message 9
0 contacts suppressed
2 contacts suppressed --days 0
2 contacts suppressed --days 99999999999
1 contacts record --text Hello <<< n
0 contacts record --text Hello --yes
2 contacts record --text Hello --how pigeon
2 contacts record --text Hello --service NOSUCH
2 contacts record --text Hello --prefers pigeon
2 contacts record --text Hello --language tlh
2 contacts record --text Hello --channel nosuch
0 contacts take {urgent}
1 contacts take {urgent}
0 urgent list
0 urgent take
1 urgent take
2 urgent take --team nosuch
2 urgent list --team nosuch
0 urgent test
1 urgent test --config OTHER
0 urgent replay
0 contacts assign {open} --to front.office@example.gov.uk
1 contacts assign {open} --to front.office@example.gov.uk
2 contacts assign {open} --to nobody@example.gov.uk
2 contacts assign {open} --team nosuch
0 contacts quiet {open} --until 2035-01-01T09:00+00:00
2 contacts quiet {open} --until 2020-01-01T09:00+00:00
1 contacts quiet EX-2222-2222 --until 2035-01-01T09:00+00:00
2 contacts quiet {open} --until soon
0 contacts needs {open} --needs Braille
2 contacts needs {open} --language tlh
1 contacts needs EX-2222-2222 --needs Braille
0 contacts judge {open} --avoidable progress
2 contacts judge {open} --avoidable nosuch
2 contacts judge {open} --cause nosuch
2 contacts judge {open} --complaint nosuch
1 contacts judge EX-2222-2222 --avoidable progress
0 contacts classify {open} --kind foi
2 contacts classify {open} --kind nosuch
2 contacts classify {open} --service NOSUCH
2 contacts classify {open} --area nosuch
1 contacts classify EX-2222-2222 --kind foi
2 contacts classify {open}
0 contacts hold {open}
2 contacts hold {open} --at 2035-01-01T09:00+00:00
1 contacts hold EX-2222-2222
0 contacts acknowledge {open}
2 contacts acknowledge {open} --at 2035-01-01T09:00+00:00
1 contacts acknowledge EX-2222-2222
0 contacts pause {open}
1 contacts pause {open}
0 contacts resume {open}
1 contacts resume {open}
0 contacts restart {open}
2 contacts restart {open} --at 2035-01-01T09:00+00:00
1 contacts restart EX-2222-2222
0 contacts extend {open} --to "40 working days" --reason Snow
2 contacts extend {open} --to "41 working days" --reason Snow
1 contacts extend EX-2222-2222 --to "40 working days" --reason Snow
0 contacts legal-hold {open} --reason Inquiry
1 contacts legal-hold EX-2222-2222 --reason Inquiry
2 contacts legal-hold {open}
0 contacts acknowledge-now {robot}
1 contacts acknowledge-now {robot}
0 contacts write DIR/words.txt --to DIR/references.txt
1 contacts write DIR/words.txt --to DIR/nobody.txt
2 contacts write DIR/nosuch.txt --to DIR/references.txt
1 person export nobody@residents.example
0 person export sam@residents.example
1 person erase sam@residents.example <<< n
1 person erase sam@residents.example --yes
0 contacts respond {open}
1 contacts respond {open}
0 contacts reopen {open}
1 contacts reopen {open}
2 contacts close {gas} --outcome nosuch
0 contacts close {gas} --outcome spam
1 contacts close {gas} --outcome spam
1 contacts correct {open} --as holding
2 contacts correct {open} --as nosuch
0 contacts respond {answered}
0 person erase ann@residents.example --yes
0 audit verify
1 audit verify --head 0000000000000000000000000000000000000000000000000000000000000000
2 audit verify --head nonsense
0 figures rebuild
0 hold --reason Words
2 hold
0 sent --since 2026-07-01T00:00+01:00
2 sent --since soon
0 release
0 suppressions
0 suppressions --drop late@residents.example
1 suppressions --drop late@residents.example
0 recompute
0 report --from 2026-07-01 --to 2026-07-31
2 report --from July --to 2026-07-31
2 report --from 2026-07-01 --to 2026-07-31 --by nosuch
0 schema upgrade
0 schema status
1 schema status --config OTHER
0 shunted list
0 shunted raw 1
1 shunted raw 9
2 shunted raw 99999999999999999999
0 shunted replay 1
1 shunted replay 1
0 shunted drop 2
1 shunted drop 2
0 staff add jo@example.gov.uk --role administrator
1 staff add jo@example.gov.uk --role reader
2 staff add jo@example.gov.uk --role king
2 staff add al@example.gov.uk --role reader --team nosuch
0 staff add ann@example.gov.uk --role reader
0 staff list
0 staff link ann@example.gov.uk
1 staff link nobody@example.gov.uk
0 staff password ann@example.gov.uk --password-file DIR/password.txt
1 staff password nobody@example.gov.uk --password-file DIR/password.txt
2 staff password ann@example.gov.uk --password-file DIR/nosuch.txt
0 staff change ann@example.gov.uk --role lead
1 staff change jo@example.gov.uk --role lead
2 staff change ann@example.gov.uk
2 staff change ann@example.gov.uk --team nosuch
0 staff unlock lee@example.gov.uk
1 staff unlock lee@example.gov.uk
0 staff reset-second-factor lee@example.gov.uk
1 staff reset-second-factor lee@example.gov.uk
0 staff disable ann@example.gov.uk
1 staff disable jo@example.gov.uk
0 staff enable ann@example.gov.uk
1 staff enable nobody@example.gov.uk
0 token create --name phones --scope contacts:read
1 token create --name phones --scope contacts:read
2 token create --name others --scope nosuch
2 token create --name others --scope contacts:read --team nosuch
0 token list
0 token revoke --name phones
1 token revoke --name nosuch
1 webhook replay nosuch --after 0
0 store backup DIR/copy.db
2 store backup DIR/copy.db
0 store key
2 store reseal
2 store copy sqlite:///DIR/nosuch.db sqlite:///DIR/other.db
0 store restored
2 store restored --config OTHER
0 triage DIR/mail.eml
2 triage DIR/nosuch.eml
0 deadline --rule "10 working days" --received 2026-12-18T10:00+00:00
1 deadline --csv DIR/deadlines.csv
2 deadline
0 preview acknowledgement
2 preview nosuch
2 rehearse --outage soon
2 demo --quarter --directory DIR/demo --from 2026-07-02
2 init DIR
2 run --pretend-now soon
"""
# What only another test brings about, which starts a service or spoils something first.
ELSEWHERE = {
    (0, "check"): "tests/cli/test_check.py: test_a_program_reads_the_same_as_json",
    (1, "check"): "tests/cli/test_preview.py: test_check_names_everything_that_is_wrong_with_our_own_words",
    (0, "contacts correct"): 'tests/journeys/test_mail.py: contacts", "correct',
    (1, "contacts show"): "tests/cli/test_statuses.py: test_a_contact_that_is_not_there_is_a_negative_answer",
    (0, "demo"): "tests/cli/test_demo_quarter.py: test_a_second_run_adds_nothing",
    (1, "figures rebuild"): "tests/cli/test_figures.py: test_what_had_become_something_else_is_named",
    (0, "init"): "tests/cli/test_init.py: test_what_it_writes_passes_the_check",
    (1, "preview"): "tests/cli/test_preview.py: test_preview_says_what_it_cannot_show",
    (0, "rehearse"): "tests/cli/test_rehearse.py: test_over_christmas_and_an_outage_every_step_is_told_once",
    (1, "rehearse"): "tests/cli/test_rehearse.py: test_what_is_broken_is_said",
    (0, "run"): "tests/journeys/test_outage.py: service.stop() == 0",
    (0, "store copy"): "tests/store/test_copying.py: test_every_row_moves_and_no_number_is_used_again",
    (0, "store reseal"): "tests/store/test_sealing.py: test_the_commands_make_a_key_and_seal_a_store",
    (0, "webhook replay"): 'tests/console/test_followers.py: command = ["webhook", "replay", "crm"',
}
# They list, write or do what is asked, and have no question to answer with no.
NEVER_NEGATIVE = {
    *("contacts list", "contacts suppressed", "demo", "hold", "init", "recompute", "release", "report", "run"),
    *("schema upgrade", "sent", "shunted list", "staff list", "store backup", "store copy", "store key"),
    *("store reseal", "store restored", "token list", "triage", "urgent list", "urgent replay"),
}
MAILS: dict[str, dict[str, str]] = {
    "open": {},
    "urgent": {"text": "There is a strong smell of gas"},
    "gas": {"text": "My kitchen is full of a smell of gas", "From": "Bo <bo@residents.example>"},
    "robot": {"Auto-Submitted": "auto-generated", "From": "Robot <robot@residents.example>"},
    "answered": {"From": "Ann <ann@residents.example>", "text": "Where is my bin?"},
}
# Who has tried to sign in in vain, and lost the app for codes.
LEE = Account("lee@example.gov.uk", "Lee", Role.READER, frozenset(), "", NOW, None)


class Line(NamedTuple):
    """One command of the day: its status, what is typed, and the answer to its question."""

    status: int
    words: tuple[str, ...]
    answer: str

    @property
    def command(self) -> str:
        """Its name."""
        return " ".join(self.words[:2]) if " ".join(self.words[:2]) in EVERY else self.words[0]


def _line(text: str) -> Line:
    typed, _, answer = text.partition(" <<< ")
    status, *words = shlex.split(typed)
    return Line(int(status), tuple(words), f"{answer}\n")


EVERY = every_command()
LINES = [_line(text) for text in DAY.strip().splitlines()]
OF_CONTACTS = [name for name, command in EVERY.items() if any(o.name == "reference" for o in command.params)]
MORE = {
    "contacts assign": "--team front-office",
    "contacts classify": "--kind foi",
    "contacts close": "--reason Thanks",
    "contacts correct": "--as full",
    "contacts extend": "--to '30 working days' --reason Snow",
    "contacts legal-hold": "--end",
    "contacts quiet": "--until 2035-01-01T09:00+00:00",
}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with two configurations, and files to read."""
    place = tmp_path_factory.mktemp("statuses")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACKBOT_SECRET", "s" * 40)
        patch.setattr(kinds, "load", cache(kinds.load))  # the same files each time
        patch.chdir(place)
        other = Service(place / "other", [configured.SMTP.format(port=2)])
        (other.config / "urgent.toml").write_text("")
        service = Service(place, [configured.LMTP.format(port=1), configured.SMTP.format(port=2), DESK])
        make_store(service.store_url)
        (place / "mail.eml").write_bytes(_mail("open", {}))
        (place / "words.txt").write_text("We are sorry.\n")
        (place / "nobody.txt").write_text(NOBODY)
        (place / "password.txt").write_text("a long word for Tuesday mornings\n")
        (place / "deadlines.csv").write_text("rule,received,due\n1 day,2026-12-18T10:00+00:00,2026-12-18T10:00+00:00\n")
        yield place


def _mail(name: str, headers: dict[str, str]) -> bytes:
    lines = {"From": "Sam <sam@residents.example>", "To": "customer.services@example.gov.uk", "Subject": name}
    lines |= {"Message-ID": f"<{name}@residents.example>"} | headers
    words = lines.pop("text", "There is a hole in the road.")
    return "\r\n".join((*(f"{key}: {value}" for key, value in lines.items()), "", words, "")).encode()


def _logged(directory: Path) -> dict[str, str]:
    """Log the mails; return their references."""
    settings = kinds.load(directory / "config")
    book, store = rulebook_of(settings), Store(settings.store.url)
    secret = settings.web.secret.get_secret_value().encode()
    messages = [mime.read(_mail(name, mail), channel="inbox", received_at=None) for name, mail in MAILS.items()]
    shunted = [
        mime.read(_mail(f"shunted {number}", {"From": "Cy <cy@residents.example>"}), channel="inbox", received_at=None)
        for number in (1, 2)
    ]

    def log(c: Connection) -> list[str]:
        for message in shunted:
            shunt.keep(c, message, "a fault", NOW)
        suppressions.add(c, "late@residents.example", "a mail came back", NOW, datetime.max.replace(tzinfo=UTC))
        staff.add(c, LEE)
        staff.change(c, LEE.address, second_factor="sealed")
        attempts.begin(
            c,
            attempts.Attempt(secret, attempts.Proof.PASSWORD, LEE.address, has_account=True, device="", network=""),
            Present().now(),
        )
        filings = receive(c, Batch(tuple(messages)), Reading("inbox"), Present().now(), book, Capacity()).filed
        return [filing.reference or "" for filing in filings]

    references = dict(zip(MAILS, store.write_now(log), strict=True))
    store.let_go()
    (directory / "references.txt").write_text(references["open"])
    return references


def _run(directory: Path, words: list[str], answer: str = "") -> tuple[int, str]:
    config = directory / "config"
    if any("--config" in option.opts for option in EVERY[Line(0, tuple(words), "").command].params):
        words = words if "--config" in words else [*words, "--config", str(config)]
    result = CliRunner().invoke(app, words, input=answer)
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def day(directory: Path) -> list[tuple[int, str]]:
    """The status of each line of the day, and what was said."""
    references, places = _logged(directory), {"DIR": str(directory), "OTHER": str(directory / "other" / "config")}
    results = []
    for line in LINES:
        words = [word.format(**references) for word in line.words]
        for name, place in places.items():
            words = [word.replace(name, place) for word in words]
        results.append(_run(directory, words, line.answer))
    return results


@pytest.mark.parametrize("number", range(len(LINES)), ids=[" ".join((str(s), *w)) for s, w, _ in LINES])
def test_each_command_of_a_day_ends_as_it_should(number: int, day: list[tuple[int, str]]) -> None:
    """In the order of the day."""
    status, output = day[number]
    assert status == LINES[number].status, output


@pytest.mark.parametrize("command", EVERY)
def test_every_command_is_tried_with_each_status_that_it_can_have(command: str) -> None:
    """Here or elsewhere; what says of status 1 in its help has such an answer."""
    statuses = {line.status for line in LINES if line.command == command}
    statuses |= {status for status, name in ELSEWHERE if name == command}
    assert statuses | {2} == ({0, 2} if command in NEVER_NEGATIVE else {0, 1, 2})
    assert ("Status 1" in EVERY[command].help) <= (1 in statuses)


@pytest.mark.parametrize("place", sorted(set(ELSEWHERE.values())))
def test_what_is_tried_elsewhere_is_there(place: str) -> None:
    """By the words that stand after the file, or the test of that name."""
    file, _, words = place.partition(": ")
    assert (f"def {words}(" if words.startswith("test_") else words) in (ROOT / file).read_text()


@pytest.mark.parametrize("command", EVERY)
def test_a_word_that_means_nothing_is_misuse(command: str) -> None:
    """Status 2 of every command."""
    assert CliRunner().invoke(app, [*command.split(), "--no-such-option"]).exit_code == 2


@pytest.mark.parametrize("command", OF_CONTACTS)
def test_a_contact_that_is_not_there_is_a_negative_answer(command: str, directory: Path) -> None:
    """And what is no reference is misuse."""
    for status, reference in ((1, NOBODY), (2, "nonsense")):
        assert _run(directory, [*command.split(), reference, *shlex.split(MORE.get(command, ""))])[0] == status


@pytest.mark.parametrize("command", [name for name, c in EVERY.items() if any("--config" in o.opts for o in c.params)])
def test_a_configuration_that_is_not_there_is_misuse(command: str, tmp_path: Path) -> None:
    """Whatever else is typed; triage takes it where it is named alone."""
    lines = (line.words for line in LINES if line.command == command and line.status != 2)
    words = next(lines, tuple(command.split()))
    assert CliRunner().invoke(app, [*words, "--config", str(tmp_path / "nowhere")]).exit_code == 2
