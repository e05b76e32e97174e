"""Indicators: what a responder says is compromised, as understood.

One value a thing asked for, shown back as it was taken.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from inventory.identity.versions import VersionRange


class IndicatorKind(enum.StrEnum):
    """What kind of thing is asked for (docs/api.md, The incident question)."""

    PACKAGE = "package"
    ARTIFACT = "artifact"
    IMAGE = "image"
    HASH = "hash"
    CPE = "cpe"
    WORKFLOW = "workflow"
    ACTION = "action"
    RUN = "run"
    DOWNLOAD = "download"
    BUILDER = "builder"
    SIGNER = "signer"
    REPOSITORY = "repository"
    COMMIT = "commit"
    ACCOUNT = "account"
    CLUSTER = "cluster"
    ADVISORY = "advisory"
    UNREADABLE = "unreadable"


ANSWERED = frozenset(
    {
        IndicatorKind.PACKAGE,
        IndicatorKind.ARTIFACT,
        IndicatorKind.IMAGE,
        IndicatorKind.HASH,
        IndicatorKind.CPE,
        IndicatorKind.WORKFLOW,
        IndicatorKind.RUN,
        IndicatorKind.BUILDER,
        IndicatorKind.SIGNER,
        IndicatorKind.REPOSITORY,
        IndicatorKind.COMMIT,
        IndicatorKind.ACCOUNT,
        IndicatorKind.CLUSTER,
        IndicatorKind.ACTION,
        IndicatorKind.DOWNLOAD,
        IndicatorKind.ADVISORY,
    }
)
"""Kinds that the evidence read so far can answer; any other is shown with a problem, never as having no match."""

NOTES = {
    IndicatorKind.CPE: "found are components for which a document states a CPE of this vendor and product; most have "
    "none: ask for the package by its name too",
    IndicatorKind.COMMIT: "builds of later commits are not found by it: ask for its repository too",
    IndicatorKind.ACCOUNT: "who commits, reviews and publishes is in no evidence that is read: found is what "
    "registries say it pushed, what it signed, what runs it started built, what is built from its repositories, and "
    "components that an SBOM says it made or published. An attestation of npm's registry that it published a version "
    "names no account",
    IndicatorKind.REPOSITORY: "found is what was built from it, what its workflows built, what images say of "
    "themselves, and packages that are named by it or come from it as an SBOM says; any other is asked for by its name",
}
"""What no match of a kind does not say."""

_OF_PACKAGE = IndicatorKind.PACKAGE
_PACKAGE = IndicatorKind.PACKAGE.value
HASH_LENGTHS = {"md5": 32, "sha1": 40, "sha256": 64, "sha384": 96, "sha512": 128}
"""Hashes that are looked for, and how many hex characters each has."""


class PackageName(Struct, frozen=True, gc=False):
    """A package by its match key. `type` '' is any ecosystem; `namespace` None is any namespace."""

    type: str
    namespace: str | None
    name: str

    @property
    def written(self) -> str:
        """The name with its namespace, where one was given."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class Indicator(Struct, frozen=True, gc=False):
    """One thing asked for. Which fields are set follows from `kind`; `problem` says why it cannot be answered.

    A package without `versions` and `range` stands for all its versions. `qualifiers` of a package narrow it: a
    component that states another value for one of them is another build.
    """

    kind: IndicatorKind
    given: str
    line: int | None = None
    package: PackageName | None = None
    purl: str | None = None
    """Package purl to show; None for a bare name, which is looked for in every ecosystem."""
    versions: tuple[str, ...] = ()
    range: VersionRange | None = None
    range_text: str | None = None
    """A range of a bare name, as written: each ecosystem reads it by its own order."""
    qualifiers: tuple[tuple[str, str], ...] = ()
    release: str = ""
    """The distribution's release (`debian-12`) that an advisory speaks of: a component of another is cleared."""
    clears: bool = True
    """False where part of what an advisory says of versions cannot be compared: then no version is cleared by it."""
    is_alone: bool = False
    """Go: no package below its path and no module above it is meant; the advisory says which packages are."""
    doubt: str = ""
    """Why what matches it is only possible: a mapping that is a guess."""
    digest: str | None = None
    image_name: str | None = None
    image_tag: str | None = None
    algorithm: str | None = None
    value: str | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    details: tuple[tuple[str, str], ...] = ()
    """The fields of kinds that have some of their own, as understood and shown back."""
    problem: str | None = None

    @property
    def names_every_version(self) -> bool:
        """Whether it is a package with nothing said of its versions."""
        return (
            self.kind is IndicatorKind.PACKAGE and not self.versions and self.range is None and self.range_text is None
        )

    def as_asked(self) -> Mapping[str, object]:
        """Return the indicator as `asked.indicators[]` shows it, without counts."""
        is_package = self.kind is _OF_PACKAGE
        shown = self._package_as_asked() if is_package else self._other_as_asked()
        if self.digest is not None:
            shown["digest"] = self.digest
        if self.image_name is not None:
            shown["reference"] = f"{self.image_name}:{self.image_tag}" if self.image_tag else self.image_name
        if self.algorithm is not None:
            shown |= {"algorithm": self.algorithm, "value": self.value}
        if self.valid_from is not None or self.valid_to is not None:
            shown |= {"from": _text(self.valid_from), "to": _text(self.valid_to)}
        if self.details:
            shown |= dict(self.details)
        if not is_package and self.kind in NOTES:  # to hash a kind takes as long as all else
            shown["note"] = NOTES[self.kind]
        shown["problem"] = self.problem
        return shown

    def _package_as_asked(self) -> dict[str, object]:
        if self.package is None:
            return {"line": self.line, "given": self.given, "kind": _PACKAGE}
        return {
            "line": self.line,
            "given": self.given,
            "kind": _PACKAGE,
            "purl": self.purl,
            "name": self.package.written if self.purl is None else None,
            "range": self.range_text if self.range is None else self.range.canonical,
            "package_versions": list(self.versions),
        }

    def _other_as_asked(self) -> dict[str, object]:
        shown: dict[str, object] = {"line": self.line, "given": self.given, "kind": self.kind.value}
        if self.kind is IndicatorKind.CPE:
            shown |= {"range": self.range_text, "package_versions": list(self.versions)}
        return shown


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")
