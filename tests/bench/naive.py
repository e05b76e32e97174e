"""The baseline of a plain Django application: the format's library, then a get_or_create for each component."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from cyclonedx.model.bom import Bom
from django.db import connection, models, transaction

from tests.bench.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.site import Site

_DOCUMENTS = 6
_SECONDS = 60.0


class Document(models.Model):
    digest = models.CharField(max_length=71, unique=True)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        app_label = "bench"
        db_table = "naive_document"


class Component(models.Model):
    purl = models.CharField(max_length=1024, unique=True)
    name = models.CharField(max_length=255)
    version = models.CharField(max_length=255)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        app_label = "bench"
        db_table = "naive_component"


class Part(models.Model):
    document = models.ForeignKey(Document, on_delete=models.CASCADE)
    component = models.ForeignKey(Component, on_delete=models.CASCADE)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        app_label = "bench"
        db_table = "naive_part"
        constraints = [models.UniqueConstraint(fields=["document", "component"], name="naive_part_once")]


_MODELS = (Document, Component, Part)


def naive(site: Site) -> list[Figure]:
    """Read and store some documents of the same traffic, in tables of their own that go when it is over."""
    with _tables():
        begun, read, documents, components = time.monotonic(), 0.0, 0, 0
        for upload in site.traffic.uploads(min(_DOCUMENTS, site.repeats)):
            parsed_at = time.monotonic()
            bom = Bom.from_json(json.loads(upload.document))  # type: ignore[attr-defined]  # added by a decorator
            read += time.monotonic() - parsed_at
            _store(upload.digest, bom)
            documents, components = documents + 1, components + upload.component_count
            if time.monotonic() - begun > _SECONDS:
                break
        seconds = time.monotonic() - begun
    return [
        Figure("naive.documents", "naive Django, one process", documents / seconds, "documents/s"),
        Figure("naive.components", "the same in components", components / seconds, "components/s"),
        Figure("naive.read", "of that, the library's share of the time", read / seconds * 100, "%"),
    ]


def _store(digest: str, bom: Bom) -> None:
    with transaction.atomic():
        document, _ = Document.objects.get_or_create(digest=digest)
        for each in bom.components:
            component, _ = Component.objects.get_or_create(
                purl=str(each.purl), defaults={"name": each.name, "version": each.version or ""}
            )
            Part.objects.get_or_create(document=document, component=component)


@contextmanager
def _tables() -> Iterator[None]:
    with connection.schema_editor() as editor:
        for model in _MODELS:
            editor.create_model(model)
    try:
        yield
    finally:
        with connection.schema_editor() as editor:
            for model in reversed(_MODELS):
                editor.delete_model(model)
