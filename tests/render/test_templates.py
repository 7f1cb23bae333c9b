"""What writers of templates may say, and what they hear when it is wrong."""

from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from bot.render.compose import Composer
from bot.render.front_matter import BadTemplate
from bot.render.samples import SAMPLES
from tests.render.letters import CONSTANTS, ENVELOPE, TEMPLATES, own_file, own_template, parsed, parts

FRONT = '+++\nsubject = "x"\npurpose = "y"\n+++\n'
# Each fault, and what must be said about it: the line, and what is wrong.
FAULTS = {
    "unknown placeholder": (f"{FRONT}Hello\n\n{{{{ nobody_knows }}}}\n", ":7: ", "nobody_knows"),
    "unknown where no sample leads": (
        f"{FRONT}{{% if not reference %}}\n((nobody))\n{{% endif %}}\n",
        ":6: ",
        "nobody",
    ),
    "unknown in the subject": (FRONT.replace("x", "{{ nobody }}") + "Hello\n", ":2: ", "nobody"),
    "syntax": (f"{FRONT}Hello\n{{% if %}}\n", ":6: ", "Expected an expression"),
    "arithmetic": (f"{FRONT}Hello\n{{{{ 1 / 0 }}}}\n", ":6: ", "division by zero"),
    "out of the sandbox": (f"{FRONT}{{{{ reference.__class__.__mro__ }}}}\n", ":5: ", "unsafe"),
    "no front matter": ("No front matter\n", ":1: ", "front matter"),
    "no purpose": ('+++\nsubject = "x"\n+++\nHello\n', ":1: ", "purpose"),
    "unknown key": (FRONT.replace("purpose", "colour = 1\npurpose") + "Hello\n", ":1: ", "colour"),
    "a day that is no text": (
        FRONT.replace("purpose", "checked_on = 2026-12-01\npurpose") + "x\n",
        ":1: ",
        "checked_on",
    ),
    "not TOML": ("+++\nsubject: x\n+++\nHello\n", "", "TOML"),
    "link to a script": (f"{FRONT}[Go](javascript:alert)\n", "", "javascript:alert"),
    "link whose host is a value": (f"{FRONT}[Go](https://{{{{ promise }}}}/)\n", "", "a link must begin"),
    "link that is a value": (f"{FRONT}[Go]({{{{ promise }}}})\n", "", "a link must begin"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_template_is_named_with_its_line(tmp_path: Path, fault: str) -> None:
    """A template of one's own is checked before it is used."""
    source, line, what = FAULTS[fault]
    (message,) = own_file(tmp_path, source).faults("acknowledgement", "en")
    assert f"acknowledgement.md{line}" in message
    assert what in message


def test_a_translation_may_say_who_checked_it(tmp_path: Path) -> None:
    """And that nobody has, by empty words."""
    for name, day in (("Ann Example", "2026-12-01"), ("", "")):
        front = FRONT.replace("purpose", f'checked_by = "{name}"\nchecked_on = "{day}"\npurpose')
        assert own_file(tmp_path, front + "Hello\n").faults("acknowledgement", "en") == []


def test_a_template_without_a_use_is_a_fault(tmp_path: Path) -> None:
    """A misspelt file name would otherwise stay unnoticed for ever."""
    (message,) = own_file(tmp_path, FRONT + "Hello\n", name="aknowledgement").faults("aknowledgement", "en")
    assert "aknowledgement.md" in message
    assert "acknowledgement" in message


def test_a_file_that_is_not_utf_8_is_a_fault(tmp_path: Path) -> None:
    """Its bytes are never guessed."""
    own = own_file(tmp_path, "")
    (tmp_path / "messages" / "en" / "acknowledgement.md").write_bytes(b"\xff\xfe")
    (message,) = own.faults("acknowledgement", "en")
    assert "UTF-8" in message


def test_a_faulty_layout_is_named(tmp_path: Path) -> None:
    """An unknown name in it, or a lone dollar."""
    (tmp_path / "partials").mkdir()
    for layout in ("$content $nobody", "$content $ 5"):
        (tmp_path / "partials" / "mail.html").write_text(layout, encoding="utf-8")
        own = Composer([tmp_path, TEMPLATES], CONSTANTS)
        assert all("mail.html" in message for name in SAMPLES for message in own.faults(name, "en"))
        assert all(len(own.faults(name, "en")) == 1 for name in SAMPLES)


def test_a_template_or_layout_that_is_nowhere_is_named(tmp_path: Path) -> None:
    """The words say which file is missing."""
    with pytest.raises(BadTemplate, match=r"mail\.html"):
        Composer([tmp_path], CONSTANTS)
    with pytest.raises(BadTemplate, match=r"gd.acknowledgement\.md"):
        Composer([TEMPLATES], CONSTANTS).compose("acknowledgement", {}, ENVELOPE, language="gd")


def test_the_organisations_template_goes_before_the_packaged_one(tmp_path: Path) -> None:
    """What is not there is taken from the package."""
    own = own_template(tmp_path, "Ours.\n")
    assert parts(parsed(own.compose("acknowledgement", SAMPLES["acknowledgement"], ENVELOPE)))[0] == "Ours.\n"
    assert "What to do" in parts(parsed(own.compose("alert", SAMPLES["alert"], ENVELOPE)))[0]


def written(folder: Path, body: str, subject: str = "x") -> tuple[str, str, str]:
    """Subject, text and HTML of a template of one's own."""
    own = own_template(folder, body, subject=subject)
    mail = parsed(own.compose("acknowledgement", SAMPLES["acknowledgement"], ENVELOPE))
    return mail["Subject"], *parts(mail)


def test_notify_placeholders_are_understood(tmp_path: Path) -> None:
    """((Respond by)) is {{ respond_by }}, in the subject, too: content designers bring their templates along."""
    subject, text, _ = written(tmp_path, "By ((Respond by)), ((promise)).\n", "((reference))")
    assert subject == "EX-7K3M-9QPH"
    assert text == "By Wednesday 6 January 2027, 10 working days.\n"


def test_the_markdown_of_notify_comes_out_in_both_parts(tmp_path: Path) -> None:
    """Headings, lists, lines, insets and links."""
    source = "# H\n\n1. one\n2. two\n\n* dot\n\n^ inset\n\n---\n\n[Go on](https://a.example/x)\n"
    _, text, page = written(tmp_path, source)
    assert text.split("\n\n") == ["H", "1. one\n2. two", "* dot", "inset", "-" * 40, "Go on: https://a.example/x\n"]
    parser = LexborHTMLParser(page)
    assert [len(parser.css(tag)) for tag in ("h1", "ol li", "ul li", "blockquote p", "hr", "a")] == [1, 2, 1, 1, 1, 1]


def test_a_bare_address_is_a_link(tmp_path: Path) -> None:
    """As in Notify: written in full, without the full stop after it, once in the text part."""
    _, text, page = written(tmp_path, "See https://a.example/b?c=d&e=f. Then ((website)), (https://a.example).\n")
    assert text == "See https://a.example/b?c=d&e=f. Then https://www.example.gov.uk, (https://a.example).\n"
    links = [link.attributes["href"] for link in LexborHTMLParser(page).css("a")]
    assert links == ["https://a.example/b?c=d&e=f", "https://a.example"]


def test_what_is_outside_the_subset_stays_as_it_was_typed(tmp_path: Path) -> None:
    """No bold, italics, images, code or HTML: screen readers and plain text lose nothing."""
    source = "**b** _i_ `c` <b>x</b> &amp; ![alt](https://a.example/i.png)\n"
    _, text, page = written(tmp_path, source)
    assert "**b** _i_ `c` <b>x</b> &amp;" in text
    assert not LexborHTMLParser(page).css("b, strong, em, code, img")


def test_a_constant_is_escaped_like_a_value(tmp_path: Path) -> None:
    """An organisation may be called R&D <Borough>; the title of the page says so, too."""
    own_template(tmp_path, "{{ organisation }}\n", subject="A & B: {{ organisation }}")
    own = Composer([tmp_path, TEMPLATES], CONSTANTS | {"organisation": "R&D <Borough> [x](https://y.example)"})
    _, page = parts(parsed(own.compose("acknowledgement", SAMPLES["acknowledgement"], ENVELOPE)))
    assert "<title>A &amp; B: R&amp;D &lt;Borough&gt; [x](https://y.example)</title>" in page
    assert not LexborHTMLParser(page).css("a, borough")
