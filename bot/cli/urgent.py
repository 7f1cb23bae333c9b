"""`ackbot urgent`: the rules for what cannot wait, tried on tests and on what people wrote; what nobody has taken."""

import json
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import completions, names, noting, progress
from bot.cli.configuration import NEGATIVE, Directory, load_or_exit
from bot.cli.contacts import Json, contact_or_exit, open_store, plain, present

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.core.contacts import Contact
    from bot.core.phrases import Words
    from bot.core.urgencies import Rules, Urgency
    from bot.store.engine import Store

app = typer.Typer(
    help="What cannot wait: test and replay its rules, list and take what nobody has yet.", no_args_is_help=True
)
AT_ONCE = 500
TeamOption = Annotated[
    str,
    typer.Option(
        metavar="TEAM", autocompletion=completions.teams, help="Of this team alone.  [default: of every team]"
    ),
]


@app.command("test")
def run_tests(config: Directory = None) -> None:
    """Try each rule on the tests that stand in its file. Status 1 if one fails."""
    from bot.settings.urgent import failed_examples

    # A rule that fails its own tests is a mistake of the configuration, so this ends with every one of them, or none.
    rules = load_or_exit(config).urgent
    for rule in rules:
        tests = f"{len(rule.hits)} texts found, {len(rule.misses)} left alone"
        typer.echo(f"{rule.name}: {tests}; words in {', '.join(rule.words)}")
    if not rules:
        typer.echo("There is no rule: nobody is alerted at once.", err=True)
    if not rules or failed_examples(rules):
        raise typer.Exit(NEGATIVE)


@app.command()
def replay(
    config: Directory = None,
    as_json: Json = False,
    only_hits: Annotated[bool, typer.Option("--only-hits", help="Leave out what only came near.")] = False,
) -> None:
    """Try the rules as they are now on every stored contact: what fires, and what comes near. Nothing is changed."""
    configured, store = open_store(config)
    rules, counts = configured.urgent, Counter[str]()
    with progress.line("Trying the rules on contacts", is_hidden=as_json) as move:
        for row in _replayed(store, rules, move):
            counts[str(row["found"])] += 1
            if as_json and not (only_hits and row["found"] == "near"):
                typer.echo(json.dumps(row, ensure_ascii=False))
            elif not (only_hits and row["found"] == "near"):
                before = f" (when it came: {row['before']})" if row["before"] != row["rule"] else ""
                typer.echo(f'{row["reference"]}  {row["found"]:4}  {row["rule"]}: "{row["words"]}"{before}')
    typer.echo(f"{counts['hit']} fire, {counts['near']} come near.", err=as_json)


@app.command("list")
def list_calling(config: Directory = None, team: TeamOption = "", as_json: Json = False) -> None:
    """List the urgent contacts about which people are called, because nobody has taken them yet, the oldest first."""
    from bot.core.roles import Scope
    from bot.store import calls

    configured, store = open_store(config)
    names.require("--team", team, lambda: names.teams(configured))
    scope = Scope(frozenset({team}), unassigned=False) if team else Scope()
    for contact in store.read_now(lambda c: calls.calling(c, scope)):
        zone = configured.organisation.zone
        facts = {
            "reference": contact.reference,
            "received_at": plain(contact.received_at, zone),
            "team": contact.team or "",
            "urgent": contact.urgent,
            "words": contact.urgent_words,
            "calls": contact.urgent_step,
        }
        line = f"{facts['reference']}  {facts['received_at'][:16].replace('T', ' ')}  {facts['urgent']}"
        typer.echo(json.dumps(facts, ensure_ascii=False) if as_json else f"{line}, calls: {facts['calls']}")


@app.command()
def take(
    config: Directory = None,
    up_to: Annotated[
        str, typer.Option(metavar="REFERENCE", help="The newest that you have seen; what came later calls on.")
    ] = "",
    team: TeamOption = "",
    as_json: Json = False,
) -> None:
    """Say that you have every urgent contact that nobody has taken yet. Status 1 if there is none."""
    from bot.core.roles import Scope
    from bot.flows.changes.take_all import take_all
    from bot.store import calls

    configured, store = open_store(config)
    names.require("--team", team, lambda: names.teams(configured))
    number = contact_or_exit(store, configured, up_to).id if up_to else None
    scope = Scope(frozenset({team}), unassigned=False) if team else Scope()
    actor, now = noting.actor(), present(store)
    result = store.write_now(lambda c: take_all(c, calls.calling(c, scope, number), actor, now))
    facts = {"said": result.words, "references": result.references, "taken_by_others": result.taken_by_others}
    typer.echo(json.dumps(facts) if as_json else "\n".join((*result.references, result.words)))


def near_urgency(words: "Words", rules: "Rules") -> "Urgency | None":
    """Return the first rule whose near phrases match a text."""
    from bot.core.urgencies import Urgency

    return next((Urgency(rule, phrase) for rule in rules if (phrase := rule.near.find(words))), None)


def _replayed(store: "Store", rules: "Rules", move: progress.Move) -> "Iterator[dict[str, str]]":
    from bot.core import speech
    from bot.core.phrases import words_of
    from bot.core.urgencies import urgency_in

    for contact, text in _texts(store, move):
        words = words_of(text)
        hit = urgency_in(words, rules) and speech.urgency_of(speech.Message("", text), rules)
        hit_or_near = hit or near_urgency(words, rules)
        if hit_or_near is not None:
            yield {
                "reference": contact.reference,
                "found": "hit" if hit else "near",
                "rule": hit_or_near.rule.name,
                "words": hit_or_near.phrase,
                "before": contact.urgent or "nothing",
            }


def _texts(store: "Store", move: progress.Move) -> "Iterator[tuple[Contact, str]]":
    """Every contact that is not forgotten, with all that the person wrote."""
    from functools import partial

    from bot.store import contacts

    after, count, total = 0, 0, store.read_now(contacts.total)
    while page := store.read_now(partial(contacts.list_all, state=None, after_id=after, limit=AT_ONCE)):
        after = page[-1].id
        for contact in page:
            count += 1
            move(count, total)
            messages = store.read_now(lambda c, number=contact.id: contacts.messages_of(c, number))  # type: ignore[misc]
            texts = [m.text for m in messages if m.written_by == "sender"]
            if texts and not contact.forgotten:
                yield contact, "\n".join((contact.subject, *texts))
