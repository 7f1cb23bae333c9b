"""A terminal as far as a command within the test process can see."""

import io


class Screen(io.TextIOWrapper):
    """What is written to it stands in `words`, with what moves its cursor."""

    def __init__(self) -> None:
        self._bytes = io.BytesIO()
        super().__init__(self._bytes, encoding="utf-8", write_through=True)

    def isatty(self) -> bool:
        """Tell that it is one."""
        return True

    @property
    def words(self) -> str:
        """All that it was sent."""
        return self._bytes.getvalue().decode()
