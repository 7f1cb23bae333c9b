"""The alerts: they name metrics that exist, say what to do, and fire when they should and not otherwise."""

import re
import subprocess

import pytest

from bot.loops.metering import Meter
from tests.components.ports import PATIENCE_SECONDS
from tests.deploy.files import DEPLOY, ROOT, Table, anchors, document, rules

ALERTS = [*rules("prometheus/alerts.yml"), *rules("prometheus/machines.yml")]
TESTS = ["alerts_test.yml", "arrivals_test.yml", "machines_test.yml"]
METRIC = re.compile(r"\b(?:ackbot|process)_[a-z_]+")


def metrics_of(text: str) -> set[str]:
    """The names of our metrics in an expression; one of a histogram's series counts as the histogram."""
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in METRIC.findall(text)}


def exported() -> set[str]:
    """The names of all metrics, as Prometheus stores them."""
    families = Meter().registry.collect()
    return {f"{family.name}_total" if family.type == "counter" else family.name for family in families}


def dashboard() -> set[str]:
    """The metrics that the dashboard shows."""
    panels = document("grafana/ackbot.json")["panels"]
    return {name for panel in panels for target in panel.get("targets", []) for name in metrics_of(target["expr"])}


def alerted() -> set[str]:
    """The metrics that some alert watches."""
    return {name for rule in ALERTS for name in metrics_of(rule["expr"])}


def test_every_metric_that_is_named_exists() -> None:
    """No alert and no panel waits for what the service never shows."""
    assert dashboard() | alerted() <= exported()


def test_every_metric_of_ours_is_of_use() -> None:
    """Each is shown or alerted on."""
    assert {name for name in exported() if name.startswith("ackbot_")} <= dashboard() | alerted()


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_every_alert_says_what_to_do(rule: Table) -> None:
    """How bad, what, what to do, and the page for the operator, or the part of it, that says more."""
    assert rule["labels"]["severity"] in {"critical", "warning"}
    annotations = rule["annotations"]
    assert annotations["summary"]
    assert re.match(r"P[1-9](, P[1-9])*: [a-z]", annotations["description"])
    page, _, anchor = annotations["runbook_url"].partition("#")
    assert anchor in {"", *anchors(ROOT / page)}


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_every_alert_is_tested_both_ways(rule: Table) -> None:
    """A test expects it at one time, and expects silence at another."""
    named = [
        test
        for name in TESTS
        for test in document(f"prometheus/{name}")["tests"]
        if re.search(rf"\b{rule['alert']}\b", str(test))
    ]
    expected = [query["exp_samples"] for test in named for query in test["promql_expr_test"]]
    assert any(rule["alert"] in str(samples) for samples in expected)
    if rule not in rules("prometheus/machines.yml"):  # these have one test in which all is well
        assert any(rule["alert"] not in str(samples) for samples in expected)


def test_every_file_of_tests_is_run() -> None:
    """promtool is given each."""
    assert sorted(path.name for path in (DEPLOY / "prometheus").glob("*_test.yml")) == TESTS


@pytest.mark.needs("promtool")
def test_the_alerts_fire_when_they_should() -> None:
    """promtool plays each test's series against the rules, at its times."""
    done = _promtool("test", "rules", *TESTS)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.needs("promtool")
def test_the_example_of_a_configuration_is_good() -> None:
    """promtool reads it with both files of rules."""
    done = _promtool("check", "config", "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.needs("promtool")
def test_the_metrics_are_named_as_prometheus_asks() -> None:
    """promtool finds no fault in what we show: help, units, and _total where it belongs."""
    meter = Meter()
    meter.begin_outlet("post")
    done = _promtool("check", "metrics", stdin=meter.exposition())
    assert done.returncode == 0, done.stdout + done.stderr


def _promtool(*arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["promtool", *arguments],
        input=stdin.decode(),
        capture_output=True,
        text=True,
        cwd=DEPLOY / "prometheus",
        timeout=PATIENCE_SECONDS,
        check=False,
    )
