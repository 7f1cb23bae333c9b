"""The files that leave with an answer: which may, and how many."""

import mimetypes
import re
from collections.abc import Sequence
from dataclasses import dataclass

MOST_FILES = 10
MOST_BYTES = 10 * 1024 * 1024
_USUAL_KIND = "application/octet-stream"
# What starts a program, or is opened by one that does, on the usual computers; mail servers refuse these, too.
_PROGRAMS = frozenset(
    {
        *(
            "ade",
            "adp",
            "apk",
            "app",
            "appx",
            "bat",
            "cab",
            "chm",
            "cmd",
            "com",
            "cpl",
            "deb",
            "dll",
            "dmg",
            "ex",
            "exe",
        ),
        *("gadget", "hlp", "hta", "htm", "html", "img", "inf", "ins", "iso", "isp", "jar", "jnlp", "job", "js", "jse"),
        *("lib", "lnk", "mde", "mjs", "msc", "msi", "msix", "msp", "mst", "nsh", "pif", "pkg", "ps1", "psm1", "reg"),
        *("rpm", "scr", "sct", "sh", "shb", "svg", "sys", "url", "vb", "vbe", "vbs", "vhd", "vhdx", "vxd", "wsc"),
        *("wsf", "wsh", "xhtml", "xll"),
    }
)
# The beginnings of programs for Windows, Linux and macOS, and of scripts.
_STARTS = (b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"#!")
_KIND = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,100}")


@dataclass(frozen=True, slots=True)
class File:
    """A file: its name, one component without a path, and its content."""

    name: str
    content: bytes

    @property
    def kind(self) -> str:
        """Return the media type, by the name."""
        kind = mimetypes.guess_type(self.name)[0] or _USUAL_KIND
        return kind if _KIND.fullmatch(kind) else _USUAL_KIND


def why_not(files: Sequence[File], most_bytes: int = MOST_BYTES) -> str:
    """Return why these files cannot leave together, in words for whoever chose them; "" where they can."""
    if files and not most_bytes:
        return "no files can be sent from here"
    if len(files) > MOST_FILES:
        return f"choose {MOST_FILES} files or fewer; there are {len(files)}"
    size = sum(len(file.content) for file in files)
    if size > most_bytes:
        return f"choose files of {megabytes(most_bytes)} MB or less in all; they have {megabytes(size)} MB"
    return next((reason for file in files if (reason := _why_not_this(file))), "")


def megabytes(size: int) -> str:
    """Return a number of bytes in megabytes, without a zero behind the point."""
    return f"{size / 1024 / 1024:.1f}".removesuffix(".0")


def _why_not_this(file: File) -> str:
    if not file.name:
        return "one of the files has no name"
    if not file.content:
        return f"the file {file.name} is empty"
    # Windows leaves out points and spaces at the end.
    if file.name.rstrip(". ").rpartition(".")[2].lower() in _PROGRAMS or file.content.startswith(_STARTS):
        return f"the file {file.name} may be a program, which cannot be sent"
    return ""
