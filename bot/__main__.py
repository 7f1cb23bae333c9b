"""`python -m bot`, and the `ackbot` command."""

import os

from bot import garbage
from bot.cli.commands import app


def main() -> None:
    """Run the command line."""
    garbage.collect_rarely()
    # Pydantic would look through every installed package for plugins, and no plugin shall change how settings are read.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    app()


if __name__ == "__main__":
    main()
