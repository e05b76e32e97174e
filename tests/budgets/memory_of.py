"""Read and apply one large document in a process of its own, and say how much memory it took: run by test_memory.py."""

from __future__ import annotations

import resource
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402  (models need Django)

settings.DATABASES["default"]["NAME"] = settings.DATABASES["interning"]["NAME"] = sys.argv[1]

from inventory.ingest import process  # noqa: E402


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


process.process_next()  # a small one: loads all that every document needs
before = peak_megabytes()
assert process.process_next()
sys.stdout.write(f"{before:.0f} {peak_megabytes():.0f}\n")
