"""`python -m bot`, and the `ackbot` command."""

import os

from bot import garbage


def main() -> None:
    """Run the command line."""
    garbage.collect_rarely()
    from bot.cli.commands import app  # noqa: PLC0415 - what reads a command line is much, and stays

    # Pydantic would look through every installed package for plugins, and no plugin shall change how settings are read.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    app()


if __name__ == "__main__":
    main()
