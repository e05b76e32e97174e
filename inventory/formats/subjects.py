"""Collects what an SBOM is about: digests, names, and the config digest that belongs to a manifest.

No format has one place for a digest (docs/formats.md, Subject), so a reader hands on every place, in order of weight.
"""

from __future__ import annotations

from inventory.formats.hashes import parse_hash
from inventory.formats.records import ArtifactKind, ConfigRecord, SubjectRecord, storable
from inventory.identity.digests import HEX_LENGTHS, Digest, find_digest
from inventory.identity.purls import Purl

_IMAGE_PURLS = frozenset({"oci", "docker"})


class Subjects:
    """Digests and names of one document's subject; a repeated one counts once."""

    def __init__(self) -> None:
        self._subjects: dict[Digest, SubjectRecord] = {}
        self._configs: dict[Digest, str] = {}
        self._names: dict[str, None] = {}
        self.architecture = ""

    def digest(self, digest: Digest | None, *, kind: ArtifactKind, pointer: str) -> None:
        """Note a digest the document is about; the first statement of its kind stays."""
        if digest is not None:
            self._subjects.setdefault(digest, SubjectRecord(digest, kind, pointer))

    def config(self, digest: Digest | None, *, pointer: str) -> None:
        """Note the image id: the subject's second name, or its only one when no manifest is named."""
        if digest is not None:
            self._configs.setdefault(digest, pointer)

    def name(self, text: str) -> None:
        """Note an image reference or file name."""
        if text:
            self._names.setdefault(storable(text), None)

    def text(self, text: str, *, kind: ArtifactKind, pointer: str) -> bool:
        """Note the digest in a name or version (`sha256:…`, `repo@sha256:…`) and tell whether there was one."""
        digest = find_digest(text)
        self.digest(digest, kind=kind, pointer=pointer)
        return digest is not None

    def purl(self, purl: Purl | None, *, pointer: str) -> None:
        """Note what an image purl names: its version is a digest, whether of a manifest or an index it does not say."""
        if purl is None or purl.type not in _IMAGE_PURLS:
            return
        qualifiers = dict(purl.qualifiers)
        self.digest(
            find_digest(purl.version), kind=kind_of_media_type(qualifiers.get("mediatype", "")), pointer=pointer
        )
        self.architecture = self.architecture or qualifiers.get("arch", "")
        repository, tag = qualifiers.get("repository_url", ""), qualifiers.get("tag", "")
        if repository:
            self.name(f"{repository}:{tag}" if tag else repository)

    def hash(self, algorithm: object, value: object, *, kind: ArtifactKind, pointer: str) -> None:
        """Note a hash of the subject's bytes, when it is long enough to name an artifact."""
        found = parse_hash(algorithm, value)
        if found is not None and found.algorithm in HEX_LENGTHS:
            self.digest(Digest(found.algorithm, found.value), kind=kind, pointer=pointer)

    def subjects(self) -> tuple[SubjectRecord, ...]:
        """List the digests the document is about; a config digest only where it is all there is."""
        if self._subjects:
            return tuple(self._subjects.values())
        return tuple(
            SubjectRecord(digest, ArtifactKind.OCI_CONFIG, pointer) for digest, pointer in self._configs.items()
        )

    def configs(self) -> tuple[ConfigRecord, ...]:
        """Pair each manifest with the config digest the document states for it."""
        return tuple(
            ConfigRecord(manifest=subject.digest, config=config)
            for subject in self._subjects.values()
            for config in self._configs
            if config != subject.digest and subject.kind is not ArtifactKind.FILE
        )

    def names(self) -> tuple[str, ...]:
        """List image references and file names in the order they were met."""
        return tuple(self._names)


def kind_of_media_type(media_type: str) -> ArtifactKind:
    """Say what a digest of this media type names; UNKNOWN where the type is none of an index or manifest."""
    if media_type.endswith(("image.index.v1+json", "manifest.list.v2+json")):
        return ArtifactKind.OCI_INDEX
    is_manifest = media_type.endswith(("image.manifest.v1+json", "distribution.manifest.v2+json"))
    return ArtifactKind.OCI_MANIFEST if is_manifest else ArtifactKind.UNKNOWN
