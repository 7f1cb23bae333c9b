"""The commands of `ackbot`: the name of each, where it is, and the first line of its help.

None is imported for another's sake, nor for `--help`. A command of any other group stands in that group's file.
"""

import sys
from typing import Annotated, Any

import typer

from bot import __version__
from bot.cli import open_stores
from bot.cli.lazy import LazyGroup, Line

CONTACTS = {
    "list": Line("contact_list:list_", "List contacts, those that fall due next first."),
    "show": Line(
        "contacts:show",
        "Show one contact: its promises, its words, what we sent, and its history. Status 1 if there is none.",
    ),
    "record": Line(
        "record:record",
        "Record what came by telephone, letter or visit. What the person is sent is shown first. Status 1: it was not.",
    ),
    "respond": Line(
        "clocks:respond",
        "Record that the person has had a full answer: the clocks stop and alerts end. Status 1 if nothing was open.",
    ),
    "acknowledge": Line(
        "clocks:acknowledge",
        "Record that a person has acknowledged it: for a complaint, the time to answer starts there.",
    ),
    "hold": Line(
        "clocks:hold", "Record a holding reply: the person knows that we are at it; the time to answer runs on."
    ),
    "pause": Line("clocks:pause", "Stop the time to answer while we wait for the person to tell us more."),
    "resume": Line(
        "clocks:resume",
        "The person has told us more: the time to answer runs on, and the days of the pause do not count.",
    ),
    "restart": Line(
        "clocks:restart",
        "The request was clarified: the time to answer starts anew on that day, as for Freedom of Information.",
    ),
    "extend": Line(
        "clocks:extend",
        "Give more time to answer, as far as the standard allows; the person is told the new date and why.",
    ),
    "classify": Line(
        "clocks:classify",
        "Say what a contact is about: the promise in force on the day of receipt follows, with its dates.",
    ),
    "suppressed": Line("receipts:suppressed", "List who was not acknowledged, and why, the newest first."),
    "correct": Line(
        "receipts:correct",
        "Put right what a mail of staff's was taken for: its clocks then stand as if it had been known at once.",
    ),
    "raw": Line(
        "receipts:raw",
        "Write a message as it came over the wire to standard output. Status 1 if it is not kept any more.",
    ),
    "acknowledge-now": Line(
        "receipts:acknowledge_now",
        "Send the receipt of a contact that had none. Its dates count from when the person wrote.",
    ),
    "write": Line(
        "writing:write",
        "Write the same to the people of several contacts, as a holding reply. Status 1 if somebody cannot be reached.",
    ),
    "legal-hold": Line(
        "people:legal_hold",
        "Keep the words of a contact whatever its age, such as while somebody has asked for them by law.",
    ),
    "needs": Line(
        "needs:needs",
        "Show how the person of a contact is to be written to, or change it: what is not named stays as it is.",
    ),
    "judge": Line(
        "judging:judge",
        "Say of a contact, for the figures, whether it was avoidable, why it is late, what came of a complaint.",
    ),
    "take": Line(
        "taking:take",
        "Say that you have it: nobody else is called about an urgent contact. Status 1 if there is nothing to take.",
    ),
    "assign": Line(
        "taking:assign",
        "Give a contact to a team, or to one person of it; they are told. Status 1 if nothing changes.",
    ),
    "quiet": Line(
        "taking:quiet",
        "Ask for no alerts before an instant; nearly all of the time used, and what is urgent, is told all the same.",
    ),
    "close": Line(
        "taking:close", "Close a contact: nothing more is to be done. Whoever has had no answer is sent the reason."
    ),
    "reopen": Line(
        "taking:reopen", "Open an answered or closed contact again: its clock runs on with the date that it had."
    ),
}
COMMANDS = {
    "init": Line(
        "init:init",
        "Write a new configuration, with an explanation of every value. Status 2: nothing was written, and why.",
    ),
    "run": Line("run:run", "Run the service until it is told to stop (SIGTERM or Ctrl-C)."),
    "check": Line(
        "check:check",
        "Check configuration, templates and standards. Status 0: good, 1: something fails, 2: mistakes in the files.",
    ),
    "deadline": Line("deadline:deadline", "Say when a promise falls due, and why."),
    "triage": Line("triage:triage", "Show the outcome for each mail; with --config also its team and its standard."),
    "preview": Line(
        "preview:preview",
        "Show a message on invented contacts. Status 0: shown or good, 1: it has errors, 2: there is no such message.",
    ),
    "demo": Line("demo:demo", "Run everything on embedded parts: mail in, the form, and a local view of sent mail."),
    "recompute": Line(
        "recompute:recompute",
        "Bring open contacts up to changed bank holidays, closures and corrected standards; the old dates are kept.",
    ),
    "rehearse": Line(
        "rehearse:rehearse",
        "Try the ladder with invented contacts; nothing is sent and no store is touched. Draws rehearsal.svg, too.",
    ),
    "report": Line(
        "report:report",
        "Count what became of the contacts of a period: promises by when they fell due, times, what is open, and why.",
    ),
    "hold": Line(
        "writing:hold",
        "Let no receipt leave until `ackbot release`, nor what else waits by now to leave by itself.",
    ),
    "sent": Line("writing:departures", "List what left to people, each with the version of its words."),
    "release": Line(
        "receipts:release",
        "Let the receipts leave that are held: too many at once, or a store that was put back from a copy.",
    ),
    "suppressions": Line(
        "receipts:suppressions",
        "List the addresses that get nothing automatic for a while, and why; or take one off the list.",
    ),
    "audit": Line("audit:app", "The trail of what happened and of what people did."),
    "contacts": Line("commands:Contacts", "The queue: list, show, and record answers."),
    "figures": Line("figures:app", "What the figures follow from."),
    "person": Line("people:app", "Everything that is kept of one person, by e-mail address or telephone number."),
    "shunted": Line("shunted:app", "Messages that could not be logged."),
    "schema": Line("schema:app", "Database migrations."),
    "staff": Line("staff:app", "Who may sign in to the console, and as what."),
    "store": Line("store:app", "The store as a whole."),
    "token": Line("token:app", "Tokens for programs that use the API."),
    "urgent": Line("urgent:app", "What cannot wait: test and replay its rules, list and take what nobody has yet."),
    "webhook": Line("webhook:app", "Systems of yours that are told what happens."),
}


class Contacts(LazyGroup):
    """The queue: list, show, and record answers."""

    table = CONTACTS


class _Ackbot(LazyGroup):
    table = COMMANDS

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for, to the last line of its output."""
        try:
            outcome = super().invoke(ctx)
            sys.stdout.flush()
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - what is a fault of ours is raised again
            from bot.cli import endings

            endings.end(error)
        finally:
            open_stores.until_the_end.close()
        return outcome


# Plain help: what draws boxes takes longer to import than all else that `--help` does, and swallows words in brackets.
app = typer.Typer(
    name="ackbot",
    cls=_Ackbot,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(is_asked: bool) -> None:  # noqa: FBT001 - the shape that the library calls
    if is_asked:
        typer.echo(f"ackbot {__version__}")
        raise typer.Exit


@app.callback()
def _ackbot(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Logs every contact, acknowledges each person once, and alerts staff before a promise is broken."""
