"""The reference of what can be watched: the metrics from the program that counts them, the alerts from their rules."""

from collections.abc import Iterator
from typing import Any

import yaml
from prometheus_client import Counter
from prometheus_client.metrics import MetricWrapperBase

from bot.loops.metering import Meter
from tests.architecture.house import ROOT

_RULES = ("alerts.yml", "machines.yml")
_HEAD = """# Metrics and alerts

Written by `make reference` from the program and from `deploy/prometheus/`. What is good and what is not, and what to do
then, is in [For the operator at night](../operations.md#is-it-well).

## Metrics

Every process with the role `web` shows its own at `GET /metrics`, in the text format of Prometheus. A gauge is what is
now, a counter grows until the process ends, a histogram counts by how long things took. No label holds personal data.
Beside these stand the usual metrics of a process: its memory, its open files and its start (`process_*`).
"""
_ALERTS = """## Alerts

The rules for Prometheus are in `deploy/prometheus/`. A critical alert wakes somebody, a warning waits for the morning.
Each leads to its page.
"""


def page() -> str:
    """Return the page as it is to be."""
    return "\n".join([_HEAD, *_metrics(), "", _ALERTS, *_alerts()])


def _name(metric: MetricWrapperBase) -> str:
    (family,) = metric.describe()
    return f"{family.name}_total" if isinstance(metric, Counter) else family.name


def _metrics() -> Iterator[str]:
    yield "| metric | kind | labels | means |\n|---|---|---|---|"
    metrics = [metric for metric in vars(Meter()).values() if isinstance(metric, MetricWrapperBase)]
    for metric in sorted(metrics, key=_name):
        (family,) = metric.describe()
        labels = ", ".join(f"`{label}`" for label in metric._labelnames)  # the library has no other way
        yield f"| `{_name(metric)}` | {family.type} | {labels} | {family.documentation} |"


def _alerts() -> Iterator[str]:
    for name in _RULES:
        for group in yaml.safe_load((ROOT / "deploy/prometheus" / name).read_text(encoding="utf-8"))["groups"]:
            yield f"### {group['name']}\n\n| alert | severity | after | means | page |\n|---|---|---|---|---|"
            yield from (_row(rule) for rule in group["rules"] if "alert" in rule)
            yield ""


def _row(rule: dict[str, Any]) -> str:
    notes = rule["annotations"]
    link = notes["runbook_url"].removeprefix("docs/")
    cells = (
        f"`{rule['alert']}`",
        rule["labels"]["severity"],
        rule.get("for", "at once"),
        f"{notes['summary']} {notes['description']}".strip(),
        f"[{link.split('#')[0].rsplit('/', 1)[-1].removesuffix('.md')}](../{link})",
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
