"""`ackbot demo`: the complete service on embedded parts, to try by hand."""

import asyncio
import shutil
import smtplib
import socket
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import demo_configuration, demo_quarter
from bot.cli.configuration import refuse
from bot.cli.demo_configuration import ADDRESS, HOST, OFFICER

if TYPE_CHECKING:
    from bot.app import Service
    from bot.settings.reading import Settings

# Three people and a newsletter, so that the queue is not empty.
SAMPLES = (
    (
        "Sam Reed <sam.reed@residents.example>",
        "Street light out",
        "The light outside 4 Mill Lane has been out since Sunday.",
    ),
    (
        "Ama Owusu <ama@residents.example>",
        "Missed bin",
        "Our brown bin was not emptied on Thursday. Number 12, Hill View.",
    ),
    (
        "Lost letter <j.lewis@undeliverable.example>",
        "Council tax",
        "Please tell me what I still have to pay this year.",
    ),
    ("Newsletter <news@shop.example>", "Ten per cent off", "This week only."),
)
SAMPLE_ID = "<sample.{}@demo.example>"
ROBOT_HEADERS = "List-Id: <news.shop.example>\nPrecedence: bulk\n"

WELCOME = """
Ackbot is running on this machine only. Nothing that you do here leaves it.

  1. Write to the council with the form      {web}/
     The same in Welsh                       {web}/cy/
     Where one message is, for its sender    {track}
  2. See what went out                       {web}/sent
  3. Send it a mail: paste this into another terminal

     python3 -c "import smtplib; smtplib.LMTP('{host}', {lmtp}).sendmail('you@example.org', ['{address}'], \
b'From: You <you@example.org>\\r\\nTo: {address}\\r\\nSubject: A hole in the road\\r\\n\\r\\nBy the school.\\r\\n')"

  4. Work as an officer does: open this link once and choose a password

     {link}

     Later you sign in at {web}/console as {officer}. Open a contact of the queue,
     answer it, and see the answer in {web}/sent ten seconds later.

  5. The same from a terminal

     {ackbot} contacts list --config {config}
     {ackbot} contacts show REFERENCE --config {config}
     {ackbot} contacts respond REFERENCE --config {config}

It opened with three people and a newsletter: the newsletter is logged with its reason and gets no answer; one
person's address does not work, so the team was told. Stop with Ctrl-C; what you did is still there next time.
"""


def demo(
    directory: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the demo keeps its files.")
    ] = demo_configuration.DIRECTORY,
    quarter: Annotated[
        bool, typer.Option("--quarter", help="Fill it with an invented quarter for the figures, and start nothing.")
    ] = False,
    first: Annotated[
        datetime | None,
        typer.Option(
            "--from", formats=["%Y-%m-%d"], metavar="DAY", help="Its first day, where it is not the last one."
        ),
    ] = None,
) -> None:
    """Run everything on embedded parts: mail in, the form, and a local view of sent mail."""
    if quarter or first:
        demo_quarter.fill(directory, first.date() if first else None)
        return
    from bot import app, log
    from bot.flows import credentials
    from bot.kinds import load
    from bot.present import Present
    from bot.store import schema
    from bot.web import server

    directory = directory.resolve()
    ports = _free(8080), _free(8024)
    config = demo_configuration.write(directory, *ports)
    present = Present(None, 1.0)
    log.configure(present.now, level=40)
    try:
        configured = load(config)
        with schema.exclusive(configured.store.url):
            schema.prepare(configured.store.url, may_upgrade=True)
            link = credentials.link_address(f"http://{HOST}:{ports[0]}", _let_officer_in(configured, present.now()))
            service = app.Service(configured, present, sent_mail=directory / "sent")
            asyncio.run(_run(service, config, *ports, link))
    except (schema.StoreRefused, server.CannotStart) as error:
        refuse(f"The demo cannot start: {error}")
    typer.echo("The demo has stopped.")


def _let_officer_in(configured: "Settings", now: "datetime") -> str:
    """Add one officer with every role, if there is none yet; return the code of a new one-time link for them."""
    from bot.cli.configuration import rulebook_of
    from bot.core.roles import Role
    from bot.flows import credentials, staffing
    from bot.store.databases import transaction
    from bot.store.staff import Account

    account = Account(OFFICER, "Jo Officer", Role.ADMINISTRATOR, frozenset(), "", now, None)
    with transaction(configured.store.url, writes=True) as connection:
        staffing.add(connection, account, "demo", rulebook_of(configured))
        code = credentials.make_link(connection, OFFICER, "demo", now, now)
    if not isinstance(code, str):
        refuse(f"The demo cannot start: {code.reason}")
    return code


def _typed() -> str:
    """Return the program as it was typed, for the commands to type next."""
    program = sys.argv[0]
    return program if Path(program).name == "ackbot" and shutil.which("ackbot") != program else "ackbot"


def _free(preferred: int) -> int:
    """Return the preferred port, or any other if something else listens there."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            number: int = probe.getsockname()[1]
            return number
    raise OSError("there is no free port on this machine")


async def _run(service: "Service", config: Path, web: int, lmtp: int, link: str) -> None:
    from bot import app

    def show_welcome() -> None:
        config_path = config.relative_to(Path.cwd()) if config.is_relative_to(Path.cwd()) else config
        address = f"http://{HOST}:{web}"
        sample_task = asyncio.create_task(_open(service, lmtp))
        sample_task.add_done_callback(
            lambda opening: typer.echo(
                WELCOME.format(
                    web=address,
                    track=f"{address}/track/{opening.result()}",
                    host=HOST,
                    lmtp=lmtp,
                    address=ADDRESS,
                    config=config_path,
                    officer=OFFICER,
                    link=link,
                    ackbot=_typed(),
                )
            )
        )

    await app.run(service, on_start=show_welcome)


async def _open(service: "Service", lmtp: int) -> str:
    """Send the samples; return what follows `/track/` in the address of the first of them."""
    from bot.core import tracking
    from bot.store import contacts

    for listener in service.listeners:
        await listener.tried.wait()
    await asyncio.to_thread(_send_samples, lmtp)
    all_contacts = await service.store.read(contacts.list_all)
    first = next(contact for contact in all_contacts if contact.external_id == SAMPLE_ID.format(1))
    return tracking.path(first.id, first.reference, first.tracking_generation, service.book.secret)


def _send_samples(lmtp: int) -> None:
    # The same Message-IDs every time: at a second start they are recognised.
    with smtplib.LMTP(HOST, lmtp) as client:
        for number, (sender, subject, text) in enumerate(SAMPLES, 1):
            robot = ROBOT_HEADERS if sender.startswith("Newsletter") else ""
            mail = (
                f"From: {sender}\nTo: {ADDRESS}\nSubject: {subject}\nMessage-ID: {SAMPLE_ID.format(number)}\n"
                f"{robot}\n{text}\n"
            )
            client.sendmail(sender.rpartition("<")[2].rstrip(">"), [ADDRESS], mail.replace("\n", "\r\n").encode())
