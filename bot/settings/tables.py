"""What every table of a configuration file has in common."""

from pydantic import BaseModel, ConfigDict


class Table(BaseModel):
    """A table of a configuration file: nothing unknown in it, nothing changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True)
