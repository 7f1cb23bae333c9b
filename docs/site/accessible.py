"""Hook of MkDocs: what a screen reader needs and the theme leaves out."""

from typing import Any

_SEARCH = 'data-md-component="search" role="dialog"'


def on_post_page(output: str, **_: Any) -> str:
    """Return the page with a name for the dialog of its search."""
    return output.replace(_SEARCH, f'{_SEARCH} aria-label="Search"')
