"""The bill of materials (CycloneDX) of an image, written from its file system: every package of Python's and Debian's.

python -m tests.image.bill ROOT FILE
"""

import re
import sys
from collections.abc import Iterator
from email.parser import HeaderParser
from importlib.metadata import Distribution, distributions
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bot import __version__

ENVIRONMENT = Path("opt/ackbot")


def bill(root: Path) -> str:
    """Return it as JSON that its schema allows; ValueError where it does not."""
    bom = Bom()
    image = Component(
        name="ackbot", version=__version__, type=ComponentType.CONTAINER, bom_ref=f"image:ackbot@{__version__}"
    )
    bom.metadata.component = image
    packages = dict(_python(root))
    components = [*(component for component, _ in packages.values()), *_debian(root), _interpreter(root)]
    for component in components:
        bom.components.add(component)
    bom.register_dependency(image, components)
    for component, requirements in packages.values():
        bom.register_dependency(component, [packages[name][0] for name in requirements if name in packages])
    text = JsonV1Dot6(bom).output_as_string(indent=2)
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise ValueError(f"the bill is none: {str(error)[:500]}")
    return text


def _python(root: Path) -> Iterator[tuple[str, tuple[Component, list[str]]]]:
    """By name: each package of the environment, and whom it needs."""
    places = [str(path) for path in (root / ENVIRONMENT).glob("lib/python3*/site-packages")]
    for package in distributions(path=places):
        name = canonicalize_name(package.name)
        component = Component(
            name=name,
            version=package.version,
            purl=PackageURL("pypi", name=name, version=package.version),
            bom_ref=f"pypi:{name}@{package.version}",
            licenses=_licences(package),
        )
        yield name, (component, sorted(_needs(package)))


def _licences(package: Distribution) -> list[License]:
    """As its author wrote it in one line; a whole text says nothing that can be listed."""
    names = [key for key in ("License-Expression", "License") if key in package.metadata]
    words = package.metadata[names[0]] if names else ""
    return [LicenseFactory().make_from_string(words)] if words and "\n" not in words else []


def _needs(package: Distribution) -> set[str]:
    requirements = map(Requirement, package.requires or [])
    return {canonicalize_name(need.name) for need in requirements if not need.marker or need.marker.evaluate()}


def _debian(root: Path) -> Iterator[Component]:
    release = (root / "etc/os-release").read_text(encoding="utf-8")
    match = re.search(r'^VERSION_ID="?([\d.]+)', release, re.MULTILINE)
    distribution = f"debian-{match[1]}" if match else "debian"
    status = (root / "var/lib/dpkg/status").read_text(encoding="utf-8")
    for paragraph in status.strip().split("\n\n"):
        fields = HeaderParser().parsestr(paragraph)
        if fields["Status"] != "install ok installed":
            continue
        name, number = fields["Package"], fields["Version"]
        qualifiers = {"arch": fields["Architecture"], "distro": distribution}
        purl = PackageURL("deb", "debian", name, number, qualifiers=qualifiers)
        yield Component(name=name, version=number, purl=purl, bom_ref=f"deb:{name}@{number}")


def _interpreter(root: Path) -> Component:
    """Python itself, which the base image brings along, and not always as a package."""
    lines = (root / ENVIRONMENT / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    number = dict(line.split(" = ", 1) for line in lines if " = " in line)["version"]
    purl = PackageURL("generic", name="python", version=number)
    return Component(
        name="python", version=number, type=ComponentType.PLATFORM, purl=purl, bom_ref=f"generic:python@{number}"
    )


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(bill(Path(sys.argv[1])), encoding="utf-8")
