"""`ackbot urgent`: the rules for what cannot wait, tried on their own tests and on what people have written."""

import json
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.configuration import NEGATIVE, Directory, load_or_exit
from bot.cli.contacts import Json, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.core.contacts import Contact
    from bot.core.phrases import Words
    from bot.core.urgencies import Rules, Urgency
    from bot.store.engine import Store

app = typer.Typer(help="The rules for what cannot wait: test them, replay them.", no_args_is_help=True)
AT_ONCE = 500


@app.command("test")
def run_tests(config: Directory = None) -> None:
    """Try each rule on the tests that stand in its file. Status 1 if one fails."""
    from bot.settings.urgent import failed_examples

    # A rule that fails its own tests is a mistake of the configuration, so this ends with every one of them, or none.
    rules = load_or_exit(config).urgent.rules()
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
    rules, counts = configured.urgent.rules(), Counter[str]()
    for row in _replayed(store, rules):
        counts[str(row["found"])] += 1
        if as_json and not (only_hits and row["found"] == "near"):
            typer.echo(json.dumps(row, ensure_ascii=False))
        elif not (only_hits and row["found"] == "near"):
            before = f" (when it came: {row['before']})" if row["before"] != row["rule"] else ""
            typer.echo(f'{row["reference"]}  {row["found"]:4}  {row["rule"]}: "{row["words"]}"{before}')
    typer.echo(f"{counts['hit']} fire, {counts['near']} come near.", err=as_json)


def near_urgency(words: "Words", rules: "Rules") -> "Urgency | None":
    """Return the first rule whose near phrases match a text."""
    from bot.core.urgencies import Urgency

    return next((Urgency(rule, phrase) for rule in rules if (phrase := rule.near.find(words))), None)


def _replayed(store: "Store", rules: "Rules") -> "Iterator[dict[str, str]]":
    from bot.core import speech
    from bot.core.phrases import words_of
    from bot.core.urgencies import urgency_in

    for contact, text in _texts(store):
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


def _texts(store: "Store") -> "Iterator[tuple[Contact, str]]":
    """Every contact that is not forgotten, with all that the person wrote."""
    from functools import partial

    from bot.store import contacts

    after = 0
    while page := store.read_now(partial(contacts.list_all, state=None, after_id=after, limit=AT_ONCE)):
        after = page[-1].id
        for contact in page:
            messages = store.read_now(partial(contacts.messages_of, contact_id=contact.id))
            texts = [m.text for m in messages if m.written_by == "sender"]
            if texts and not contact.forgotten:
                yield contact, "\n".join((contact.subject, *texts))
