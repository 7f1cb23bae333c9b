"""The files of deploy/, read."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
Table = dict[str, Any]


def document(name: str) -> Table:
    """One YAML or JSON document."""
    (table,) = documents(name)
    return table


def documents(name: str) -> list[Table]:
    """Every document of a YAML or JSON file."""
    text = (DEPLOY / name).read_text(encoding="utf-8")
    return [json.loads(text)] if name.endswith(".json") else list(yaml.safe_load_all(text))


def rules(name: str) -> list[Table]:
    """The alerts of a file of rules."""
    return [rule for group in document(name)["groups"] for rule in group["rules"]]


def anchors(path: Path) -> set[str]:
    """What a link may name in a Markdown file: its headings, as GitHub and GitLab write them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
