"""Containers: each as little privileged as it can be, and configured as the service reads it."""

import re
import tomllib
from pathlib import Path

import pytest

from bot import kinds
from tests.deploy.files import DEPLOY, ROOT, Table, document, documents

OWN = "10001:10001"
SERVICES: dict[str, Table] = document("compose.yaml")["services"]
CONFIGURATION = (DEPLOY / "ackbot.toml").read_text(encoding="utf-8")
SECRETS = set(re.findall(r"file:/run/secrets/([\w-]+)", CONFIGURATION))
PODS = {
    "deployment": document("kubernetes/deployment.yaml")["spec"]["template"],
    "schema": document("kubernetes/schema/job.yaml")["spec"]["template"],
}
LABELLED = "app.kubernetes.io/name"


def test_the_configuration_for_containers_is_good(tmp_path: Path) -> None:
    """The service takes it, once its secrets lie where it looks for them."""
    for name in SECRETS:
        value = "sqlite:///ackbot.db\n" if name == "store-url" else "a secret of more than 32 characters\n"
        (tmp_path / name).write_text(value, encoding="utf-8")
    text = CONFIGURATION.replace("/run/secrets", str(tmp_path))
    (tmp_path / "ackbot.toml").write_text(text, encoding="utf-8")
    assert kinds.load(tmp_path).web.listen == "0.0.0.0:8080"


def test_the_cluster_has_the_same_configuration() -> None:
    """What the pods read says what deploy/ackbot.toml says."""
    text = document("kubernetes/configuration.yaml")["data"]["ackbot.toml"]
    assert tomllib.loads(text) == tomllib.loads(CONFIGURATION)


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_may_do_nothing_but_its_work(name: str) -> None:
    """No root, no capabilities, nothing written but in volumes and memory; secrets come in files."""
    service = SERVICES[name]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not [key for key in service.get("environment", {}) if re.search("PASSWORD$|SECRET$", key)]
    assert service["secrets"]
    assert "privileged" not in service
    assert "cap_add" not in service


def test_only_this_machine_reaches_the_ports() -> None:
    """A proxy stands before them; the database has none."""
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["ackbot"]["ports"])
    assert "ports" not in SERVICES["database"]
    assert SERVICES["database"]["networks"] == ["inside"]
    assert document("compose.yaml")["networks"]["inside"] == {"internal": True}


def test_the_service_waits_for_its_schema() -> None:
    """It starts once the database answers and the schema is this version's."""
    assert SERVICES["schema"]["command"] == ["schema", "upgrade"]
    assert SERVICES["ackbot"]["depends_on"]["schema"] == {"condition": "service_completed_successfully"}
    assert SERVICES["schema"]["image"] == SERVICES["ackbot"]["image"]


def test_every_secret_is_given() -> None:
    """To the containers as files, to the pods as keys of one Secret."""
    assert set(SERVICES["ackbot"]["secrets"]) == SECRETS
    assert set(document("compose.yaml")["secrets"]) == SECRETS | {"database-password"}
    assert set(document("kubernetes/secret.yaml.example")["stringData"]) == SECRETS


def test_who_runs_it_is_the_same_everywhere() -> None:
    """The image's own number, in compose and in the cluster."""
    assert f"USER {OWN}" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert SERVICES["ackbot"]["user"] == SERVICES["schema"]["user"] == OWN
    for pod in PODS.values():
        allowed = pod["spec"]["securityContext"]
        assert f"{allowed['runAsUser']}:{allowed['runAsGroup']}" == OWN


@pytest.mark.parametrize("name", PODS)
def test_a_pod_is_restricted(name: str) -> None:
    """As Kubernetes' Pod Security Standard "restricted" asks; with limits, and without a token of the cluster's."""
    spec = PODS[name]["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = spec["containers"]
    assert container["command"] == ["ackbot"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(container["resources"]) == {"requests", "limits"}


def test_three_processes_are_replaced_one_by_one() -> None:
    """Three, spread over machines; a new one is ready before an old one goes, and has time to drain."""
    spec = document("kubernetes/deployment.yaml")["spec"]
    assert spec["replicas"] == 3
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    pod = spec["template"]["spec"]
    assert {constraint["topologyKey"] for constraint in pod["topologySpreadConstraints"]} >= {"kubernetes.io/hostname"}
    (container,) = pod["containers"]
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    pause = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["terminationGracePeriodSeconds"] >= pause + 10


def test_everything_finds_the_pods() -> None:
    """The labels by which services, budget and network rules choose are those of the pods."""
    pods = {pod["metadata"]["labels"][LABELLED] for pod in PODS.values()}
    assert pods == {"ackbot", "ackbot-schema"}
    for service in documents("kubernetes/services.yaml"):
        assert service["spec"]["selector"] == {LABELLED: "ackbot"}
    assert document("kubernetes/disruption.yaml")["spec"]["selector"]["matchLabels"] == {LABELLED: "ackbot"}
    closed, inward, outward = (policy["spec"] for policy in documents("kubernetes/network.yaml"))
    assert closed == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert inward["podSelector"]["matchLabels"] == {LABELLED: "ackbot"}
    assert set(outward["podSelector"]["matchExpressions"][0]["values"]) == pods


def test_the_public_sees_only_what_is_for_it() -> None:
    """The ingress passes the form, the standards, their looks and platforms' calls; figures and health stay inside."""
    (rule,) = document("kubernetes/ingress.yaml")["spec"]["rules"]
    passed = {(path["path"], path["pathType"]) for path in rule["http"]["paths"]}
    pages = {("/", "Exact"), ("/standards", "Exact"), ("/standards.json", "Exact")}
    pages |= {("/accessibility", "Exact"), ("/privacy", "Exact"), ("/track", "Prefix"), ("/cy", "Prefix")}
    pages |= {(f"/you-said{form}", "Exact") for form in ("", ".json", ".csv")}
    pages |= {(f"/performance{form}", "Exact") for form in (".json", ".csv", ".csv-metadata.json")}
    pages |= {("/performance", "Prefix")}
    assert passed == {*pages, ("/assets", "Prefix"), ("/alerts", "Prefix"), ("/hooks", "Prefix")}


def test_applying_the_folder_changes_no_secret() -> None:
    """`kubectl apply -f deploy/kubernetes/` takes .yaml, .yml and .json: neither a Secret nor the job is among them."""
    applied = [
        resource["kind"]
        for path in sorted((DEPLOY / "kubernetes").iterdir())
        if path.suffix in {".yaml", ".yml", ".json"}
        for resource in documents(f"kubernetes/{path.name}")
    ]
    assert not {"Secret", "Job"} & set(applied)
