"""What a command says that did something to a contact: a sentence, or the object that the API answers with."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import terminal

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from bot.core.contacts import Contact

Json = Annotated[
    bool,
    typer.Option("--json", help="One JSON object, as the API answers: what is said, and the contact as it is then."),
]


def say(contact: "Contact", sentence: str, zone: "ZoneInfo", *, as_json: bool, **more: Any) -> None:
    """Print the sentence; as JSON with the contact as it stands now, as `Done` of the API, and `more` facts of it.

    Instants are in local time with their offset.
    """
    if not as_json:
        typer.echo(sentence)
        return
    from bot.cli.contacts import plain
    from bot.web.api.models import ContactView

    facts = {name: plain(getattr(contact, name), zone) for name in ContactView.model_fields}
    typer.echo(terminal.json_line({"said": sentence, "contact": facts | more}))
