"""Why bytes of evidence cannot be had, or not be kept."""

from __future__ import annotations

from supplychain.errors import DomainError


class EvidenceStoreUnavailableError(DomainError):
    """The object storage does not answer, or refuses us. Nothing was accepted; it is safe to try again."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            "evidence_store_unavailable",
            "The storage of documents is away: nothing was accepted, and it is safe to try again.",
            status=503,
        )
        self.reason = reason


class EvidenceCorruptError(DomainError):
    """What is stored under a digest is not the document of that digest."""

    def __init__(self, digest: str) -> None:
        super().__init__(
            "evidence_corrupt",
            f"The stored bytes of {digest} are not those that were received: restore them from a backup.",
            status=500,
        )


class EvidenceMissingError(DomainError):
    """A row names an object that the object storage does not have."""

    def __init__(self, digest: str) -> None:
        super().__init__(
            "evidence_missing",
            f"The object storage has no bytes of {digest}: restore them from a backup.",
            status=500,
        )


class EvidenceRemovedError(DomainError):
    """The bytes were removed by retention; the receipt stays."""

    def __init__(self, digest: str) -> None:
        super().__init__(
            "evidence_removed", f"The bytes of {digest} were removed by retention; the receipt says when.", status=410
        )
