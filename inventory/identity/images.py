"""Image references as specs write them, and image ids as clusters report them."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from inventory.identity.digests import Digest, DigestError, parse_digest
from supplychain.errors import DomainError

DEFAULT_REGISTRY = "docker.io"
DEFAULT_NAMESPACE = "library"
MAX_NAME_LENGTH = 255
MAX_TEXT_LENGTH = 2048

_PATH_COMPONENT = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PATH_COMPONENT}(?:/{_PATH_COMPONENT})*")
_HOST_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_REGISTRY = re.compile(rf"(?:{_HOST_LABEL}(?:\.{_HOST_LABEL})*|\[[0-9a-f:.]+\])(?::[0-9]{{1,5}})?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_LOCAL_IMPORT = re.compile(r"(?:.*/)?import-\d{4}-\d{2}-\d{2}")
_DOCKER_HUB_ALIASES = frozenset({"index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})


class ImageError(DomainError):
    """The text is not an image reference that a container runtime would take."""

    def __init__(self, message: str) -> None:
        super().__init__("bad_image", message)


@dataclass(frozen=True, slots=True)
class ImageReference:
    """Where an image is fetched from. `tag` is '' where none was written: `latest` is a runtime's guess, no fact."""

    registry: str
    repository: str
    tag: str
    digest: Digest | None

    @property
    def name(self) -> str:
        """registry/repository, the default registry and namespace written out: `docker.io/library/nginx`."""
        return f"{self.registry}/{self.repository}"

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.name}{tag}{digest}"


class ImageIdKind(enum.StrEnum):
    """What an image id can be by its form alone. Whether a manifest is an index only a look-up can tell."""

    CONFIG = "config"
    MANIFEST_OR_INDEX = "manifest_or_index"
    UNKNOWN = "unknown"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ImageId:
    """A pod's `imageID`. `repository` is registry/repository where the id names one, else ''."""

    repository: str
    digest: Digest | None
    kind_hint: ImageIdKind


NO_IMAGE_ID = ImageId("", None, ImageIdKind.NONE)


def parse_image(text: str) -> ImageReference:
    """Parse `[registry[:port]/]repository[:tag][@digest]`; raises ImageError.

    Docker Hub's short names are written out, an upper-case registry is lowered (host names have no case), and where
    tag and digest are both given the digest decides what runs while the tag is kept for people. Source:
    distribution/reference grammar.
    """
    reference = text.strip()
    if not reference or len(reference) > MAX_TEXT_LENGTH:
        raise ImageError("An image reference is empty or longer than 2048 characters.")
    rest, at, raw_digest = reference.partition("@")
    digest = _digest(reference, raw_digest) if at else None
    name, tag = _split_tag(rest)
    if tag and not _TAG.fullmatch(tag):
        raise ImageError(f"'{_shown(reference)}' is not an image reference: '{_shown(tag)}' is not a tag.")
    registry, repository = _split_registry(name)
    if not _REGISTRY.fullmatch(registry):
        raise ImageError(
            f"'{_shown(reference)}' is not an image reference: '{_shown(registry)}' is not a registry host."
        )
    if not _REPOSITORY.fullmatch(repository):
        raise ImageError(
            f"'{_shown(reference)}' is not an image reference: a repository is lower-case letters, digits and single "
            f"separators (. _ -), got '{_shown(repository)}'."
        )
    if len(registry) + len(repository) + 1 > MAX_NAME_LENGTH:
        raise ImageError(f"'{_shown(reference)}' is not an image reference: its name is longer than 255 characters.")
    return ImageReference(registry, repository, tag, digest)


def parse_image_id(text: str) -> ImageId:
    """Read a container status `imageID`. Never raises: an id that says nothing has kind `none`.

    `docker-pullable://repo@sha256:` and `repo@sha256:` name a manifest or an index. `docker://sha256:` names a
    config. A bare `sha256:` is unknown: kind, CRI-O and local builds put the config's there, and only a look-up can
    tell. A node-local import (`…/import-2023-03-30@sha256:`) is unknown too: its digest is not the registry's.
    Source: docs/formats.md (Pods).
    """
    stripped = text.strip()[:MAX_TEXT_LENGTH]
    scheme, separator, rest = stripped.partition("://")
    body = rest if separator else stripped
    repository, at, raw_digest = body.rpartition("@")
    try:
        digest = parse_digest(raw_digest)
    except DigestError:
        return NO_IMAGE_ID
    if not at:
        return ImageId(
            "", digest, ImageIdKind.CONFIG if scheme.lower() == "docker" and separator else ImageIdKind.UNKNOWN
        )
    name = _repository_name(repository)
    if not name or _LOCAL_IMPORT.fullmatch(name):
        return ImageId(name, digest, ImageIdKind.UNKNOWN)
    return ImageId(name, digest, ImageIdKind.MANIFEST_OR_INDEX)


def _repository_name(text: str) -> str:
    try:
        return parse_image(text).name
    except ImageError:
        return ""


def _digest(reference: str, raw_digest: str) -> Digest:
    try:
        return parse_digest(raw_digest)
    except DigestError as error:
        raise ImageError(f"'{_shown(reference)}' is not an image reference: {error.message}") from error


def _split_tag(rest: str) -> tuple[str, str]:
    head, slash, last = rest.rpartition("/")
    last_name, colon, tag = last.partition(":")
    if colon and not tag:
        raise ImageError(f"'{_shown(rest)}' is not an image reference: nothing follows the colon.")
    return f"{head}{slash}{last_name}", tag


def _split_registry(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    is_host = slash and ("." in first or ":" in first or first.lower() == "localhost" or first != first.lower())
    registry, repository = (first.lower(), rest) if is_host else (DEFAULT_REGISTRY, name)
    if registry in _DOCKER_HUB_ALIASES:
        registry = DEFAULT_REGISTRY
    if registry == DEFAULT_REGISTRY and "/" not in repository:
        repository = f"{DEFAULT_NAMESPACE}/{repository}"
    return registry, repository


def _shown(text: str) -> str:
    clean = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text[:81])
    return clean if len(text) <= 80 else f"{clean[:80]}…"
