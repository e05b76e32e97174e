"""Patterns that people write into rules of trust: anchored at both ends, and none that takes long to fail.

A pattern that matches somewhere inside of a name trusts names that nobody meant (CVE-2025-29778 ignored them instead).
"""

from __future__ import annotations

import re
from functools import lru_cache
from re import _constants as words  # type: ignore[attr-defined, unused-ignore]  # typeshed has no entry for it
from re import _parser as parser  # type: ignore[attr-defined, unused-ignore]  # the standard library's own parser, there since 3.11
from typing import Any, Final

LONGEST: Final = 512
_REPEATS: Final = frozenset({words.MAX_REPEAT, words.MIN_REPEAT, words.POSSESSIVE_REPEAT})
_REFUSED: Final = frozenset({words.GROUPREF, words.GROUPREF_EXISTS, words.ASSERT, words.ASSERT_NOT})
_MOST_REPEATS: Final = 6


class BadPatternError(ValueError):
    """The pattern is none, or one that may take very long."""


def matches(pattern: str, text: str) -> bool:
    """Tell whether a pattern is all of a text. A pattern that is none matches nothing."""
    try:
        return compile_pattern(pattern).fullmatch(text) is not None
    except BadPatternError:
        return False


@lru_cache(maxsize=1_024)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Return a pattern, ready. Raises BadPatternError for what is no pattern, or repeats what repeats."""
    if not pattern or len(pattern) > LONGEST:
        raise BadPatternError(f"A pattern has 1 to {LONGEST} characters.")
    try:
        found = parser.parse(pattern)
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise BadPatternError(f"This is no pattern: {str(error)[:200]}.") from error
    if _count_repeats(found, is_inside=False) > _MOST_REPEATS:
        raise BadPatternError(f"A pattern repeats at most {_MOST_REPEATS} times.")
    return compiled


def literal_beginning(pattern: str) -> str:
    """Return what every text that matches begins with; '' where nothing is sure."""
    found: list[str] = []
    for operation, argument in parser.parse(pattern):
        if operation is not words.LITERAL:
            break
        found.append(chr(argument))
    return "".join(found)


def _count_repeats(nodes: Any, *, is_inside: bool) -> int:
    """Count what repeats without a bound; raises BadPatternError where one repeats inside of another."""
    count = 0
    for operation, argument in nodes:
        if operation in _REFUSED:
            raise BadPatternError("References back and looking around are not for rules of trust.")
        repeats = operation in _REPEATS and argument[1] > 1
        if repeats and is_inside:
            raise BadPatternError("A repetition inside of a repetition can take for ever.")
        count += repeats
        for part in _parts(operation, argument):
            count += _count_repeats(part, is_inside=is_inside or repeats)
    return count


def _parts(operation: Any, argument: Any) -> list[Any]:
    if operation is words.BRANCH:
        return list(argument[1])
    if operation is words.SUBPATTERN:
        return [argument[-1]]
    if operation is words.ATOMIC_GROUP:
        return [argument]
    return [argument[2]] if operation in _REPEATS else []
