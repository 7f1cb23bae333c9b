"""The stores that a command opened; they are closed when it ends, however it ends."""

from contextlib import ExitStack

until_the_end = ExitStack()
