"""What may stand in words that were typed in the console: placeholders and plain conditions."""

import pytest

from bot.render.front_matter import BadTemplate
from bot.render.samples import SAMPLES, SORTS, Sort, samples
from bot.render.typed_words import MOST_MESSAGE
from tests.render.letters import COMPOSER, ENVELOPE

ADDED = "added", "en"
SUBJECT = "{{ reference }}"
REFUSED = {
    "{{ reference.__class__ }}": "a dot behind a placeholder",
    "{{ reference['x'] }}": "brackets behind a placeholder",
    "{{ reference() }}": "a call",
    "{{ reference | upper }}": "a filter",
    "{% for n in reference %}x{% endfor %}": "a loop",
    "{% set x = reference %}": "something else",
    "{% include 'x' %}": "something else",
    "{% macro m() %}{% endmacro %}": "something else",
    "{{ 1 }}": "a fixed value",
    "{% raw %}{{ reference }}{% endraw %}": "raw %} stands there",
    "{% if reference == received %}x{% endif %}": "something else",
    "{{ reference ~ received }}": "something else",
    "{% if reference %}": "Unexpected end of template",
    "x" * (MOST_MESSAGE + 1): "at most 8000 are allowed",
    f"{'{% if phone %}' * 60}x{'{% endif %}' * 60}": "too many conditions",
    f"{{% if {'not ' * 1500} phone %}}x{{% endif %}}": "too many conditions",
}


@pytest.mark.parametrize("words", REFUSED, ids=range(len(REFUSED)))
def test_a_program_is_no_wording(words: str) -> None:
    """Loops, filters, calls, attributes, and whatever takes long, are refused with their line and in words."""
    with pytest.raises(BadTemplate, match=REFUSED[words]):
        COMPOSER.trying({ADDED: (SUBJECT, f"Hello\n{words}")}).words("added", SAMPLES["added"])
    with pytest.raises(BadTemplate):
        COMPOSER.trying({ADDED: (words, "Hello")}).words("added", SAMPLES["added"])


def test_every_packaged_message_to_people_could_have_been_typed() -> None:
    """What files need, the console can do: typed over itself, each message is the same mail."""
    for name, sort in SORTS.items():
        if sort is Sort.STAFF:
            continue
        typed = COMPOSER.trying({(name, "en"): COMPOSER.source(name, "en")})
        for values in samples(name).values():
            assert typed.compose(name, values, ENVELOPE) == COMPOSER.compose(name, values, ENVELOPE)


def test_what_cannot_be_used_gives_way_and_the_rest_holds() -> None:
    """One of two is passed over; the same words are looked at once."""
    words = {ADDED: (SUBJECT, "{{ nobody }}"), ("mention", "en"): ("Hello", "Hello from us.")}
    composer = COMPOSER.over(words)
    assert composer.words("added", SAMPLES["added"]) == COMPOSER.words("added", SAMPLES["added"])
    assert composer.words("mention", {})[1] == "Hello from us."
    assert COMPOSER.over(words) is composer
    assert COMPOSER.over({}) is COMPOSER
    assert composer.version("mention") != COMPOSER.version("mention")
