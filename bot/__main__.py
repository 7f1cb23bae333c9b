"""`python -m bot`, and the `ackbot` command."""

from bot import garbage
from bot.cli.commands import app


def main() -> None:
    """Run the command line."""
    garbage.collect_rarely()
    app()


if __name__ == "__main__":
    main()
