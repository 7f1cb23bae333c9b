"""Certificates for servers of the tests, each signed with its own key; elliptic, so that one takes 20 ms."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.components.ports import PATIENCE_SECONDS


def make_certificate(certificate: Path, *, key: Path, name: str, alternatives: Sequence[str]) -> None:
    """Write a certificate and its key; `alternatives` such as "DNS:localhost" or "IP:127.0.0.1"."""
    kind = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30")
    names = ("-subj", f"/CN={name}", "-addext", f"subjectAltName={','.join(alternatives)}")
    subprocess.run(
        ["openssl", "req", *kind, *names, "-keyout", str(key), "-out", str(certificate)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE_SECONDS,
        check=True,
    )
