"""One S3 service for these tests, emptied for each; settings that send new documents to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.object_storage import BUCKET, ObjectStorage, object_storage


@pytest.fixture(scope="session")
def service() -> Iterator[ObjectStorage]:
    with object_storage() as running:
        yield running


@pytest.fixture
def bucket(service: ObjectStorage, settings: Any) -> ObjectStorage:
    """Return the service, empty and well, with the product pointed at it."""
    service.clear()
    settings.EVIDENCE_STORAGE = "s3"
    settings.EVIDENCE_S3_BUCKET = BUCKET
    settings.EVIDENCE_S3_ENDPOINT_URL = service.url
    settings.EVIDENCE_S3_REGION = "us-east-1"
    settings.EVIDENCE_S3_ACCESS_KEY = "tests"
    settings.EVIDENCE_S3_SECRET_KEY = "tests"
    return service
