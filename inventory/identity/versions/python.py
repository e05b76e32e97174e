"""Python versions, as PEP 440 orders them (through `packaging`, whose Version is its own order key)."""

from __future__ import annotations

from packaging.version import InvalidVersion, Version

from inventory.identity.versions.errors import UnevaluableVersion


def pypi_key(version: str) -> Version:
    """Return the order key of a Python version."""
    try:
        return Version(version)
    except InvalidVersion as error:
        raise UnevaluableVersion("pypi", version) from error


def without_local(version: str) -> str:
    """Return the version without its local label: what a bound that names none is about (`2.0.1+cpu` is 2.0.1)."""
    return version.partition("+")[0]
