"""What is asked of builds: an action by refs and commits, a download by address, an image by name or digest. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import msgspec

from inventory.identity.addresses import normal_address
from inventory.identity.images import ImageError, parse_image
from inventory.identity.indicators import IndicatorKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from incidents.impact.builds.records import Use
    from incidents.impact.candidates import Placed
    from incidents.impact.question import Question
    from inventory.identity.indicators import Indicator

OF_BUILDS: Final = frozenset({IndicatorKind.ACTION, IndicatorKind.DOWNLOAD})
"""Kinds that builds alone answer; digests and images are asked of them besides."""
_HUB: Final = "docker.io/library/"
_REFS: Final = ("refs/tags/", "refs/heads/")


@dataclass(frozen=True, slots=True)
class Target:
    """One indicator as it is asked of builds. Empty refs and shas: any."""

    place: int
    owner_repository: str = ""
    path: str = ""
    refs: frozenset[str] = frozenset()
    shas: tuple[str, ...] = ()
    url: str = ""
    checksums: frozenset[str] = frozenset()
    image: str = ""
    tag: str = ""
    digest: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def has_window(self) -> bool:
        return self.since is not None or self.until is not None

    def means(self, use: Use) -> bool:
        """Say whether a use is of what is asked for, whatever its ref."""
        if self.owner_repository:
            return use.owner_repository == self.owner_repository and (not self.path or use.path == self.path)
        if use.kind != "docker" or not (self.image or self.digest):
            return False
        if self.digest:
            return use.ref == self.digest
        return image_name(use.path) == self.image and (not self.tag or use.ref in {self.tag, ""})

    def has_sha(self, commit: str) -> bool:
        """Say whether a commit is one of those asked for; a shorter one names those that begin so."""
        return any(commit.startswith(sha) for sha in self.shas)


def targets_of(of_kind: Mapping[IndicatorKind, Sequence[Placed]]) -> tuple[Target, ...]:
    """Return what is asked of builds."""
    return tuple(
        target
        for kind, read in _TARGETS.items()
        for place, indicator in of_kind.get(kind, ())
        for target in read(place, indicator)
    )


def with_window(question: Question) -> Question:
    """Return the question with its own window as that of every action and download that has none."""
    if question.is_now or question.at is not None:
        return question
    found = tuple(_in_window(one, question) if one.kind in OF_BUILDS else one for one in question.indicators)
    return replace(question, indicators=found)


def image_name(text: str) -> str:
    """Return an image's name in full; '' where it is none."""
    try:
        return parse_image(text).name
    except ImageError:
        return ""


def spellings(image: str) -> tuple[str, ...]:
    """Return how workflows may write an image's name."""
    if not image.startswith("docker.io/"):
        return (image,)
    short = image.removeprefix("docker.io/")
    written = {image, short, image.removeprefix(_HUB), f"index.docker.io/{short}"}
    return tuple(sorted(written))


def short_ref(ref: str) -> str:
    """Return a ref without what says that it is a tag or a branch."""
    for prefix in _REFS:
        ref = ref.removeprefix(prefix)
    return ref


def _in_window(indicator: Indicator, question: Question) -> Indicator:
    if indicator.valid_from is not None or indicator.valid_to is not None:
        return indicator
    return msgspec.structs.replace(indicator, valid_from=question.window_from, valid_to=question.window_to)


def _action(place: int, indicator: Indicator) -> Iterator[Target]:
    details = dict(indicator.details)
    owner, name, *path = details["uses"].lower().split("/", 2)
    yield Target(
        place,
        owner_repository=f"{owner}/{name}",
        path=details["uses"].split("/", 2)[2] if path else "",
        refs=frozenset(map(short_ref, _words(details.get("refs")))),
        shas=tuple(sha.lower() for sha in _words(details.get("shas"))),
        since=indicator.valid_from,
        until=indicator.valid_to,
    )


def _download(place: int, indicator: Indicator) -> Iterator[Target]:
    details = dict(indicator.details)
    yield Target(
        place,
        url=normal_address(details["url"]),
        checksums=frozenset(_words(details.get("digests"))),
        since=indicator.valid_from,
        until=indicator.valid_to,
    )


def _artifact(place: int, indicator: Indicator) -> Iterator[Target]:
    if indicator.digest:
        yield Target(place, digest=indicator.digest)


def _image(place: int, indicator: Indicator) -> Iterator[Target]:
    if indicator.image_name:
        yield Target(
            place,
            image=indicator.image_name,
            tag=indicator.image_tag or "",
            since=indicator.valid_from,
            until=indicator.valid_to,
        )


def _words(text: str | None) -> Iterable[str]:
    return (text or "").split()


_TARGETS: Final = {
    IndicatorKind.ACTION: _action,
    IndicatorKind.DOWNLOAD: _download,
    IndicatorKind.ARTIFACT: _artifact,
    IndicatorKind.IMAGE: _image,
}
