"""What may stand in a template that was typed in the console: placeholders, and conditions on whether they are there.

Whoever edits there is trusted less than whoever edits files: no loop, filter, call, attribute or arithmetic, so that no
words take long or reach anything but their values.
"""

from jinja2 import Environment, TemplateSyntaxError, nodes

MOST_SUBJECT, MOST_MESSAGE = 200, 8_000
_KNOWN = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.If,
    nodes.Not,
    nodes.And,
    nodes.Or,
)
# Of conditions within conditions: Python compiles no more than a hundred.
_DEEPEST = 12
_TOO_DEEP = "there are too many conditions within conditions"
_WORDS_OF: dict[type[nodes.Node], str] = {
    nodes.For: "a loop",
    nodes.Call: "a call",
    nodes.Filter: "a filter",
    nodes.Getattr: "a dot behind a placeholder",
    nodes.Getitem: "brackets behind a placeholder",
    nodes.Const: "a fixed value",
    nodes.TemplateData: "{% raw %}",
}


def fault(jinja: Environment, text: str) -> tuple[int, str] | None:
    """Return the line and the fault of a text that is too long, or has more than placeholders and conditions."""
    if len(text) > MOST_MESSAGE:
        return 1, f"it has {len(text)} characters; at most {MOST_MESSAGE} are allowed"
    try:
        level: list[nodes.Node] = [jinja.parse(text)]
    except TemplateSyntaxError as error:
        return error.lineno, str(error.message)
    except RecursionError:
        return 1, _TOO_DEEP
    for _ in range(_DEEPEST):
        strange = next((node for node in level if not isinstance(node, _KNOWN) or _is_raw(node)), None)
        if strange is not None:
            thing = _WORDS_OF.get(type(strange), "something else")
            return strange.lineno, f"{thing} stands there; only placeholders and {{% if placeholder %}} may"
        level = [child for node in level for child in node.iter_child_nodes()]
    return (level[0].lineno, _TOO_DEEP) if level else None


def _is_raw(node: nodes.Node) -> bool:
    """Tell whether a person would read the braces of a placeholder."""
    return isinstance(node, nodes.TemplateData) and any(mark in node.data for mark in ("{{", "{%"))
