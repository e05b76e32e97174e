"""Reads the documents in tests/data, each of a folder with its ORIGIN.md."""

from pathlib import Path

from inventory.formats.image_records import ImageRecord
from inventory.formats.read import read_document
from inventory.formats.records import RuntimeRecord, SbomRecord

DATA = Path(__file__).resolve().parents[2] / "data"


def raw(name: str) -> bytes:
    return (DATA / name).read_bytes()


def sbom(name: str) -> SbomRecord:
    return read_sbom(raw(name))


def read_sbom(data: bytes) -> SbomRecord:
    record = read_document(data)
    assert isinstance(record, SbomRecord)
    return record


def runtime(name: str) -> RuntimeRecord:
    return read_runtime(raw(name))


def read_runtime(data: bytes) -> RuntimeRecord:
    record = read_document(data, kind="deployment")
    assert isinstance(record, RuntimeRecord)
    return record


def image(name: str) -> ImageRecord:
    record = read_document(raw(name))
    assert isinstance(record, ImageRecord)
    return record
