"""The manifests for Kubernetes: what a cluster would refuse, or would accept and never bring to life."""

import re
from typing import Any

import kubernetes_validate
import pytest
from kubernetes_validate.utils import all_versions
from packaging.version import Version

from bot.web.public.health import Health
from tests.deploy.files import DEPLOY, Table, document, documents
from tests.deploy.test_containers import CONFIGURATION, PODS

FOLDER = DEPLOY / "kubernetes"
FILES = [*sorted(FOLDER.glob("**/*.yaml")), FOLDER / "secret.yaml.example"]
RESOURCES: list[Table] = [resource for path in FILES for resource in documents(str(path.relative_to(DEPLOY)))]
OLDEST = Version("1.30")  # the first that knows `preStop.sleep` without being told to
VERSIONS = [version for version in all_versions() if Version(version) >= OLDEST]
# What the Pod Security Standard "restricted" lets a pod mount.
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
HOST = {"hostNetwork", "hostPID", "hostIPC", "hostUsers", "nodeName"}


def test_every_version_of_kubernetes_takes_them() -> None:
    """Each resource is one that its API has had since the oldest version that we name, with no field that it lacks."""
    assert len(VERSIONS) >= 8
    assert f"Kubernetes {OLDEST}" in (FOLDER / "namespace.yaml").read_text(encoding="utf-8")
    for version in VERSIONS:
        for resource in RESOURCES:
            kubernetes_validate.validate(resource, version, strict=True)


def test_all_of_it_is_in_its_namespace() -> None:
    """Nothing lands in the namespace that happens to be current; and that one takes restricted pods only."""
    (namespace,) = _all("Namespace")
    name = namespace["metadata"]["name"]
    assert {resource["metadata"]["namespace"] for resource in RESOURCES if resource is not namespace} == {name}
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("name", PODS)
def test_a_pod_finds_what_it_mounts(name: str) -> None:
    """Each ConfigMap and Secret exists, each mount has its volume and each volume its mount, no path is there twice."""
    spec = PODS[name]["spec"]
    names = {kind: {resource["metadata"]["name"] for resource in _all(kind)} for kind in ("ConfigMap", "Secret")}
    for volume in spec["volumes"]:
        assert volume.get("configMap", {}).get("name") in names["ConfigMap"] | {None}
        assert volume.get("secret", {}).get("secretName") in names["Secret"] | {None}
    for container in spec["containers"]:
        mounts = container["volumeMounts"]
        assert {mount["name"] for mount in mounts} == {volume["name"] for volume in spec["volumes"]}
        assert len({mount["mountPath"] for mount in mounts}) == len(mounts)


def test_every_file_of_a_secret_is_a_key_of_it() -> None:
    """The configuration names files in the folder where the pods have the Secret."""
    (secret,) = _all("Secret")
    for pod in PODS.values():
        (container,) = pod["spec"]["containers"]
        (folder,) = [mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == "secrets"]
        files = re.findall(rf"file:{folder}/([\w-]+)", CONFIGURATION)
        assert set(files) == set(secret["stringData"])
        assert CONFIGURATION.count('"file:') == len(files)


def test_every_port_is_one_that_the_service_listens_on() -> None:
    """Services, rules for the network and probes name ports of the pod; the configuration opens each of them."""
    (container,) = PODS["deployment"]["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    listening = {int(port) for port in re.findall(r'^listen = "0\.0\.0\.0:(\d+)"$', CONFIGURATION, re.MULTILINE)}
    assert set(ports.values()) == listening
    targets = [port["targetPort"] for service in _all("Service") for port in service["spec"]["ports"]]
    targets += [probe["httpGet"]["port"] for probe in _probes(container)]
    incoming = [rule for policy in _all("NetworkPolicy") for rule in policy["spec"].get("ingress", ())]
    targets += [port["port"] for rule in incoming for port in rule["ports"]]
    assert set(targets) == set(ports)


def test_every_probe_asks_for_a_page_that_there_is() -> None:
    """The probes and Prometheus ask for what the service answers to machines."""
    template = PODS["deployment"]
    (container,) = template["spec"]["containers"]
    notes = template["metadata"]["annotations"]
    pages = {probe["httpGet"]["path"] for probe in _probes(container)} | {notes["prometheus.io/path"]}
    health = Health.__new__(Health)  # to list its pages it needs no site
    assert pages == {route.path for route in health.routes()}
    assert int(notes["prometheus.io/port"]) in {port["containerPort"] for port in container["ports"]}


def test_the_ingress_leads_to_a_service() -> None:
    """Each path goes to a port of a Service; certificate, rule and the links that we send have one host."""
    services = {service["metadata"]["name"]: service["spec"]["ports"] for service in _all("Service")}
    (ingress,) = _all("Ingress")
    (rule,) = ingress["spec"]["rules"]
    for path in rule["http"]["paths"]:
        service = path["backend"]["service"]
        assert service["port"]["name"] in {port["name"] for port in services[service["name"]]}
    assert [rule["host"]] == [host for tls in ingress["spec"]["tls"] for host in tls["hosts"]]
    assert f'public_url = "https://{rule["host"]}"' in CONFIGURATION


def test_every_selector_chooses_pods_of_ours() -> None:
    """What chooses by labels chooses one of our pods at least."""
    labels = [pod["metadata"]["labels"] for pod in PODS.values()]
    selectors = [service["spec"]["selector"] for service in _all("Service")]
    selectors += [document("kubernetes/deployment.yaml")["spec"]["selector"]["matchLabels"]]
    selectors += [budget["spec"]["selector"]["matchLabels"] for budget in _all("PodDisruptionBudget")]
    spread = PODS["deployment"]["spec"]["topologySpreadConstraints"]
    selectors += [constraint["labelSelector"]["matchLabels"] for constraint in spread]
    for selector in selectors:
        assert [pod for pod in labels if selector.items() <= pod.items()]


def test_applying_again_changes_nothing() -> None:
    """A port of a rule for the network says its protocol: without it `kubectl apply` sees a change each time."""
    rules = [
        rule
        for policy in _all("NetworkPolicy")
        for side in ("ingress", "egress")
        for rule in policy["spec"].get(side, ())
    ]
    assert all("protocol" in port for rule in rules for port in rule["ports"])


@pytest.mark.parametrize("name", PODS)
def test_a_pod_meets_the_restricted_standard(name: str) -> None:
    """Rule by rule, as kubernetes.io/docs/concepts/security/pod-security-standards/ lists them."""
    spec = PODS[name]["spec"]
    assert not HOST & set(spec)
    assert all(set(volume) - {"name"} <= VOLUMES for volume in spec["volumes"])
    assert not {"initContainers", "ephemeralContainers"} & set(spec)  # they would have to be looked at, too
    pod = spec["securityContext"]
    assert not {"sysctls", "seLinuxOptions", "appArmorProfile", "windowsOptions"} & set(pod)
    for container in spec["containers"]:
        context = container["securityContext"]
        assert "ALL" in context["capabilities"]["drop"]
        assert "add" not in context["capabilities"]
        assert context["allowPrivilegeEscalation"] is False
        assert not {"privileged", "procMount", "seLinuxOptions", "appArmorProfile"} & set(context)
        effective = {**pod, **context}
        assert effective["runAsNonRoot"] is True
        assert effective["runAsUser"] != 0
        assert effective["seccompProfile"]["type"] in {"RuntimeDefault", "Localhost"}
        assert not [port for port in container.get("ports", ()) if {"hostPort", "hostIP"} & set(port)]


def _all(kind: str) -> list[Table]:
    return [resource for resource in RESOURCES if resource["kind"] == kind]


def _probes(container: Table) -> list[Any]:
    return [container[kind] for kind in ("startupProbe", "livenessProbe", "readinessProbe")]
