"""`make reference`: writes docs/reference/ from the settings, the API, the commands, the metrics and the alerts."""

from tests.reference.written import FOLDER, pages

for name, text in pages().items():
    (FOLDER / name).write_text(text, encoding="utf-8")
