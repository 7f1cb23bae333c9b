"""A new store for the model."""

from tests.flows.conftest import store

__all__ = ["store"]
