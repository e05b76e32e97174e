"""How long the pages take that people wait for, each with another subject every time."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from django.conf import settings

from inventory.models import Artifact
from tests.bench.estate import CLUSTERS
from tests.bench.figures import Figure, percentile
from tests.bench.questions import purls_of
from tests.bench.wire import Wire

if TYPE_CHECKING:
    from tests.bench.site import Site

_LIMIT_MS = 200


def pages(site: Site) -> list[Figure]:
    """Open each page several times, signed in as a responder."""
    wire = Wire(site.base, {"Cookie": f"{settings.SESSION_COOKIE_NAME}={site.session}"})
    figures = []
    for name, choices in _paths(site).items():
        for path in choices[: site.repeats]:
            wire.get(path)
        seconds = [wire.get(choices[number % len(choices)]).seconds for number in range(site.repeats)]
        figures.append(Figure(f"page.{name}", f"page: {name}, p95", percentile(seconds, 95) * 1000, "ms", _LIMIT_MS))
    return figures


def _paths(site: Site) -> dict[str, list[str]]:
    step = max(1, site.estate.scale.builds // 40)
    digests = Artifact.objects.filter(pk__in=range(1, site.estate.scale.builds, step)).values_list("digest", flat=True)
    common, ubiquitous = purls_of("common"), purls_of("ubiquitous")
    return {
        "home": ["/"],
        "artifact": [f"/artifacts/{digest}" for digest in digests],
        "artifacts, list": ["/artifacts", "/artifacts?q=service-00001"],
        "artifacts, running or without SBOM": ["/artifacts?running=true", "/artifacts?sbom=none"],
        "package, common": [f"/packages/{quote(purl, safe='')}" for purl in common],
        "package, ubiquitous": [f"/packages/{quote(purl, safe='')}" for purl in ubiquitous],
        "packages, list": ["/packages", "/packages?q=openssl"],
        "workloads of a cluster": [f"/workloads?cluster=cluster-{number:02}" for number in range(CLUSTERS)],
        "workloads, all clusters": ["/workloads"],
        "clusters": ["/clusters"],
        "evidence, list": ["/evidence"],
        "search": ["/search?q=openssl", "/search?q=service-0000", "/search?q=amber"],
    }
