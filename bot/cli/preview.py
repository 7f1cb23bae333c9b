"""`ackbot preview`: a message as people of a language and a format get it, or its faults."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from bot.cli import progress
from bot.cli.configuration import NEGATIVE, Directory, load_or_exit, refuse, why_unwritten
from bot.core.suggestions import in_brackets

if TYPE_CHECKING:
    from bot.render.compose import Composer
    from bot.render.previews import Format
    from bot.settings.reading import Settings

_ALL = "all"
_FORMATS = ("text", "html", "large-print", "easy", "pdf", _ALL)


class _Page(NamedTuple):
    """One message in one language and format; `content` is bytes of a PDF."""

    name: str
    language: str
    form: str
    content: str | bytes


def preview(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"Such as acknowledgement; {_ALL}: every message.")],
    config: Directory = None,
    language: Annotated[
        str, typer.Option(metavar="CODE", help=f"Of the person, such as pl; {_ALL}: each that there is. Else your own.")
    ] = "",
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="text: of each invented contact. html, large-print: the page of the first one. easy: the Easy Read "
            f"wording. pdf: the letter in large print. {_ALL}: each that the message has.",
        ),
    ] = "text",
    output: Annotated[
        Path | None, typer.Option(help="Write there: a file, or a folder where there are several pages.")
    ] = None,
    only_lint: Annotated[bool, typer.Option("--lint", help="List its faults instead.")] = False,
) -> None:
    """Show a message on invented contacts. Status 0: shown or good, 1: it has errors, 2: there is no such message."""
    from bot import letters
    from bot.cli import check_store

    configured = load_or_exit(config)
    composer = check_store.standing(configured).composer(letters.composer(configured))
    if form not in _FORMATS:
        refuse(f"There is no format {form}; there are: {', '.join(_FORMATS)}")
    templates = list(_templates(composer, name, language or configured.organisation.languages[0]))
    if not templates:
        refuse(_unknown(composer, name))
    faults = _lint(composer, templates) if only_lint else _show(configured, composer, templates, form, output)
    if faults:
        raise typer.Exit(NEGATIVE)


def _templates(composer: "Composer", name: str, language: str) -> Iterator[tuple[str, str]]:
    """Yield each message that is meant; what staff get is in English whatever the language."""
    from bot.core.languages import ENGLISH

    for template, code in composer.names():
        is_of_language = language in (_ALL, code) or (
            code == ENGLISH and (template, language) not in composer.names() and _is_to_staff(template)
        )
        if name in (_ALL, template) and is_of_language:
            yield template, code


def _is_to_staff(name: str) -> bool:
    from bot.render.samples import SORTS, Sort

    return SORTS.get(name, Sort.STAFF) is Sort.STAFF


def _unknown(composer: "Composer", name: str) -> str:
    pairs = composer.names()
    languages = sorted({language for template, language in pairs if name in (_ALL, template)})
    if languages:
        return f"There is no {name} in this language; it is there in {', '.join(languages)}."
    names = list(dict.fromkeys(template for template, _ in pairs))
    return f"There is no message {name}{in_brackets(name, names)}; there are: {', '.join(names)}."


def _lint(composer: "Composer", templates: list[tuple[str, str]]) -> bool:
    """List what is wrong with each; return whether one has an error."""
    from bot.render import lint

    has_errors = False
    with progress.line("Reading messages", len(templates)) as move:
        for name, language in progress.each(templates, move):
            findings = lint.examine(composer, name, language)
            typer.echo("\n".join([*map(str, findings), f"{name}: {lint.summary(findings)}."]))
            has_errors |= bool(lint.errors(findings))
    return has_errors


def _show(
    configured: "Settings", composer: "Composer", templates: list[tuple[str, str]], form: str, output: Path | None
) -> bool:
    """Show each, or write it; return whether one cannot be shown."""
    usable = []
    for name, language in templates:
        faults = composer.faults(name, language)
        typer.echo("\n".join(faults), err=True, nl=bool(faults))
        usable += [] if faults else [(name, language)]
    with progress.line("Writing messages", len(usable)) as move:
        pages = list(_pages(configured, composer, progress.each(usable, move), form))
    if not pages and usable:
        refuse(f"No message of this name has the format {form}.")
    if output is not None:
        _write(pages, output)
    else:
        _print(pages, form)
    return len(usable) < len(templates)


def _print(pages: list[_Page], form: str) -> None:
    if any(isinstance(page.content, bytes) for page in pages) or (len(pages) > 1 and form not in ("text", "easy")):
        refuse("A PDF is no text, and several pages are no document: name a file or a folder with --output.")
    for page in pages:
        typer.echo(page.content)


def _pages(
    configured: "Settings", composer: "Composer", templates: Iterable[tuple[str, str]], form: str
) -> Iterator[_Page]:
    from bot.render import pdf, previews

    for name, language in templates:
        # All that there is, but for what cannot be made here.
        of_message = [each for each in previews.formats(name) if form == _ALL and (each != "pdf" or pdf.is_there())]
        for way in of_message or [each for each in previews.formats(name) if each == form]:
            yield _Page(name, language, way, _content(configured, composer, name, language, way))


def _content(configured: "Settings", composer: "Composer", name: str, language: str, form: "Format") -> str | bytes:
    from bot.render import pdf, previews
    from bot.render.letters import Letterhead
    from bot.render.lint import has_page
    from bot.render.previews import Format

    reader = previews.Reader(language, configured.organisation.languages)
    samples = previews.on_contacts(composer, name, reader, form)
    if form in (Format.TEXT, Format.EASY):
        subject = "Subject: {}\n\n" if has_page(name) else "\n"
        return "".join(
            f"===== On the sample contact: {contact}\n{subject.format(sample.subject)}{sample.text}\n\n"
            for contact, sample in samples.items()
        )
    sample = next(iter(samples.values()))
    if form is not Format.PDF:
        return sample.html
    letter = Letterhead(configured.template_directories).letter(sample.html, sample.subject, reader.codes[0])
    try:
        return pdf.of_page(letter.page)
    except pdf.NoPdf as error:
        refuse(str(error))


def _write(pages: list[_Page], output: Path) -> None:
    """Write one page into a file, several into a folder, and say where."""
    endings = {"text": "text.txt", "easy": "easy.txt", "html": "html", "large-print": "large-print.html", "pdf": "pdf"}
    is_folder = len(pages) > 1 or output.is_dir()
    try:
        if is_folder:
            output.mkdir(parents=True, exist_ok=True)
        for page in pages:
            path = output / f"{page.name}.{page.language}.{endings[page.form]}" if is_folder else output
            path.write_bytes(page.content if isinstance(page.content, bytes) else page.content.encode())
            typer.echo(f"Written: {path}")
    except OSError as error:
        refuse(f"{output} cannot be written: {why_unwritten(output, error)}.")
