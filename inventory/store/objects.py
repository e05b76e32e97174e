"""Object storage for the bytes of evidence, by django-storages: any service that speaks S3.

An object's name is the digest of its document, and it is written once: under a condition, so that no writer replaces
what another wrote. Imported only where object storage is used: its packages are an extra (requirements/s3.txt).
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from storages.backends.s3 import S3Storage

from inventory.store.errors import EvidenceMissingError, EvidenceStoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_CONNECT_SECONDS = 2
_TYPE = "application/zstd"
_DIGITS = re.compile(r"[0-9a-f]{64}")
_PRECONDITION_FAILED = 412
_CONFLICT = 409
"""Another writer is at it: what S3 answers to one of two conditional writes at once."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object as the service lists it."""

    digest: str
    size_bytes: int
    written_at: datetime


def put(digest: str, frame: bytes) -> None:
    """Write an object unless there is one of its name. Raises EvidenceStoreUnavailableError."""
    with _served():
        try:
            _client().put_object(
                Bucket=settings.EVIDENCE_S3_BUCKET, Key=_key(digest), Body=frame, IfNoneMatch="*", ContentType=_TYPE
            )
        except ClientError as error:
            if _status(error) not in {_PRECONDITION_FAILED, _CONFLICT}:
                raise


def get(digest: str) -> bytes:
    """Return an object's bytes, as they are. Raises EvidenceMissingError, EvidenceStoreUnavailableError."""
    with _served():
        try:
            answer = _client().get_object(Bucket=settings.EVIDENCE_S3_BUCKET, Key=_key(digest))
        except ClientError as error:
            if _reason(error) == "NoSuchKey":
                raise EvidenceMissingError(digest) from error
            raise
        data: bytes = answer["Body"].read()
    return data


def delete(digest: str) -> None:
    """Remove an object; one that is not there is no error. Raises EvidenceStoreUnavailableError."""
    with _served():
        _client().delete_object(Bucket=settings.EVIDENCE_S3_BUCKET, Key=_key(digest))


def listed(folder: str) -> Iterator[StoredObject]:
    """Give the objects of ours whose digest begins with two hex digits. Raises EvidenceStoreUnavailableError."""
    with _served():
        pages = _client().get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=settings.EVIDENCE_S3_BUCKET, Prefix=f"{_prefix()}{folder}/"):
            for entry in page.get("Contents", ()):
                name = entry["Key"].rpartition("/")[2]
                if _DIGITS.fullmatch(name):
                    yield StoredObject(f"sha256:{name}", entry["Size"], entry["LastModified"])


def ask() -> None:
    """Ask the service for the bucket. Raises EvidenceStoreUnavailableError."""
    with _served():
        _client().head_bucket(Bucket=settings.EVIDENCE_S3_BUCKET)


@contextmanager
def _served() -> Iterator[None]:
    """Turn what the service answers, or does not, into our error."""
    try:
        yield
    except ClientError as error:
        raise EvidenceStoreUnavailableError(_reason(error)) from error
    except BotoCoreError as error:
        raise EvidenceStoreUnavailableError(type(error).__name__) from error


def _key(digest: str) -> str:
    """Return `<prefix>sha256/ab/<64 hex digits>`: two digits of folder keep listings short where folders are real."""
    digits = digest.removeprefix("sha256:")
    return f"{_prefix()}{digits[:2]}/{digits}"


def _prefix() -> str:
    return f"{settings.EVIDENCE_S3_PREFIX}sha256/"


def _client() -> Any:
    if not settings.EVIDENCE_S3_BUCKET:
        raise EvidenceStoreUnavailableError("EVIDENCE_S3_BUCKET is not set")
    return _storage(
        settings.EVIDENCE_S3_ENDPOINT_URL,
        settings.EVIDENCE_S3_BUCKET,
        settings.EVIDENCE_S3_ACCESS_KEY,
        settings.EVIDENCE_S3_TIMEOUT_SECONDS,
    ).connection.meta.client


@cache
def _storage(endpoint_url: str, bucket: str, access_key: str, timeout_seconds: int) -> S3Storage:
    """Make the storage once a process; its connections are one a thread."""
    return S3Storage(
        bucket_name=bucket,
        endpoint_url=endpoint_url or None,
        region_name=settings.EVIDENCE_S3_REGION or None,
        access_key=access_key or None,
        secret_key=settings.EVIDENCE_S3_SECRET_KEY or None,
        client_config=Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=timeout_seconds,
            retries={"total_max_attempts": 2, "mode": "standard"},
            # What is written is read back and compared; not every service knows the checksums that AWS adds.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": settings.EVIDENCE_S3_ADDRESSING_STYLE},
        ),
    )


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _reason(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))
