"""Makes a tagged PDF (ISO 14289-1, PDF/UA) of a page, in a process of its own: `python -m bot.render.pdf`.

That process has the page on its standard input, no settings and no secrets. It loads nothing, so that what somebody
wrote can fetch neither a file nor a page. WeasyPrint, which does the work, is the extra `ackbot[pdf]`.
"""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from typing import Any

_SECONDS = 60
_MOST_BYTES = 2_000_000
# ISO 32000-1, table 165: an annotation that is printed.
_PRINTED = 4
_SCOPES = {"/THead": "/Column", "/TBody": "/Row"}
# What finds programs, fonts and the folder in which they are remembered.
_PASSED_ON = ("PATH", "HOME", "XDG_CACHE_HOME", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "LD_LIBRARY_PATH")


class NoPdf(Exception):
    """No PDF can be made; the text says why, and what to do."""


def is_there() -> bool:
    """Tell whether the extra is installed."""
    return find_spec("weasyprint") is not None


def of_page(page: str) -> bytes:
    """Return the page as a PDF; raises NoPdf."""
    if not is_there():
        raise NoPdf("PDF is not installed here: pip install 'ackbot[pdf]', and install Pango (libpango-1.0-0).")
    content = page.encode()
    if len(content) > _MOST_BYTES:
        raise NoPdf(f"The page has {len(content)} bytes; {_MOST_BYTES} are the most that become a PDF.")
    try:
        return _ask_process(content)
    except subprocess.TimeoutExpired as error:
        raise NoPdf(f"The PDF was not ready after {_SECONDS} seconds.") from error
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode("utf-8", "replace").strip().splitlines() or ["it did not say why"]
        raise NoPdf(f"The PDF could not be made: {lines[-1]}") from error


def _ask_process(content: bytes) -> bytes:
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    # The modules are those of this process, wherever it was started.
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    command = [sys.executable, "-m", "bot.render.pdf"]
    process = subprocess.run(command, input=content, capture_output=True, env=environment, timeout=_SECONDS, check=True)
    return process.stdout


def _write(page: str) -> bytes:
    """Return the page as a PDF, made in this process."""
    import weasyprint  # noqa: PLC0415 - the process that serves has none of it

    document = weasyprint.HTML(string=page, url_fetcher=weasyprint.urls.URLFetcher(allowed_protocols=()))
    content: bytes = document.write_pdf(pdf_variant="pdf/ua-1", finisher=_complete)
    return content


def _complete(document: Any, pdf: Any) -> None:
    """Add what PDF/UA asks for and the library leaves out: printed links, scopes of headings, languages of parts."""
    import pydyf  # noqa: PLC0415

    elements = {thing.reference: thing for thing in pdf.objects if isinstance(thing, pydyf.Dictionary)}
    for link in (element for element in elements.values() if element.get("Subtype") == "/Link"):
        link["F"] = _PRINTED
    for heading in _of_tag(elements, "/TH"):
        heading["A"]["Scope"] = _scope(heading, elements)
    parts, languages = _of_tag(elements, "/Div"), list(_languages_of_parts(document))
    if len(parts) == len(languages):
        _say_languages(parts, map(pydyf.String, languages))


def _say_languages(parts: list[Any], languages: Iterable[Any]) -> None:
    for part, language in zip(parts, languages, strict=True):
        if language.string:
            part["Lang"] = language


def _of_tag(elements: dict[bytes, Any], tag: str) -> list[Any]:
    return [element for element in elements.values() if element.get("S") == tag]


def _scope(heading: Any, elements: dict[bytes, Any]) -> str:
    row = elements[heading["P"]]
    return _SCOPES.get(elements[row["P"]]["S"], "/Column")


def _languages_of_parts(document: Any) -> Iterator[str]:
    """Yield the language of each `div`, "" for none, in the order in which the library tags them."""
    from weasyprint.formatting_structure.boxes import LineBox, TextBox  # noqa: PLC0415

    for page in document.pages:
        for box in page._page_box.descendants():  # there is no other way to its elements
            if box.element_tag == "div" and not isinstance(box, LineBox | TextBox):
                yield box.element.get("lang", "") if box.element is not None else ""


if __name__ == "__main__":
    sys.stdout.buffer.write(_write(sys.stdin.buffer.read().decode()))
