"""What a run used, directly and through composite actions and reusable workflows, by the versions in force. Pure."""

from __future__ import annotations

import enum
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from incidents.impact.builds.records import Download, Use, Version
from incidents.impact.builds.targets import short_ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from incidents.impact.builds.records import Run

DEEPEST: Final = 10
_FORGE: Final = "github.com/"
_FILES: Final = ("action.yml", "action.yaml")


class Known(enum.IntEnum):
    """How sure it is that a version was in force: the worst of a chain counts."""

    EXACT = 0
    """The run's own commit, or the commit that the use names."""
    NEWEST = 1
    """The newest that was received before the run began."""
    LATER = 2
    """Only later versions are known."""


@dataclass(frozen=True, slots=True)
class Step:
    """One use or download of a run. `job` is the run's own, `chain` what leads there, `version` where it stands.

    `version` is None for what the run itself was seen to use.
    """

    what: Use | Download
    job: str
    chain: tuple[str, ...]
    known: Known
    version: Version | None


@dataclass(slots=True)
class Expanded:
    """Everything that is known of what a run used, and what is not."""

    steps: list[Step]
    hidden: list[str]
    """What it runs of which nobody knows what that uses."""
    is_known: bool
    """Whether any version of the workflow itself is known."""
    unread: list[str] = field(default_factory=list)
    """Files of which nobody kept what they download."""

    def hidden_from(self, *, is_download: bool) -> list[str]:
        """Return what may hide a use, or a download."""
        return [*self.hidden, *self.unread] if is_download else self.hidden


class Workflows:
    """The versions of the files that matter, by repository and path."""

    def __init__(self, versions: Iterable[Version]) -> None:
        self._of: dict[tuple[str, str], list[Version]] = defaultdict(list)
        for version in versions:
            self._of[version.repository, version.path].append(version)
        for found in self._of.values():
            found.sort(key=lambda version: version.observed_at)

    def in_force(self, repository: str, path: str, *, commit: str, at: datetime | None) -> list[tuple[Version, Known]]:
        """Return the versions that may have been in force: those of the commit, else the newest before, and the next.

        Where no time is known all count. A later one is told besides an earlier one: the file may have changed unseen.
        """
        versions = self._of.get((repository, path), [])
        exact = [(version, Known.EXACT) for version in versions if commit and version.commit == commit]
        if exact:
            return exact
        if at is None:
            return [(version, Known.LATER) for version in versions]
        before = [version for version in versions if version.observed_at <= at]
        after = [version for version in versions if version.observed_at > at]
        return [
            *((version, Known.NEWEST) for version in before[-1:]),
            *((version, Known.LATER) for version in after[:1]),
        ]


def expand(run: Run, *, workflows: Workflows) -> Expanded:
    """Follow everything that a run used, to a depth of ten."""
    found = Expanded([], [], is_known=bool(run.unsent))
    at = run.started_at
    walk = _Walk(found, workflows=workflows, run=run, at=at)
    for repository, path, commit in sorted(run.files):
        if path:
            for version, known in workflows.in_force(repository, path, commit=commit, at=at):
                found.is_known = True
                walk.version(version, known=known, job=None, chain=(path,))
    for resolved in dict.fromkeys(run.resolved):
        is_pinned = not resolved.ref
        given = f"{resolved.owner_repository}{'/' * bool(resolved.path)}{resolved.path}"
        use = Use(
            "", "action", given, resolved.owner_repository, resolved.path, resolved.ref or resolved.commit, is_pinned
        )
        walk.use(use, known=Known.EXACT, job="", chain=(), version=None)
    for fetched in dict.fromkeys(one for told in run.told for one in told.fetched):
        check = "observed" if fetched.digest else "none"
        sums = (fetched.digest,) if fetched.digest else ()
        found.steps.append(Step(Download("", fetched.url, False, check, sums, 0), "", (), Known.EXACT, None))
    return found


class _Walk:
    """One walk through the files of a run."""

    def __init__(self, found: Expanded, *, workflows: Workflows, run: Run, at: datetime | None) -> None:
        self._found, self._workflows, self._run, self._at = found, workflows, run, at

    def version(self, version: Version, *, known: Known, job: str | None, chain: tuple[str, ...]) -> None:
        if not version.knows_downloads:
            self._found.unread.append(f"what {version.path} downloads was not kept when it was read")
        for download in version.downloads:
            self._found.steps.append(Step(download, job or download.job, chain, known, version))
        for use in version.uses:
            self.use(use, known=known, job=job or use.job, chain=chain, version=version)

    def use(self, use: Use, *, known: Known, job: str, chain: tuple[str, ...], version: Version | None) -> None:
        self._found.steps.append(Step(use, job, chain, known, version))
        if use.kind == "unresolved":
            self._hide(f"{use.given or 'a step'} is an expression")
        if use.kind in {"unresolved", "docker"}:
            return
        if len(chain) > DEEPEST:
            self._hide(f"{use.given} lies deeper than {DEEPEST} steps")
            return
        inner = list(self._inside(use, version=version))
        if not inner and use.kind == "local":
            self._hide(f"nobody has sent {use.given}")
        for nested, how in inner:
            name = f"{nested.repository.removeprefix(_FORGE)}/{nested.path}"
            if name not in chain:
                self.version(nested, known=max(known, how), job=job, chain=(*chain, name))

    def _inside(self, use: Use, *, version: Version | None) -> Iterator[tuple[Version, Known]]:
        for repository, path, commit in dict.fromkeys(self._places(use, version=version)):
            yield from self._workflows.in_force(repository, path, commit=commit, at=self._at)

    def _places(self, use: Use, *, version: Version | None) -> Iterator[tuple[str, str, str]]:
        """Yield the files that a use may name. A local path is of the file's repository, or of the run's checkout."""
        if use.kind == "local":
            holders = [(version.repository, version.commit)] if version is not None else []
            holders += [(repository, commit) for repository, _, commit in self._run.files]
            for repository, commit in holders:
                yield from ((repository, path, commit) for path in _files(use.path))
            return
        commits = {use.ref} if use.is_pinned else observed(self._run, use)
        for commit in commits or {""}:
            yield from ((f"{_FORGE}{use.owner_repository}", path, commit) for path in _files(use.path))

    def _hide(self, what: str) -> None:
        if what not in self._found.hidden:
            self._found.hidden.append(what)


def observed(run: Run, use: Use) -> set[str]:
    """Return the commits that a run was seen to use for a ref of an action."""
    return {
        one.commit
        for one in run.resolved
        if one.commit
        and one.owner_repository == use.owner_repository
        and one.path in {"", use.path}
        and short_ref(one.ref) == short_ref(use.ref)
    }


def _files(path: str) -> tuple[str, ...]:
    bare = path.removeprefix("./").strip("/")
    if bare.endswith((".yml", ".yaml")):
        return (bare,)
    return tuple(f"{bare}/{name}".lstrip("/") for name in _FILES)
