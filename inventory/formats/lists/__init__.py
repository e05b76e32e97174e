"""Lists of indicators as people and vendors write them: pasted into a question, or sent as evidence. One reader."""

from inventory.formats.lists.text import Lines, read_lines

__all__ = ["Lines", "read_lines"]
