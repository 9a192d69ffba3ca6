"""Every message about a scenario file: its id, what it is about, and how it is shown with its place.

An id never changes its meaning and is never used again for another one, so that scripts and waivers may
rely on it.  ``PIC-S`` refuses a scenario, ``PIC-N`` says that an input has no effect, ``PIC-W`` warns.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

#: id -> what the message is about
MESSAGES: dict[str, str] = {
    "PIC-S001": "a file is missing or cannot be read",
    "PIC-S002": "a file is not UTF-8",
    "PIC-S003": "broken YAML: brackets, quotes, indentation, tabs, control characters, a file cut off",
    "PIC-S004": "a key is written twice",
    "PIC-S005": "a key is neither text nor a whole number",
    "PIC-S006": "a merge key (<<)",
    "PIC-S007": "a YAML tag",
    "PIC-S008": "a number that is not finite",
    "PIC-S009": "an alias that contains itself, or unfolds without end",
    "PIC-S010": "an empty file, or one that holds no mapping",
    "PIC-S011": "a value of Python that YAML does not have",
    "PIC-S020": "`extends` is no path, or leads back to its own file",
    "PIC-S021": "`designs` is no mapping of names to partial scenarios",
    "PIC-S022": "a name that cannot name a run",
    "PIC-S023": "`reference` or `baseline` is no design of the file",
    "PIC-S024": "a key that only the top of a file may have",
    "PIC-S025": "`series` or `inputs` leads nowhere",
    "PIC-S026": "a path leaves the project and `outside` does not say so",
    "PIC-S027": "`sweep` is written wrong",
    "PIC-S028": "a waiver of a message that cannot be waived",
    "PIC-S030": "an unknown key",
    "PIC-S031": "a key is missing",
    "PIC-S032": "a value of the wrong type",
    "PIC-S033": "a number out of its range",
    "PIC-S034": "a word that is no choice",
    "PIC-S035": "a list or text of the wrong length",
    "PIC-S036": "a text of the wrong form",
    "PIC-S037": "settings that contradict each other",
    "PIC-S038": "a year outside the horizon",
    "PIC-S039": "an unknown province",
    "PIC-S040": "an unknown mechanism",
    "PIC-S050": "an override is written wrong",
    "PIC-S051": "an override of an unknown table",
    "PIC-S052": "an override of an unknown column, or of one that cannot change",
    "PIC-S053": "an override that meets no row",
    "PIC-S054": "an override that leads out of what its column may hold",
    "PIC-N001": "an override that changes no number",
    "PIC-N002": "an override or a setting that changes neither the LP nor the settlement nor the report",
    "PIC-N003": "a setting that another line replaces in every scenario",
    "PIC-W101": "an override changes a number by more than a factor of five",
    "PIC-W102": "a price or cost that looks like another unit",
    "PIC-W103": "a share or factor that looks like per cent",
    "PIC-W104": "quantities that look like another unit",
    "PIC-W105": "an unusual discount rate, horizon or value of lost load",
    "PIC-W106": "a representation of time that is too coarse, or very large",
    "PIC-W107": "a waiver that nothing needed",
}
#: beginnings of ids that ``waive`` may name
WAIVABLE = ("PIC-N", "PIC-W")


class Message(str):
    """A message as text, with its id and place beside it; compares and prints as its text."""

    id: str
    file: str
    line: int
    column: int

    def __new__(cls, text: str, id: str = "", file: str = "", line: int = 0, column: int = 0) -> Message:
        found = super().__new__(cls, text)
        found.id, found.file, found.line, found.column = id, file, line, column
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        return Message, (str(self), self.id, self.file, self.line, self.column)

    @property
    def label(self) -> str:
        """``[PIC-S030]``, or "" without an id."""
        return f"[{self.id}]" if self.id else ""


def caret(message: str) -> str:
    """The line of the file that a message is about, and a caret below its column; "" where there is none.

    Wide characters take two columns on a terminal, so the caret stands below the right one.
    """
    if not isinstance(message, Message) or not message.line:
        return ""
    try:
        lines = Path(message.file).read_text("utf-8-sig").splitlines()
    except (OSError, ValueError):
        return ""
    if message.line > len(lines):
        return ""
    text = "".join(char if char.isprintable() else " " for char in lines[message.line - 1])
    before = text[: max(message.column - 1, 0)]
    width = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in before)
    number = f"{message.line:>5} | "
    return f"{number}{text}\n{' ' * (len(number) + width)}^"
