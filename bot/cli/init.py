"""`ackbot init`: asks what a first service needs, and writes a configuration with it."""

import os
import shlex
import shutil
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.configuration import first_line, refuse, why_unwritten
from bot.cli.init_questions import MailKind

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST = "127.0.0.1"
PAGES_PORT, LMTP_PORT = 8080, 8024
_PORTS_TRIED = 50
_NOTHING = "Nothing was written."
Text = str | None


def init(  # noqa: PLR0913, PLR0917 - every option of the command is a parameter
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is new or empty.")],
    name: Annotated[Text, typer.Option(help="The name of the council.")] = None,
    prefix: Annotated[Text, typer.Option(help="Two to four letters that begin every reference.")] = None,
    timezone: Annotated[Text, typer.Option(help="Such as Europe/London.")] = None,
    phone: Annotated[Text, typer.Option(help="A telephone number for residents.")] = None,
    website: Annotated[Text, typer.Option(metavar="URL", help="The council's website.")] = None,
    public_url: Annotated[Text, typer.Option(metavar="URL", help="Where people open form and console.")] = None,
    mail: Annotated[MailKind | None, typer.Option(help="How mail comes in; none: nothing leaves this machine.")] = None,
    address: Annotated[Text, typer.Option(metavar="EMAIL", help="The address that residents write to.")] = None,
    server: Annotated[Text, typer.Option(metavar="HOST[:PORT]", help="Of imap: the server.")] = None,
    smtp: Annotated[Text, typer.Option(metavar="HOST[:PORT]", help="Of imap and lmtp: what takes our mail.")] = None,
    user: Annotated[Text, typer.Option(help="Of imap and lmtp: who signs in there.")] = None,
    tenant: Annotated[Text, typer.Option(metavar="ID", help="Of graph: the directory.")] = None,
    client_id: Annotated[Text, typer.Option(metavar="ID", help="Of graph: the application.")] = None,
    password_file: Annotated[
        Text, typer.Option(metavar="FILE", help='Password or client secret in its first line; "-": from the input.')
    ] = None,
    alert: Annotated[Text, typer.Option(metavar="EMAIL", help="Staff who are told before a promise is broken.")] = None,
    store: Annotated[Text, typer.Option(metavar="URL", help="sqlite:, postgresql:, file:PATH or env:NAME.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: the usual answer to what no option says.")] = False,
) -> None:
    """Write a new configuration, with an explanation of every value. Status 2: nothing was written, and why."""
    from bot.cli import init_files, init_questions

    place = Path(os.path.abspath(directory))  # noqa: PTH100 - `resolve` would follow links, `absolute` leaves ".."
    if reason := init_files.why_not(place):
        refuse(f"{reason}. {_NOTHING}")
    at_terminal = not yes and sys.stdin.isatty()
    if not (yes or at_terminal):
        refuse(f"Nobody can be asked here: say --name, and --yes for what is usual in all else. {_NOTHING}")
    url = _store(store) if store else ""
    password = first_line("--password-file", password_file) if password_file else None
    options = (
        {"name": name, "prefix": prefix, "timezone": timezone, "phone": phone, "website": website}
        | {"public_url": public_url, "mail": mail, "address": address, "server": server, "smtp": smtp, "user": user}
        | {"tenant": tenant, "client_id": client_id, "alert": alert, "password": password}
    )
    pages = f"{HOST}:{_free_port(PAGES_PORT)}"
    answers = init_questions.ask(options, pages, at_terminal=at_terminal)
    _write(place, answers, url)
    typer.echo(f"Written: {place / init_files.MAIN_FILE}, each value explained. Secrets lie beside it, for you alone.")
    if at_terminal and answers["mail"] != MailKind.NONE:
        _offer_a_test(place)
    typer.echo(_next_steps(directory, place, answers))


def _write(place: Path, answers: "Mapping[str, str]", store: str) -> None:
    from bot import kinds
    from bot.cli import init_files
    from bot.settings.main_file import BadSettings

    def examine(staging: Path) -> None:
        try:
            kinds.load(staging)
        except BadSettings as error:
            refuse("\n".join([*map(str, error.mistakes), _NOTHING]).replace(str(staging), str(place)))

    try:
        init_files.write(place, init_files.texts(place, answers, f"{HOST}:{_free_port(LMTP_PORT)}", store), examine)
    except OSError as error:
        refuse(f"{place} cannot be written: {why_unwritten(place, error)}. {_NOTHING}")


def _store(url: str) -> str:
    from bot.cli import init_values

    try:
        return init_values.store(url)
    except ValueError as error:
        refuse(f"--store: {error}. {_NOTHING}")


def _free_port(preferred: int) -> int:
    """Return the preferred port, or the next one on which nothing listens."""
    for port in range(preferred, preferred + _PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    return preferred


def _next_steps(directory: Path, place: Path, answers: "Mapping[str, str]") -> str:
    """Say what to type next."""
    from bot.cli import init_files

    is_trial = answers["mail"] == MailKind.NONE
    command, config = _program(), f"--config {shlex.quote(str(directory))}"
    folder, domain = init_files.home(place) / "sent", answers["address"].partition("@")[2]
    return "\n".join(
        [
            *([f"No mail leaves this machine yet: each becomes a file in {folder}."] if is_trial else []),
            "",
            "Next:",
            f"  1. Look at it       {command} check {'' if is_trial else '--live '}{config}",
            f"  2. Let yourself in  {command} staff add YOU@{domain} --role administrator {config}",
            f"  3. Start it         {command} run {config}",
            "  4. Open the link that step 2 printed, and choose a password: you are in the console.",
            f"     The form for everybody is at {answers['public_url']}/",
        ]
    )


def _program() -> str:
    """Return what the reader types for `ackbot`."""
    path = Path(sys.argv[0])
    if path.name != "ackbot" or shutil.which("ackbot") == str(path.absolute()):
        return "ackbot"
    return shlex.quote(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))


def _offer_a_test(place: Path) -> None:
    """Sign in to the accounts if that is wished, and say how each answers."""
    from bot import kinds
    from bot.cli import check_live, progress
    from bot.cli.check_report import Level

    if not typer.confirm("Sign in to the mailbox now, to see whether it works? Nothing is sent.", default=True):
        return
    with progress.line(check_live.ASKING) as move:
        findings = check_live.findings(kinds.load(place), move)
    for finding in findings:
        typer.echo(f"  {'good' if finding.level is Level.ACCOUNT else 'WRONG'}  {finding}")
    if any(finding.level is Level.ERROR for finding in findings):
        typer.echo(f"The configuration stays. Put right in {place} what is wrong, then go on below.")
