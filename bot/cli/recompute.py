"""`ackbot recompute`: the dates of open contacts, computed anew by the rules as they are written now."""

import json
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import contacts, progress
from bot.cli.configuration import Directory, refuse, rulebook_of
from bot.cli.contacts import Json

if TYPE_CHECKING:
    from bot.flows.changes.recompute import Change

SUFFIXES = ("_before", "")


def recompute(
    config: Directory = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    as_json: Json = False,
) -> None:
    """Bring open contacts up to changed bank holidays, closures and corrected standards; the old dates are kept.

    The service does this by itself when it starts, and goes on by the rules that it was started with: restart it, too.
    People are told a later date; an earlier one is just met.
    """
    from bot.flows.changes import recompute as flow
    from bot.flows.changes import rule_versions
    from bot.store.clocks import dates_count
    from bot.store.engine import StoreUnavailable

    configured, store = contacts.open_store(config)
    book, zone = rulebook_of(configured), configured.organisation.zone
    looked_at = moved_count = told_count = 0
    run = store.read_now if dry_run else store.write_now
    try:
        names = store.read_now(partial(rule_versions.names_changed, book=book))
        after: int | None = 0
        with progress.line("Looking at open contacts", store.read_now(dates_count), is_hidden=as_json) as move:
            while after is not None:
                now = contacts.present(store)
                page = run(partial(flow.recompute, after_id=after, names=names, now=now, book=book, dry_run=dry_run))
                for change in page.changes:
                    _print(change, zone, as_json=as_json)
                looked_at, moved_count, told_count = (
                    looked_at + page.looked_at,
                    moved_count + len(page.changes),
                    told_count + page.people_told,
                )
                move(looked_at)
                after = page.last_id
    except StoreUnavailable as error:
        refuse(f"The store cannot be used now: {error}. What is done is done; run it again for the rest.")
    would = "would move" if dry_run else "moved"
    note = "" if dry_run else f" {told_count} people are told a later date."
    typer.echo(f"{looked_at} open contacts looked at, {moved_count} {would}.{note}", err=True)


def _print(change: "Change", zone: Any, *, as_json: bool) -> None:
    pairs = {"acknowledge": change.acknowledge, "respond": change.respond}
    plain = {name: [contacts.plain(at, zone) for at in pair] for name, pair in pairs.items() if pair[0] != pair[1]}
    if as_json:
        dates = {f"{name}_by{end}": at for name, pair in plain.items() for end, at in zip(SUFFIXES, pair, strict=True)}
        typer.echo(json.dumps({"reference": change.reference, **dates, "reason": change.why}))
        return
    moves = ", ".join(f"{name} by {pair[0] or '-'} -> {pair[1] or '-'}" for name, pair in plain.items())
    typer.echo(f"{change.reference}: {moves}. {change.why}")
