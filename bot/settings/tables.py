"""The base of every table of a configuration file."""

from pydantic import BaseModel, ConfigDict


class Table(BaseModel):
    """A table of a configuration file: unknown keys are errors, and values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
