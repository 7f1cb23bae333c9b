"""`ackbot preview`: a template as people will see it, or its faults."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot.cli.configuration import NEGATIVE, Directory, load_or_exit, refuse

if TYPE_CHECKING:
    from bot.render.compose import Composer


def preview(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as acknowledgement.")],
    config: Directory = None,
    language: Annotated[str, typer.Option(metavar="CODE")] = "en",
    form: Annotated[
        Literal["text", "html"],
        typer.Option("--format", help="text: of each sample contact. html: the page of the first one."),
    ] = "text",
    only_lint: Annotated[bool, typer.Option("--lint", help="List its faults instead.")] = False,
) -> None:
    """Show a template on sample contacts. Status 0: shown or good, 1: it has errors, 2: there is no such template."""
    from bot import app
    from bot.cli import check_store
    from bot.render import lint

    configured = load_or_exit(config)
    composer = check_store.standing(configured).composer(app.composer(configured))
    if (name, language) not in composer.names():
        refuse(f"There is no template {language}/{name}; there are: {_names(composer)}")
    faults = composer.faults(name, language)
    if only_lint:
        findings = lint.examine(composer, name, language)
        typer.echo("\n".join([*map(str, findings), f"{name}: {lint.summary(findings)}."]))
        faults = [finding.words for finding in lint.errors(findings)]
    elif faults:
        typer.echo("\n".join(faults), err=True)
    else:
        _show(composer, name, language, form)
    if faults:
        raise typer.Exit(NEGATIVE)


def _names(composer: "Composer") -> str:
    return ", ".join(f"{language}/{name}" for name, language in composer.names())


def _show(composer: "Composer", name: str, language: str, form: str) -> None:
    from bot.render.lint import has_page

    for contact, values in composer.samples(name).items():
        sample = composer.render(name, values, language=language)
        if form == "html":
            typer.echo(sample.html)
            return
        subject = f"Subject: {sample.subject}\n" if has_page(name) else ""
        typer.echo(f"===== On the sample contact: {contact}\n{subject}\n{sample.text}\n")
