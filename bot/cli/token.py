"""`ackbot token`: tokens with which other programs use the API."""

import json
from typing import Annotated

import typer

from bot.cli import completions, contacts, noting
from bot.cli.configuration import MISUSE, NEGATIVE, Directory, refuse, rulebook_of
from bot.cli.contacts import Json
from bot.core.roles import SCOPES

app = typer.Typer(help="Tokens for programs that use the API.", no_args_is_help=True)
Name = Annotated[str, typer.Option(metavar="NAME", help="What it is for, such as phones.")]


@app.callback()
def _group() -> None:
    """Tokens for programs that use the API."""


@app.command()
def create(
    name: Name,
    scope: Annotated[list[str], typer.Option(help=f"What it allows, once for each: {', '.join(SCOPES)}.")],
    config: Directory = None,
    team: Annotated[
        list[str] | None,
        typer.Option(autocompletion=completions.teams, help="A team whose contacts it sees.  [default: all]"),
    ] = None,
    expires: Annotated[
        str, typer.Option(metavar="DAYS", help="Days after which it ends, or never.  [default: 365]")
    ] = "",
) -> None:
    """Make a token and print it once: only its hash is stored. Status 1 if the name is taken."""
    from bot.flows import staffing
    from bot.store.tokens import Token

    configured, store = contacts.open_store(config, make=True)
    book, now, actor = rulebook_of(configured), contacts.present(store), noting.actor()
    try:
        ends_at = staffing.token_end(expires, now)
    except ValueError as error:
        refuse(f"--expires: {error}")
    token = Token(name.strip(), frozenset(scope), frozenset(team or ()), now, ends_at=ends_at)
    if not token.name or len(token.name) > 80 or not token.name.isprintable():
        refuse("--name: give it a name of up to 80 characters")
    result = store.write_now(lambda c: staffing.create_token(c, token, actor, book))
    if isinstance(result, staffing.Refused):
        typer.echo(f"No token was made: {result.reason}.", err=True)
        raise typer.Exit(MISUSE if result.is_misuse else NEGATIVE)
    typer.echo(result)
    zone = configured.organisation.zone
    typer.echo(f"It ends at {contacts.plain(ends_at, zone)}." if ends_at else "It never ends.", err=True)
    typer.echo("Keep it now: it cannot be shown again. It goes into the header Authorization: Bearer TOKEN", err=True)


@app.command("list")
def list_(config: Directory = None, as_json: Json = False) -> None:
    """List tokens: their scopes, their last use, when they end, and whether they are revoked. Never the token."""
    from bot.store import tokens

    configured, store = contacts.open_store(config, make=True)
    zone, now = configured.organisation.zone, contacts.present(store)
    for token in store.read_now(tokens.list_all):
        facts = {"name": token.name, "scopes": sorted(token.scopes), "teams": sorted(token.teams)}
        facts |= {
            k: contacts.plain(getattr(token, k), zone) for k in ("created_at", "used_at", "revoked_at", "ends_at")
        }
        if as_json:
            typer.echo(json.dumps(facts, ensure_ascii=False))
        else:
            end = f"ends {facts['ends_at']}" if token.ends_at else "never ends"
            end = "has expired" if token.has_ended(now) else end
            status = "revoked" if token.revoked_at else f"last used {facts['used_at'] or 'never'}, {end}"
            typer.echo(f"{token.name}  {', '.join(sorted(token.scopes))}  {status}")


@app.command()
def revoke(name: Name, config: Directory = None) -> None:
    """End a token at once. Status 1 if there is none of that name."""
    from bot.flows import staffing

    _, store = contacts.open_store(config, make=True)
    now, actor = contacts.present(store), noting.actor()
    refusal = store.write_now(lambda c: staffing.revoke_token(c, name, actor, now))
    if refusal is not None:
        typer.echo(f"Nothing was changed: {refusal.reason}.", err=True)
        raise typer.Exit(NEGATIVE)
    typer.echo(f"{name} lets nobody in any more.")
