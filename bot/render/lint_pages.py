"""The rules of the lint about placeholders, links, size and HTML: L1, L4 to L8."""

import re
from collections.abc import Iterable, Iterator, Mapping

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.render.compose import LAYOUT, MOST_BYTES
from bot.render.drafts import Draft, Remark, error, host_of, links, words_of
from bot.render.samples import Sort, longest

# 4 KB of English; other scripts take two or three bytes for a character.
MOST_CHARACTERS = 4_096
_SHORTENERS = frozenset(
    {"bit.ly", "buff.ly", "cutt.ly", "goo.gl", "is.gd", "lnkd.in", "ow.ly", "rb.gy", "rebrand.ly", "shorturl.at"}
    | {"t.co", "t.ly", "tiny.cc", "tinyurl.com", "v.gd"}
)
# Domains that are reserved for public bodies of the United Kingdom.
_PUBLIC_BODIES = ("gov.uk", "gov.scot", "gov.wales", "llyw.cymru", "nhs.uk", "nhs.scot", "nhs.wales", "police.uk")
_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})
_VAGUE = re.compile(r"(?:please )?(?:(?:click|press|tap)\b.*|(?:this )?link|here|(?:read |find out )?more|this)", re.I)
_STYLE = re.compile(r"(?:^|;)\s*([a-z-]+)\s*:\s*([^;]+)")
_PIXELS = re.compile(r"(\d+(?:\.\d+)?)px")
_SIZE = re.compile(r"(\d*\.?\d+)(px|pt|r?em|%)")
_REMOTE = re.compile(r"url\(\s*['\"]?https?:", re.IGNORECASE)
_COLOUR = re.compile(r"#(?:([0-9a-f])([0-9a-f])([0-9a-f])|([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2}))", re.IGNORECASE)
_COLOUR_NAMES = {"white": "#ffffff", "black": "#000000"}
# Around what keeps its own direction; nobody wrote them, and no limit of ours is so narrow that they count.
_ISOLATES = re.compile("[\u2066-\u2069]")
_LEAST_PIXELS, _LARGE_PIXELS, _MOST_WIDTH = 16, 24, 600
# WCAG 2.2, success criterion 1.4.3.
_CONTRAST, _CONTRAST_OF_LARGE = 4.5, 3.0
# Without quotes around it, a value could add another attribute.
_UNQUOTED = re.compile(r"<[a-z][^>]*=\$", re.IGNORECASE)


def both_parts_say_the_same(draft: Draft) -> Iterator[Remark]:
    """L1: the text part exists, and has every value and link of the HTML."""
    for sample, page in draft.pages():
        if not sample.text:
            yield error("The text part is empty: write the message below the front matter.")
        text, html_words = " ".join(sample.text.split()), words_of(page.body)
        for address, _ in links(page):
            if address.removeprefix("mailto:").removeprefix("tel:") not in text:
                yield error(f"The link {address} is in the HTML alone: take it out of {LAYOUT}, or write it out.")
        for key, value in sample.values.items():
            if isinstance(value, str) and value and value in html_words and value not in text:
                yield error(f"{{{{ {key} }}}} is in the HTML alone: show it in the message, too.")


def values_stay_values(draft: Draft) -> Iterator[Remark]:
    """L4: every placeholder is known and stays a value; a template with any other fault is also reported here."""
    for fault in draft.faults:
        yield error(f"It cannot be used: {fault}")
    if match := _UNQUOTED.search(draft.layout):
        yield error(f"A value stands without quotes around it ({match[0]}): write them, in {LAYOUT}.")
    for sample, page in draft.pages():
        if page.css_first("script") is not None:
            yield error(f"There is a <script>: take it out of {LAYOUT}; mail programs run none.")
        if any(sample.subject and sample.subject in node.text() for node in page.css("style")):
            yield error(f"A value stands in a <style>: take it out of {LAYOUT}.")


def links_are_good(draft: Draft) -> Iterator[Remark]:
    """L5: links use https, lead to a known site without a shortener, and say where they lead."""
    for _, page in draft.pages():
        for address, words in links(page):
            if _VAGUE.fullmatch(words.rstrip(".! ")):
                yield error(f'The link "{words}" does not say where it leads: name the page in its words.')
            if not address.startswith(("mailto:", "tel:")):
                yield from _judge(address, draft)


def _judge(address: str, draft: Draft) -> Iterator[Remark]:
    host = host_of(address)
    if not address.startswith("https://") and host not in _THIS_MACHINE:
        yield error(f"The link {address} is not safe: write https:// instead.")
    if host in _SHORTENERS:
        yield error(f"The link {address} hides where it leads: write the whole address of the page.")
    elif not any(host == site or host.endswith(f".{site}") for site in (*draft.hosts, *_PUBLIC_BODIES, *_THIS_MACHINE)):
        yield error(
            f"The link {address} leads to a strange site: link to your own pages or to a public body, "
            f"or name {host} in link_hosts of [organisation]."
        )


def pictures_are_not_needed(draft: Draft) -> Iterator[Remark]:
    """L6: the mail is complete without its pictures, and no picture reports that the mail was opened."""
    for _, page in draft.pages():
        alternatives = _attributes(page, "img", "alt")
        if page.css("img:not([alt])"):
            yield error(f"An <img> has no alt: say in words what it shows, in {LAYOUT}.")
        if _loads_a_picture(page):
            yield error(
                f"A picture is loaded from elsewhere, which tells that the mail was read: take it from {LAYOUT}."
            )
        picture_words = len(" ".join(alternatives).split())
        if picture_words * 10 > picture_words + len(words_of(page.body).split()):
            yield error("More than a tenth of the words is in pictures: write them as text.")


def _attributes(page: LexborHTMLParser, selector: str, name: str) -> list[str]:
    """One attribute of each element, without the space around it; "" where it has none."""
    return [(node.attributes.get(name) or "").strip() for node in page.css(selector)]


def _loads_a_picture(page: LexborHTMLParser) -> bool:
    sources = _attributes(page, "img", "src")
    is_remote = any(source.startswith(("http:", "https:", "//")) for source in sources)
    return is_remote or _REMOTE.search(page.html or "") is not None


def sizes_are_small(draft: Draft) -> Iterator[Remark]:
    """L7: at most 20 KB as a mail and 4,096 characters as text; a text for a platform fits its limit."""
    by_mail = draft.sort not in (Sort.TEXT, Sort.PUBLIC)
    lengths = {contact: len(_ISOLATES.sub("", sample.text)) for contact, sample in draft.samples.items()}
    of_texts = ((length, longest(draft.name, contact)) for contact, length in lengths.items())
    characters = max(lengths.values(), default=0)
    mail = max((sample.mail_bytes for sample in draft.samples.values()), default=0)
    if too_long := [(length, limit) for length, limit in of_texts if limit and length > limit]:
        length, limit = max(too_long)
        yield error(f"It has {length} characters; at most {limit} are allowed: make it shorter.")
    if by_mail and mail > MOST_BYTES:
        yield error(f"It has {mail} bytes as a mail; at most {MOST_BYTES} are allowed: make it shorter.")
    if by_mail and draft.sort is not Sort.STAFF and characters > MOST_CHARACTERS:
        yield error(f"Its text has {characters} characters; at most {MOST_CHARACTERS} are allowed: make it shorter.")


def the_page_can_be_read(draft: Draft) -> Iterator[Remark]:
    """L8: contrast, font size, width, one first heading, and the language of the page."""
    for _, page in draft.pages():
        root = page.css_first("html")
        if root is None or not root.attributes.get("lang"):
            yield error(f'<html> has no lang: write <html lang="$language" dir="$direction"> in {LAYOUT}.')
        if (headings := len(page.css("h1"))) != 1:
            yield error(
                f"It has {headings} first headings: begin the message with one line that starts with a single #."
            )
        if page.body is not None:
            yield from _appearance(page.body, "#000000", "#ffffff", 16.0)
        yield from _widths(_attributes(page, "[width]", "width"))


def _appearance(node: LexborNode, colour: str, ground: str, pixels: float) -> Iterator[Remark]:
    """Examine the style of an element and its descendants, given the style that it inherits."""
    declarations = _STYLE.findall((node.attributes.get("style") or "").lower())
    style: dict[str, str] = {key: value.strip() for key, value in declarations}
    colour = style.get("color", colour)
    ground = style.get("background-color", style.get("background", ground))
    pixels = _font_size(style, pixels)
    if pixels < _LEAST_PIXELS:
        yield error(f"Letters of <{node.tag}> are {pixels:g} px high: make them {_LEAST_PIXELS} px or more.")
    if {"color", "background", "background-color"} & set(style):
        yield from _contrast(colour, ground, _CONTRAST_OF_LARGE if pixels >= _LARGE_PIXELS else _CONTRAST)
    widths = (_PIXELS.fullmatch(style.get(key, "")) for key in ("width", "min-width"))
    yield from _widths(width[1] for width in widths if width)
    for child in node.iter():
        yield from _appearance(child, colour, ground, pixels)


def _font_size(style: Mapping[str, str], inherited: float) -> float:
    """Return the height of letters in pixels."""
    size = _SIZE.fullmatch(style.get("font-size", ""))
    if size is None:
        return inherited
    return float(size[1]) * {"px": 1, "pt": 4 / 3, "rem": 16, "em": inherited, "%": inherited / 100}[size[2]]


def _widths(widths: Iterable[str]) -> Iterator[Remark]:
    """Report widths in pixels that exceed a telephone's; other units are not limited."""
    for width in widths:
        if width.replace(".", "", 1).isdecimal() and float(width) > _MOST_WIDTH:
            yield error(
                f"Something is {width} px wide, wider than a telephone: use max-width, at most {_MOST_WIDTH} px."
            )


def _contrast(colour: str, ground: str, minimum: float) -> Iterator[Remark]:
    light = [_luminance(_COLOUR_NAMES.get(hex_or_name, hex_or_name)) for hex_or_name in (colour, ground)]
    if light[0] is None or light[1] is None:
        yield error(f"The colours {colour} and {ground} cannot be compared: write each as in #1b1b1b.")
        return
    darker, lighter = sorted((light[0], light[1]))
    if (ratio := (lighter + 0.05) / (darker + 0.05)) < minimum:
        yield error(
            f"{colour} on {ground} is hard to see (contrast {ratio:.1f}, at least {minimum:g}): make it darker."
        )


def _luminance(colour: str) -> float | None:
    """Return the relative luminance of WCAG 2.2: 0 is black, 1 is white."""
    match = _COLOUR.fullmatch(colour)
    if match is None:
        return None
    parts = [int(digits * 2 if len(digits) == 1 else digits, 16) / 255 for digits in match.groups() if digits]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
