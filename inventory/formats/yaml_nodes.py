"""A small YAML document as a tree that knows its lines: for files that people write, such as workflows.

Scalars stay text: what `on` or `1.10` would become is a matter of schema (YAML 1.1 makes `on` true), and readers here
want what was written. Anchors are followed, but the tree a reader walks is bounded: an alias counts as often as used.
Tags are refused, merge keys are kept as keys named `<<`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import yaml

from inventory.formats.limits import Limits
from inventory.formats.records import FormatError
from inventory.formats.text import Utf8

LARGEST_BYTES: Final = 1024 * 1024
_MOST_NODES: Final = 100_000
_PLAIN_TAGS: Final = frozenset({None, "!", "tag:yaml.org,2002:str"})


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value as text. `is_plain` tells that it was not quoted: plain `null`, `~` and nothing are no text."""

    text: str
    is_plain: bool
    line: int
    size: int = 1

    @property
    def is_null(self) -> bool:
        """Tell whether it is YAML's null."""
        return self.is_plain and self.text in {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list. `size` counts the nodes in it, those of aliases as often as they are used."""

    items: tuple[Node, ...]
    line: int
    size: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """Members by name, in order; `key_lines` are the lines of the names."""

    members: dict[str, Node]
    key_lines: dict[str, int]
    line: int
    size: int


Node = Scalar | Sequence | Mapping


def parse_yaml(text: Utf8, *, limits: Limits) -> Node:
    """Return the one document of a file. Lines count from 1.

    Raises FormatError: `yaml_too_large`, `bad_yaml`, `duplicate_key`, `too_deep`, `yaml_tag`, `empty_document`,
    `several_documents`, each of a place in a line `line N`.
    """
    if len(text.data) > LARGEST_BYTES:
        raise FormatError("yaml_too_large", f"A YAML file of this kind has at most {LARGEST_BYTES} bytes.")
    composer = _Composer(_events(text), limits=limits)
    try:
        return composer.document()
    except yaml.MarkedYAMLError as error:
        place = f"line {error.problem_mark.line + 1}" if error.problem_mark else ""
        message = f"The document is not valid YAML: {error.problem or 'it ends too early'}."
        raise FormatError("bad_yaml", message, pointer=place) from error
    except yaml.YAMLError as error:  # a character that YAML does not allow has no mark
        raise FormatError("bad_yaml", f"The document is not valid YAML: {str(error)[:200]}.") from error


def _events(text: Utf8) -> Iterator[yaml.Event]:
    return iter(yaml.parse(text.data.decode("utf-8"), Loader=yaml.CSafeLoader))


def _line(event: yaml.Event) -> int:
    return 0 if event.start_mark is None else event.start_mark.line + 1


class _Composer:
    """Builds the tree from the parser's events, and counts what it builds."""

    def __init__(self, events: Iterator[yaml.Event], *, limits: Limits) -> None:
        self._events = events
        self._limits = limits
        self._anchors: dict[str, Node] = {}

    def document(self) -> Node:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.StreamStartEvent | yaml.DocumentEndEvent | yaml.StreamEndEvent):
                continue
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise FormatError("several_documents", "The file holds several YAML documents; send one.")
                continue
            root = self._node(event, depth=1)
        if root is None or (isinstance(root, Scalar) and root.is_null):
            raise FormatError("empty_document", "The document is empty. Send the file's content.")
        return root

    def _node(self, event: yaml.Event, *, depth: int) -> Node:
        if depth > self._limits.depth:
            raise FormatError("too_deep", f"The document nests deeper than {self._limits.depth} levels.")
        if isinstance(event, yaml.AliasEvent):
            name = event.anchor or ""
            found = self._anchors.get(name)
            if found is None:
                raise _refusal("bad_yaml", f"*{name[:60]} names no anchor before it.", event)
            return found
        node = self._made(event, depth=depth)
        if node.size > _MOST_NODES:
            raise _refusal("yaml_too_large", f"The document unfolds to more than {_MOST_NODES} values.", event)
        if event.anchor is not None:  # type: ignore[attr-defined]  # scalar and collection events have one
            self._anchors[event.anchor] = node  # type: ignore[attr-defined]
        return node

    def _made(self, event: yaml.Event, *, depth: int) -> Node:
        line = _line(event)
        if isinstance(event, yaml.ScalarEvent):
            if event.tag not in _PLAIN_TAGS:
                raise _tagged(event)
            return Scalar(event.value, is_plain=event.style is None, line=line)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event, line=line, depth=depth)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, line=line, depth=depth)
        raise _refusal("bad_yaml", "The document has a value where none can be.", event)

    def _sequence(self, event: yaml.SequenceStartEvent, *, line: int, depth: int) -> Sequence:
        if event.tag not in {None, "tag:yaml.org,2002:seq"}:
            raise _tagged(event)
        items: list[Node] = []
        size = 1
        for inner in self._events:
            if isinstance(inner, yaml.SequenceEndEvent):
                break
            items.append(self._node(inner, depth=depth + 1))
            size = self._grown(size, items[-1], inner)
        return Sequence(tuple(items), line, size)

    def _mapping(self, event: yaml.MappingStartEvent, *, line: int, depth: int) -> Mapping:
        if event.tag not in {None, "tag:yaml.org,2002:map"}:
            raise _tagged(event)
        members: dict[str, Node] = {}
        lines: dict[str, int] = {}
        size = 1
        for inner in self._events:
            if isinstance(inner, yaml.MappingEndEvent):
                break
            name = self._name(inner, depth=depth)
            if name in members:
                raise _refusal("duplicate_key", f"The name {name[:100]!r} occurs twice in one mapping.", inner)
            lines[name] = _line(inner)
            members[name] = self._node(next(self._events), depth=depth + 1)
            size = self._grown(size, members[name], inner)
        return Mapping(members, lines, line, size)

    def _name(self, event: yaml.Event, *, depth: int) -> str:
        node = self._node(event, depth=depth + 1)
        if not isinstance(node, Scalar):
            raise _refusal("bad_yaml", "The name of a member must be plain text.", event)
        return node.text

    def _grown(self, size: int, node: Node, event: yaml.Event) -> int:
        if size + node.size > _MOST_NODES:
            raise _refusal("yaml_too_large", f"The document unfolds to more than {_MOST_NODES} values.", event)
        return size + node.size


def _refusal(code: str, message: str, event: yaml.Event) -> FormatError:
    return FormatError(code, message, pointer=f"line {_line(event)}")


def _tagged(event: yaml.NodeEvent) -> FormatError:
    return _refusal("yaml_tag", f"The tag {str(event.tag)[:60]!r} is not read.", event)  # type: ignore[attr-defined]
