"""Tables of generated pages."""

from __future__ import annotations

from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]], left: int | None = None) -> str:
    """A Markdown table.

    Args:
        left: columns of words, the others are numbers; all are words unless it is said.
    """
    words = len(head) if left is None else left
    marks = ["---"] * words + ["---:"] * (len(head) - words)
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, marks, *rows)) + "\n"
