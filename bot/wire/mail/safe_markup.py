"""Makes HTML from a sender safe to display: text, lists, tables; no script, style, form, picture or link target.

In addition it is displayed in a frame without permissions, under a policy that loads nothing.
"""

import nh3

MOST_CHARACTERS = 200_000
_MOST_TAGS = 5_000
_TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2", "h3"),
    *("h4", "h5", "h6", "hr", "i", "ins", "li", "ol", "p", "pre", "q", "s", "small", "span", "strong", "sub", "sup"),
    *("table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul"),
}
_ATTRIBUTES = {"td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}, "ol": {"start"}}
_DROPPED_WITH_WORDS = {"script", "style", "title", "template", "noscript", "object", "svg", "math"}


def cleaned(markup: str) -> str:
    """Return the safe part of `markup`. Tags are limited: the cleaner's time grows with the square of the nesting."""
    pieces = markup[:MOST_CHARACTERS].split("<", _MOST_TAGS + 1)[: _MOST_TAGS + 1]
    return nh3.clean(
        "<".join(pieces),
        tags=_TAGS,
        clean_content_tags=_DROPPED_WITH_WORDS,
        attributes=_ATTRIBUTES,
        url_schemes=set(),
        link_rel=None,
    )
