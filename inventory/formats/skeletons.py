"""Remembers how the items of a document are written, so that one written like another is read by its texts alone.

A generator writes ten thousand packages in a few dozen ways. An item is split into its texts and all else, which is its
skeleton; a skeleton that is known says which text goes where. What it says is learned from the reader of the format
itself, which reads the item twice with marks in the place of its texts: a mark that comes back as it was is a text that
is taken over as it stands. An item of which any mark comes back joined with something, or changed, is never read so.

What is met often becomes one regular expression, which takes the texts that are used out of the whole item at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple, Protocol

from inventory.formats.records import FormatError

_MOST_KNOWN: Final = 500
_LONGEST_LEARNED: Final = 8_192
"""Characters of an item: what is known of one document stays below 4 MB."""
_OFTEN: Final = 8
"""Items of one skeleton from which on it is worth an expression: to compile one costs what splitting 200 items does."""
_MOST_EXPRESSIONS: Final = 64
_RECENT: Final = 4
"""Expressions that are tried, one after the other, before an item is split."""
_MARKS: Final = ("ka{}z", "kb{}z")

Split = tuple[tuple[str, ...], Sequence[str]]
"""The skeleton of an item, and its texts, as many as there are pieces of the skeleton; each belongs to one."""


class UnknownError(Exception):
    """The item has a skeleton that is not known."""


class Syntax(Protocol):
    """How items of one kind are written."""

    def split(self, item: str) -> Split | None:
        """Part an item into skeleton and texts; None where it is not written so plainly.

        Of two items of one skeleton each text of one may stand in the place of that of the other, and means itself.
        """

    def holds(self, skeleton: tuple[str, ...]) -> Sequence[bool]:
        """Tell which pieces have a text that means something; that of another must be empty."""

    def cuts(self, skeleton: tuple[str, ...]) -> Mapping[int, int]:
        """Tell which texts end in a quote that is none of theirs, and how long that is."""

    def is_bare(self, item: str) -> bool:
        """Tell whether an expression may be tried; what is not bare, or matches none, is split."""

    def meant(self, texts: Sequence[str]) -> Sequence[str]:
        """Return what texts of a match mean, character by character."""

    def expression(self, skeleton: tuple[str, ...], is_used: Sequence[bool]) -> tuple[str, Sequence[int]]:
        """Return what matches a bare item of this skeleton as a whole, and which text each of its groups is.

        Each text that is used has a group. It may leave out what is rare.
        """

    def read(self, skeleton: tuple[str, ...], texts: Sequence[str]) -> Any:
        """Read an item by the format's own reader; None where its value is not all that it says."""


class Skeletons:
    """What is known of one kind of item in one document."""

    def __init__(self, syntax: Syntax) -> None:
        self._syntax = syntax
        self._split, self._meant = syntax.split, syntax.meant
        self._known: dict[tuple[str, ...], _Form | None] = {}
        self._recent: list[_Expression] = []
        self._expressions = 0

    def read(self, item: str) -> Any:
        """Return the value of an item. Raises UnknownError when the reader of the format must read it."""
        if self._recent and self._syntax.is_bare(item):
            for match, pick, fill in self._recent:
                found = match(item)
                if found is not None:
                    return fill(self._meant(pick(found)))
        parts = self._split(item)
        if parts is None:
            raise UnknownError
        skeleton, texts = parts
        form = self._known.get(skeleton)
        if form is not None:
            value = form.value(texts)
            self._note(form, skeleton)
            return value
        if skeleton not in self._known and len(self._known) < _MOST_KNOWN and len(item) <= _LONGEST_LEARNED:
            self._known[skeleton] = self._learn(skeleton)
        raise UnknownError

    def _note(self, form: _Form, skeleton: tuple[str, ...]) -> None:
        """Note that a skeleton was met; one that is met often is tried first from now on."""
        form.count += 1
        if form.expression is None and form.count >= _OFTEN and self._expressions < _MOST_EXPRESSIONS:
            self._expressions += 1
            pattern, order = self._syntax.expression(skeleton, [place in form.used for place in range(len(skeleton))])
            pick = _picker([order.index(place) + 1 for place in form.used])
            form.expression = re.compile(pattern).fullmatch, pick, form.fill
        if form.expression is not None:
            self._recent = [form.expression, *self._recent[: _RECENT - 1]]

    def _learn(self, skeleton: tuple[str, ...]) -> _Form | None:
        """Find out what an item of this skeleton becomes; None when that is not for its texts alone to say."""
        holds, cuts = self._syntax.holds(skeleton), self._syntax.cuts(skeleton)
        marks = [[mark.format(place) if held else "" for place, held in enumerate(holds)] for mark in _MARKS]
        try:
            one, other = (self._syntax.read(skeleton, marked) for marked in marks)
        except FormatError:
            return None  # The reader itself says so, where it reads the item.
        if not isinstance(one, dict):
            return None
        maker = _Maker({pair: place for place, pair in enumerate(zip(*marks, strict=True)) if pair[0]})
        try:
            maker.add(one, other)
        except _ChangedError:
            return None
        return maker.form(cuts=cuts, holds=holds)


class _Form:
    """How texts become a value: steps, each of which makes an object or array from texts and what was made before."""

    __slots__ = ("_blanks", "_constants", "_cuts", "_pick", "_steps", "count", "expression", "used")

    def __init__(
        self,
        constants: list[Any],
        steps: list[_Step],
        *,
        cuts: Mapping[int, int],
        holds: Sequence[bool],
        used: list[int],
    ) -> None:
        self._constants = constants
        self._steps = steps
        self._cuts = cuts
        self._blanks = _picker([place for place, held in enumerate(holds) if not held])
        self._pick = _picker(used)
        self.used = used
        self.expression: _Expression | None = None
        self.count = 0

    def value(self, texts: Sequence[str]) -> Any:
        """Return the value that all texts make. Raises UnknownError when there is one where none can be."""
        if any(self._blanks(texts)):
            raise UnknownError
        if self._cuts:
            texts = list(texts)
            for place, length in self._cuts.items():
                texts[place] = texts[place][:-length]
        return self.fill(self._pick(texts))

    def fill(self, texts: Sequence[str]) -> Any:
        """Return the value that the used texts make."""
        values: list[Any] = [*texts, *self._constants]
        for names, pick in self._steps:
            values.append(list(pick(values)) if names is None else dict(zip(names, pick(values))))  # noqa: B905  hot
        return values[-1]


_Expression = tuple[
    Callable[[str], "re.Match[str] | None"], Callable[[Any], Sequence[str]], Callable[[Sequence[str]], Any]
]
"""Matches whole items of one skeleton, picks the used texts of a match, and makes a value of them."""
_Step = tuple[Sequence[str] | None, Callable[[Sequence[Any]], Sequence[Any]]]
"""The names of an object, or None for an array; and what picks its values."""


class _ChangedError(Exception):
    """A mark came back changed."""


class _Place(NamedTuple):
    """Where a value is found: among the texts, the constants, or what the steps made."""

    among: int
    place: int


_TEXTS, _CONSTANTS, _MADE = range(3)


class _Maker:
    """Walks two readings of one skeleton side by side and notes the steps that make such a value."""

    def __init__(self, marks: Mapping[tuple[Any, Any], int]) -> None:
        self._marks = marks
        self._constants: list[Any] = []
        self._steps: list[tuple[Sequence[str] | None, list[_Place]]] = []

    def add(self, one: Any, other: Any) -> _Place:
        """Note how a value is made; those inside of it come first. Raises _ChangedError."""
        if isinstance(one, dict) and isinstance(other, dict) and list(one) == list(other):
            return self._note(tuple(one), [self.add(one[name], other[name]) for name in one])
        if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
            return self._note(None, list(map(self.add, one, other)))
        if isinstance(one, str) and (place := self._marks.get((one, other))) is not None:
            return _Place(_TEXTS, place)
        if isinstance(one, dict | list) or one != other:
            raise _ChangedError
        self._constants.append(one)
        return _Place(_CONSTANTS, len(self._constants) - 1)

    def _note(self, names: Sequence[str] | None, places: list[_Place]) -> _Place:
        self._steps.append((names, places))
        return _Place(_MADE, len(self._steps) - 1)

    def form(self, *, cuts: Mapping[int, int], holds: Sequence[bool]) -> _Form:
        """Return all that was noted."""
        used = sorted({one.place for _, places in self._steps for one in places if one.among == _TEXTS})
        starts = {_CONSTANTS: len(used), _MADE: len(used) + len(self._constants)}
        numbers = {place: number for number, place in enumerate(used)}

        def index(one: _Place) -> int:
            return numbers[one.place] if one.among == _TEXTS else starts[one.among] + one.place

        steps = [(names, _picker([index(one) for one in places])) for names, places in self._steps]
        return _Form(self._constants, steps, cuts=cuts, holds=holds, used=used)


def _picker(indexes: list[int]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    if len(indexes) > 1:
        return itemgetter(*indexes)
    if indexes:
        (only,) = indexes
        return lambda values: (values[only],)
    return lambda _values: ()
