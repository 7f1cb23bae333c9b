"""Where O365 is installed, a client of Microsoft Graph in an environment of its own."""

from pathlib import Path

PYTHON = Path(__file__).parents[2] / ".cache" / "o365" / "bin" / "python"
