"""`ackbot check`: checks the configuration, and with --live, that every account answers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import check_report, progress, terminal
from bot.cli.check_report import Finding, Level, Report
from bot.cli.configuration import MISUSE, NEGATIVE, Directory, directory_of, refuse

if TYPE_CHECKING:
    from bot.render import lint
    from bot.render.compose import Composer
    from bot.settings.reading import Settings


def check(
    config: Directory = None,
    live: Annotated[
        bool, typer.Option("--live", help="Also sign in to every account; sends and changes nothing.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Also show channels, standards with their dates, times of keeping.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, the verdict first.")] = False,
) -> None:
    """Check configuration, templates and standards. Status 0: good, 1: something fails, 2: mistakes in the files.

    The verdict stands first, then what must be put right, what is allowed but unwise, and notes.
    """
    from bot import kinds
    from bot.settings.main_file import BadSettings, NoConfiguration

    directory = directory_of(config)
    try:
        with progress.line("Reading templates", is_hidden=as_json) as move:
            report = _examine(kinds.load(directory), move, is_live=live)
        status = 0 if report.is_good else NEGATIVE
    except BadSettings as error:
        if isinstance(error, NoConfiguration) and not as_json:
            refuse(f"{error}")
        report, status = check_report.of_mistakes(f"{directory}", error.mistakes), MISUSE
    if as_json:
        for line in report.objects(is_verbose=verbose):
            typer.echo(line)
    else:
        _write(report, is_verbose=verbose)
    raise typer.Exit(status)


def _write(report: Report, *, is_verbose: bool) -> None:
    """Write the report for a person; the verdict is green or red on a terminal."""
    verdict, *lines = report.text(is_verbose=is_verbose)
    typer.echo(terminal.heading(verdict[0], "green" if report.is_good else "red"))
    for line, is_error in lines:
        typer.echo(line, err=is_error)


def _examine(configured: "Settings", move: progress.Move, *, is_live: bool) -> Report:
    from bot import letters
    from bot.cli import check_answers, check_limits, check_live, check_store, check_templates
    from bot.present import Present
    from bot.render import lint

    # The packaged rules are otherwise read when somebody has written: here, so that a mistake in them is seen before.
    tuple(configured.urgent)
    of_files, standing = letters.composer(configured), check_store.standing(configured)
    composer = standing.composer(of_files)
    faults = [*check_templates.examine(configured, composer), *check_answers.examine(configured, composer)]
    errors = lint.errors(faults)
    findings = [
        *(_of_words(fault, is_error=fault in errors) for fault in faults),
        *(check_live.findings(configured, move) if is_live else []),
        *(Finding(Level.WARNING, words) for words in (*standing.remarks, *standing.faults(of_files))),
        *check_limits.findings(configured, Present().now()),
        *_facts(configured, composer),
    ]
    return Report(
        f"{configured.directory}", len(configured.channels), tuple(findings), f"Templates: {lint.summary(faults)}."
    )


def _of_words(fault: "lint.Finding", *, is_error: bool) -> Finding:
    """Return a fault of a template by its rule."""
    level = Level.ERROR if is_error else Level.WARNING
    return Finding(level, f"{fault.level} {fault.rule}: {fault.words}", file=fault.where, key=fault.rule)


def _facts(configured: "Settings", composer: "Composer") -> Iterator[Finding]:
    from bot.cli import check_details, check_pages, check_templates, check_unwise

    yield from check_unwise.warnings(configured)
    yield from (Finding(Level.NOTE, words) for words in check_pages.notes(configured))
    yield from (Finding(Level.NOTE, words) for words in check_templates.lines(configured, composer))
    yield from (Finding(Level.DETAIL, words) for words in check_details.lines(configured))
