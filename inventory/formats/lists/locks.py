"""Lock files, pasted whole or in part: a line names a package, a later one its version; the rest is theirs alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.formats.lists.packages import package_indicator, unreadable
from inventory.identity.indicators import Indicator

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAME = r"(?:@[^/\s\"@]+/)?[^/\s\"@:,]+"
_GO_SUM = re.compile(r"(?P<name>\S+)\s+(?P<version>v\d\S*?)(?:/go\.mod)?\s+h1:\S+")
_GEM = re.compile(r"(?P<name>[\w.-]+) \((?P<version>\d[^\s()]*)\)")
_GEM_HEADS = frozenset({"GEM", "GIT", "PATH", "PLATFORMS", "DEPENDENCIES", "CHECKSUMS", "BUNDLED WITH", "RUBY VERSION"})
_NODE_MODULE = re.compile(rf'"(?:[^"]*/)?node_modules/(?P<name>{_NAME})":\s*\{{')
_JSON_NAME = re.compile(r'"name":\s*"(?P<name>[^"]+)",?')
_JSON_OTHER = re.compile(r'"[^"]*":\s*(?:-?\d+|true|false|null|[{\[]+(?:[}\]]+)?),?')
_YARN = re.compile(rf'"?(?P<name>{_NAME})@\S.*:')
_PNPM = re.compile(rf"['\"]?/?(?P<name>{_NAME})[@/](?P<version>v?\d[^\s(:'\"]*)(?:\(\S*\))?['\"]?:(?:\s*\{{.*\}})?")
_TOML_NAME = re.compile(r'name\s*=\s*"(?P<name>[^"]+)"')
_TOML_LINE = re.compile(r"[\w-]+\s*=\s*\S.*|[\"{\]].*")
_YAML_HEADS = re.compile(
    r"(?:__metadata|lockfileVersion|packages|snapshots|importers|settings|dependencies|devDependencies|cacheKey):\s*\S*"
)
_VERSION = re.compile(r'(?:"version":\s*|version:?\s*=?\s*)"?(?P<version>[^"\s,=]+)"?,?')
_NEXT_LINE = -1
_MAX_LENGTH = 2_048
_ENDS = frozenset(':{[]},"=)')
"""Signs that lines of lock files end in, and those of lists of packages do not."""


@dataclass(frozen=True, slots=True)
class _Block:
    """The lines indented deeper than `indent` are about one package; `name` waits for its version.

    With _NEXT_LINE only the version itself may follow.
    """

    indent: int
    purl_type: str = ""
    name: str = ""
    given: str = ""
    line: int = 0


@dataclass(slots=True)
class LockReader:
    """Remembers what file and which package the last lines were about."""

    block: _Block | None = None
    is_toml: bool = False
    is_gems: bool = False

    @property
    def is_idle(self) -> bool:
        """Whether a line can be anything: the last ones were about no package and no file."""
        return self.block is None and not self.is_toml and not self.is_gems

    def leave(self, line: str) -> Sequence[Indicator]:
        """End the block that this line is not in ('' for the end of the text); a name without version is told."""
        block = self.block
        if block is None:
            return ()
        if block.indent == _NEXT_LINE and _VERSION.fullmatch(line.strip()):
            return ()
        if line and _indent(line) > block.indent != _NEXT_LINE:
            return ()
        self.block = None
        if not block.name:
            return ()
        problem = "no version of this package follows: write it as name@version"
        return (unreadable(block.given, line=block.line, problem=problem),)

    def read(self, line: str, *, number: int) -> Sequence[Indicator] | None:
        """Return the line's indicators; nothing for what belongs to a package or a file; None for any other line."""
        if self.block is not None:
            return self._inside(line)
        if len(line) > _MAX_LENGTH:
            return None
        bare = line.strip()
        if self.is_gems or bare in _GEM_HEADS:
            self.is_gems = line[:1] == " " or bare in _GEM_HEADS
            if self.is_gems:
                return self._gem(bare, indent=_indent(line), number=number)
        if bare[-1:] not in _ENDS and not self.is_toml and "--hash" not in bare and line[:1] not in ("p", "l", "c"):
            return None
        return self._opened(bare, indent=_indent(line), number=number)

    def _inside(self, line: str) -> Sequence[Indicator]:
        """Read a line about the block's package: only its first version says something."""
        block, match = self.block, _VERSION.fullmatch(line.strip())
        if block is None or not block.name or match is None:
            return ()
        self.block = _Block(block.indent) if block.indent != _NEXT_LINE else None
        version = match["version"]
        return (package_indicator(block.purl_type, block.name, listed=version, given=block.given, line=block.line),)

    def _opened(self, bare: str, *, indent: int, number: int) -> Sequence[Indicator] | None:
        if bare.startswith("[[") or (self.is_toml and bare.startswith("[")):
            self.is_toml = True
            return ()
        if self.is_toml:
            return self._toml(bare, number=number)
        if bare.startswith("--hash") or _JSON_OTHER.fullmatch(bare) or (indent == 0 and _YAML_HEADS.fullmatch(bare)):
            if (match := _NODE_MODULE.fullmatch(bare)) is not None:
                self.block = _Block(indent, "npm", match["name"], match["name"], number)
            elif bare.startswith(('"":', "__metadata:")):
                self.block = _Block(indent)
            return ()
        if (match := _JSON_NAME.fullmatch(bare)) is not None:
            depth = indent - 1 if "/" in match["name"] and indent else _NEXT_LINE
            self.block = _Block(depth, "", match["name"], bare, number)
            return ()
        if (match := _GO_SUM.fullmatch(bare)) is not None:
            return (package_indicator("golang", match["name"], listed=match["version"], given=bare, line=number),)
        if indent and (match := _PNPM.fullmatch(bare)) is not None:
            self.block = _Block(indent)
            return (package_indicator("npm", match["name"], listed=match["version"], given=bare, line=number),)
        if not indent and (match := _YARN.fullmatch(bare)) is not None:
            self.block = _Block(indent, "npm", match["name"], bare, number)
            return ()
        return None

    def _toml(self, bare: str, *, number: int) -> Sequence[Indicator] | None:
        if (match := _TOML_NAME.fullmatch(bare)) is not None:
            self.block = _Block(_NEXT_LINE, "", match["name"], bare, number)
            return ()
        self.is_toml = _TOML_LINE.fullmatch(bare) is not None
        return () if self.is_toml else None

    def _gem(self, bare: str, *, indent: int, number: int) -> Sequence[Indicator]:
        match = _GEM.fullmatch(bare)
        if match is None or indent != 4:
            return ()
        return (package_indicator("gem", match["name"], listed=match["version"], given=bare, line=number),)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
