"""Ruby gem versions, as Gem::Version orders them. Source: rubygems, Gem::Version#<=>."""

from __future__ import annotations

import re

from inventory.identity.versions.errors import UnevaluableVersion

Segment = tuple[int, int, str]

_VERSION = re.compile(r"[0-9]+(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?")
_PLATFORM = re.compile(
    r"-(?:x86|x64|i[36]86|arm|aarch64|ppc|powerpc|s390x|riscv64|universal|java|jruby|mswin|mingw|darwin|linux)[0-9A-Za-z_.-]*"
)
"""What lock files put after the version of a gem with compiled parts (`1.17.4-x86_64-linux-gnu`): the same version."""
_SEGMENT = re.compile(r"[0-9]+|[A-Za-z]+")
_WORD, _ZEROS_THEN_WORD, _END, _ZEROS_THEN_NUMBER, _NUMBER = range(5)


def gem_key(version: str) -> tuple[Segment, ...]:
    """Return the order key of a gem version: letters make a pre-release, what is missing counts as zero.

    A run of zeros is one token, placed by what follows it, because `1.a.0.b` < `1.a` (the same as `1.a.0.0`) <
    `1.a.0.2`.
    """
    bare = _PLATFORM.sub("", version, count=1).removeprefix("v")
    if not _VERSION.fullmatch(bare):
        raise UnevaluableVersion("gem", version)
    segments: list[Segment] = []
    zeros = 0
    seen_word = False
    for text in _SEGMENT.findall(bare.replace("-", ".pre.")):
        if text.isdigit() and not text.strip("0"):
            zeros += 1
            continue
        is_word = text.isalpha()
        if zeros and (seen_word or not is_word):
            segments.append((_ZEROS_THEN_WORD, zeros, "") if is_word else (_ZEROS_THEN_NUMBER, -zeros, ""))
        segments.append((_WORD, 0, text) if is_word else (_NUMBER, int(text), ""))
        seen_word = seen_word or is_word
        zeros = 0
    return (*segments, (_END, 0, ""))
