"""`ackbot init`: a first configuration, whole or not at all."""

import os
import re
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import init_files
from bot.cli import init_values as values
from bot.cli.commands import app
from bot.cli.endings import INTERRUPTED
from bot.kinds import load
from tests.components.dovecot import CONTACT, Dovecot
from tests.components.sink import Sink
from tests.components.terminal import Terminal

NAME = ("--name", "Example Council", "--yes")
PASSWORD = "correct horse battery"
KINDS = {
    "none": (),
    "imap": ("--address", "contact@example.gov.uk", "--server", "imap.example.gov.uk", "--alert", "it@example.gov.uk"),
    "lmtp": ("--address", "contact@example.gov.uk", "--alert", "it@example.gov.uk"),
    "graph": (
        *("--address", "contact@example.gov.uk", "--tenant", "1-2", "--client-id", "3-4"),
        *("--alert", "it@example.gov.uk", "--public-url", "https://contact.example.gov.uk"),
    ),
}


def run(*arguments: str, answers: str | None = None) -> Result:
    """An `ackbot` command without a terminal."""
    return CliRunner().invoke(app, arguments, input=answers)


def init(directory: Path, *arguments: str, answers: str | None = None) -> Result:
    """`ackbot init` without a terminal."""
    return run("init", str(directory), *arguments, answers=answers)


def tree(directory: Path) -> dict[str, bytes]:
    """Every file below a folder with what is in it."""
    return {str(path): path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What it writes where all is usual; nobody changes it."""
    directory = tmp_path_factory.mktemp("usual") / "a folder" / "council"
    result = init(directory, *NAME)
    assert result.exit_code == 0, result.output
    return directory


def test_what_it_writes_passes_the_check(configuration: Path) -> None:
    """Status 0, with no mistake."""
    result = run("check", "--config", str(configuration))
    assert result.exit_code == 0, result.output


def test_a_fresh_configuration_is_told_once_what_it_lacks(configuration: Path) -> None:
    """However many messages could name it."""
    lines = run("check", "--config", str(configuration)).output.splitlines()
    for words in ("There is no telephone number to call", "There is no website to read more on"):
        assert sum(words in line for line in lines) == 1, words


def test_the_longest_name_of_a_council_passes_the_check(tmp_path: Path) -> None:
    """Templates have room for it, with a telephone number and addresses as long as any."""
    name, site = "Armagh City, Banbridge and Craigavon Borough Council", "www.armaghbanbridgecraigavon.gov.uk"
    pages = f"https://{site.replace('www', 'contact')}"
    init(tmp_path / "x", *NAME, "--name", name, "--phone", "0300 0300 900", "--website", site, "--public-url", pages)
    result = run("check", "--config", str(tmp_path / "x"))
    assert result.exit_code == 0, result.output


def test_a_second_time_changes_nothing(configuration: Path) -> None:
    """Status 2, and why; every file is as it was."""
    before = tree(configuration)
    result = init(configuration, *NAME)
    assert (result.exit_code, "holds a configuration already" in result.stderr) == (2, True)
    assert tree(configuration) == before


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_mailbox_is_written_whole(kind: str, tmp_path: Path) -> None:
    """What comes in has a way out, operators are told, and no password stands in the configuration or on the screen."""
    secret = ("--password-file", "-") if kind in ("imap", "graph") else ()
    result = init(tmp_path / "x", *NAME, "--mail", kind, *KINDS[kind], *secret, answers=f"{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    configured = load(tmp_path / "x")
    assert configured.operators.team == configured.teams[0].name
    text = (tmp_path / "x" / "ackbot.toml").read_text(encoding="utf-8")
    assert PASSWORD not in text + result.output
    assert configured.web.secret.get_secret_value() not in text + result.output
    holds_password = PASSWORD in str(tree(tmp_path / "x" / "secrets"))
    assert holds_password == bool(secret)


def test_what_is_in_comments_is_taken_when_the_marks_are_removed(configuration: Path, tmp_path: Path) -> None:
    """Each line that offers a setting is TOML, of keys that exist, in its place."""
    lines = (configuration / "ackbot.toml").read_text(encoding="utf-8").splitlines()
    offers = [line for line in lines if line.startswith(("# [", "# privacy_url", "# nation", "# languages"))]
    assert len(offers) >= 8
    (tmp_path / "secrets").mkdir()
    for name in ("web-secret", "mailbox-password"):
        (tmp_path / "secrets" / name).write_text("s" * 40)
    # Of the way out there are two: the second stands for the first. One channel is there for each of the names.
    text = "\n".join(_in_force(lines))
    (tmp_path / "ackbot.toml").write_text(text, encoding="utf-8")
    configured = load(tmp_path)
    assert {channel.kind for channel in configured.channels} == {"web_form", "email_imap", "desk", "email_smtp"}
    assert configured.limits.receipts_an_hour == tomllib.loads(text)["limits"]["receipts_an_hour"]


def _in_force(lines: list[str]) -> Iterator[str]:
    """The lines with every setting that is offered; what it is offered in place of is left out."""
    is_setting = re.compile(r'# (\[+[a-z_]+\]+|[a-z_]+ = ["\[0-9tf].*)')
    instead = [number for number, line in enumerate(lines) if "in place of the three above" in line]
    left_out = {number - back for number in instead for back in (1, 2, 3)}
    for number, line in enumerate(lines):
        if number not in left_out and not line.startswith("# heartbeat"):
            yield line.removeprefix("# ") if is_setting.match(line) else line


def test_only_its_owner_reads_it_whatever_the_umask(tmp_path: Path) -> None:
    """Folders 0700 and files 0600, where nothing would be masked and where everything would."""
    for mask in (0, 0o777):
        directory = tmp_path / f"{mask}"
        os.umask(mask)
        result = init(directory, *NAME)
        os.umask(0o022)
        assert result.exit_code == 0, result.output
        modes = {stat.S_IMODE(path.stat().st_mode) for path in directory.rglob("*") if path.is_file()}
        assert modes == {0o600}
        assert {stat.S_IMODE(path.stat().st_mode) for path in (directory, directory / "secrets")} == {0o700}


def test_every_configuration_has_a_secret_of_its_own(configuration: Path, tmp_path: Path) -> None:
    """Nobody who has made one knows another's."""
    init(tmp_path / "x", *NAME)
    assert load(tmp_path / "x").web.secret != load(configuration).web.secret


def test_it_holds_from_every_folder(configuration: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store is the same one, beside the configuration, wherever a command is typed."""
    monkeypatch.chdir(tmp_path)
    init(Path("here"), *NAME)
    result = run("staff", "add", "ann@example.gov.uk", "--role", "administrator", "--config", "here")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "here" / "var" / "ackbot.db").is_file()
    assert load(configuration).store.url == f"sqlite:///{configuration}/var/ackbot.db"


def test_an_empty_folder_is_filled_and_stays_its_owners(tmp_path: Path) -> None:
    """Its mode is the operator's; nothing else is in it afterwards."""
    tmp_path.chmod(0o750)
    assert init(tmp_path, *NAME).exit_code == 0
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o750
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ackbot.toml", "secrets"]


@pytest.mark.parametrize(
    ("directory", "home"),
    [("/etc/ackbot", "/var/lib/ackbot"), ("/etcetera/ackbot", "/etcetera/ackbot/var"), ("/home/ann", "/home/ann/var")],
)
def test_what_is_kept_lies_where_a_service_of_the_system_may_write(directory: str, home: str) -> None:
    """Beside the configuration, but for one in /etc, where no service writes (FHS 3.0)."""
    assert init_files.home(Path(directory)) == Path(home)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--yes",), "Still needed: --name, --prefix"),
        ((), "Nobody can be asked here"),
        ((*NAME, "--prefix", "E1"), "--prefix 'E1': must be two to four letters"),
        ((*NAME, "--timezone", "Europe/Londn"), "did you mean 'Europe/London'?"),
        ((*NAME, "--mail", "imap"), "Still needed: --address, --server, --password-file, --alert"),
        ((*NAME, "--server", "imap.example.gov.uk"), "--server does not go with --mail none"),
        ((*NAME, "--address", "sam"), "must be an e-mail address"),
        ((*NAME, "--phone", "none"), "must be a telephone number"),
        ((*NAME, "--website", "a b"), "must be a web address"),
        ((*NAME, "--mail", "lmtp", "--smtp", "a:99999"), "must be a server's name"),
        ((*NAME, "--mail", "graph", "--tenant", "a b"), "must be an ID"),
        ((*NAME, "--store", "mysql://x"), "--store: must be sqlite"),
        ((*NAME, "--store", "postgresql://ackbot:hunter2@db/ackbot"), "holds a password"),
        ((*NAME, "--store", "env:NO_SUCH_VARIABLE"), "NO_SUCH_VARIABLE is not set"),
        ((*NAME, "--password-file", "/no/such/file"), "cannot be read"),
        ((*NAME, "--mail", "lmtp", *KINDS["lmtp"], "--user", "ackbot"), "go with --mail lmtp and --smtp 127.0.0.1"),
        (("--name", "<b>", "--yes"), "must have 1 to 100 characters"),
    ],
)
def test_what_cannot_be_used_leaves_nothing(arguments: tuple[str, ...], reason: str, tmp_path: Path) -> None:
    """Status 2 and the reason, without the secrets in it; not even a folder is made."""
    result = init(tmp_path / "a" / "x", *arguments)
    assert (result.exit_code, reason in result.stderr, "hunter2" in result.output) == (2, True, False), result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "reason"), [("full", "is not empty"), ("a%b", "may have ?, # or %"), ("full/file/x", "no folder")]
)
def test_a_folder_that_will_not_do_is_left_alone(name: str, reason: str, tmp_path: Path) -> None:
    """Status 2, and why; what is there stays."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    result = init(tmp_path / name, *NAME)
    assert (result.exit_code, reason in result.stderr) == (2, True), result.output
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == ["full", "full/file"]


def test_where_nobody_may_write_it_says_what_to_do() -> None:
    """Nothing can be made below /proc, not by root either."""
    result = init(Path("/proc/ackbot"), *NAME)
    assert result.exit_code == 2
    assert re.search("[Yy]ou may not write .* folder in which you may. Nothing was written.", result.stderr)


def test_a_store_may_be_named_by_a_file(tmp_path: Path) -> None:
    """What stands in the file is its address, and a relative path is written whole."""
    (tmp_path / "store-url").write_text("postgresql://ackbot:hunter2@db/ackbot\n")
    path = os.path.relpath(tmp_path / "store-url")
    assert init(tmp_path / "x", *NAME, "--store", f"file:{path}").exit_code == 0
    assert load(tmp_path / "x").store.url == "postgresql://ackbot:hunter2@db/ackbot"
    assert "hunter2" not in (tmp_path / "x" / "ackbot.toml").read_text()


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("Example Council", "EX"),
        ("Kingston upon Hull City Council", "KH"),
        ("London Borough of Sutton", "SU"),
        ("Bath and North East Somerset Council", "BNES"),
        ("Bournemouth, Christchurch & Poole", "BCP"),
        ("King's Lynn Town Council", "KL"),
        ("Cyngor Sir Ynys Môn", "SYM"),
        ("The City Council", "TCC"),
        ("X", None),
        ("議会", None),
    ],
)
def test_a_name_suggests_the_letters_of_references(name: str, prefix: str | None) -> None:
    """The first letters of its own words, two to four of them."""
    assert values.prefix_of(name) == prefix


def test_a_name_stands_in_the_file_as_it_is_written(tmp_path: Path) -> None:
    """In letters of any script, and beyond the basic plane."""
    name = "Cyngor Sir Ynys M\u00f4n \U0001f3f4"
    assert init(tmp_path, "--name", name, "--yes").exit_code == 0
    assert load(tmp_path).organisation.name == name
    assert f'name = "{name}"' in (tmp_path / "ackbot.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("place", ["", "new"])
def test_of_two_at_once_the_second_writes_nothing(place: str, tmp_path: Path) -> None:
    """The first one's files stay whole, in a folder that was there and in one that was not."""
    directory, names = tmp_path / place, ("secrets/web-secret", "ackbot.toml")

    def write_another(_: Path) -> None:
        init_files.write(directory, dict.fromkeys(names, "first"), lambda _: None)

    with pytest.raises(OSError, match="not empty"):
        init_files.write(directory, dict.fromkeys(names, "second"), write_another)
    assert sorted(tree(tmp_path).items()) == [(str(directory / name), b"first") for name in sorted(names)]


def test_what_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    """Whatever is in the middle of being written is removed."""

    def interrupt(_: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        init_files.write(tmp_path / "a" / "x", {"secrets/web-secret": "s"}, interrupt)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "imap", "smtp"),
    [
        ("mail.example.gov.uk", (993, "implicit"), (587, "starttls")),
        ("mail.example.gov.uk:143", (143, "starttls"), (143, "starttls")),
        ("mail.example.gov.uk:465", (465, "implicit"), (465, "implicit")),
        ("127.0.0.1", (143, "none"), (25, "none")),
        ("[::1]:2525", (2525, "none"), (2525, "none")),
    ],
)
def test_a_server_without_a_word_on_privacy_is_reached_privately(
    text: str, imap: tuple[int, str], smtp: tuple[int, str]
) -> None:
    """Plain only on this machine; the port is the usual one where none is named."""
    assert (values.imap_server(text)[1:], values.smtp_server(text)[1:]) == (imap, smtp)


def test_whose_addresses_are_everybodys_are_no_staff(tmp_path: Path) -> None:
    """A parish with a mailbox at a provider does not take all of the provider's customers for its staff."""
    mailbox = ("--mail", "lmtp", "--alert", "clerk@parish.example.com", "--address")
    assert init(tmp_path / "parish", *NAME, *mailbox, "parish@mail.example.com").exit_code == 0
    assert init(tmp_path / "county", *NAME, *mailbox, "contact@county.gov.uk").exit_code == 0
    assert load(tmp_path / "parish").mail.staff == ()
    assert load(tmp_path / "county").mail.staff == ("@county.gov.uk",)


def test_a_conversation_at_a_terminal(tmp_path: Path) -> None:
    """What is wrong is said at once and asked again, Enter takes what is usual, and Ctrl-C leaves nothing behind."""
    for is_interrupted in (True, False):
        with Terminal("init", "council", directory=tmp_path) as terminal:
            terminal.answer("Name of the council", "St Aldate's Parish Council")
            terminal.answer("[SA]", "S1")
            terminal.answer("must be two to four letters", "sap")
            if is_interrupted:
                terminal.read_to("Time zone")
                terminal.interrupt("Stopped before it was finished")
                assert terminal.end() == INTERRUPTED
                assert list(tmp_path.iterdir()) == []
                continue
            for question in ("Time zone", "Telephone", "website", "console", "Your answer"):
                terminal.answer(question, "")
            assert terminal.end() == 0, terminal.words
            assert "run --config council" in terminal.words
    assert load(tmp_path / "council").organisation.reference_prefix == "SAP"


@pytest.mark.needs("dovecot", "smtp-sink")
def test_a_mailbox_is_tried_at_once(tmp_path: Path) -> None:
    """A wrong password is said to be wrong, is seen nowhere, and is mended in its file."""
    with Dovecot() as dovecot, Sink() as sink:
        with Terminal("init", "council", "--name", "Example Council", directory=tmp_path) as terminal:
            for question in ("[EX]", "Time zone", "Telephone", "website", "console"):
                terminal.answer(question, "")
            terminal.answer("Your answer", "imap")
            terminal.answer("residents write to", CONTACT)
            terminal.answer("IMAP server", f"127.0.0.1:{dovecot.imap_port}")
            terminal.answer("SMTP server", f"127.0.0.1:{sink.port}")
            terminal.answer("User name", "")
            terminal.answer("Password", PASSWORD, is_secret=True)
            terminal.answer("Address of staff", "it@example.gov.uk")
            terminal.answer("Sign in to the mailbox now", "y")
            assert terminal.end() == 0
        assert re.search("WRONG  .*refused the user name or password", terminal.words)
        assert "good  post: 127.0.0.1" in terminal.words
        assert PASSWORD not in terminal.words
        (tmp_path / "council" / "secrets" / "mailbox-password").write_text("secret\n")
        result = run("check", "--live", "--config", str(tmp_path / "council"))
        assert result.exit_code == 0, result.output
