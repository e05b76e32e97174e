"""What a component costs to read in each syntax at 100,000 of them, in a process of its own: memory and time, cold.

The clock of a shared machine changes by half between minutes. So each is read several times and the best counts, and
beside it stands what a loop that is always the same took in the same process.

`python -m tests.bench.reading [NAME…]` prints the same without a site.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tests.bench.documents import large_document
from tests.bench.figures import Figure
from tests.budgets import test_spdx_cost, test_xml_cost
from tests.inventory.formats.documents import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.bench.site import Site

COMPONENTS: Final = 100_000
RUNS: Final = 3
_MICROSECONDS, _KILOBYTES = 60, 5
_BASE: Final = "https://example.test/spdx3/"


def reading(_site: Site) -> list[Figure]:
    """Read each; the site has nothing to do with it."""
    return list(measured(WRITERS))


class Run(NamedTuple):
    """One reading in a process of its own: kilobytes before and at most, components, and processor time."""

    before: int
    after: int
    components: int
    milliseconds: int
    loop_microseconds: int


def measured(names: Iterable[str], *, components: int = COMPONENTS, times: int = RUNS) -> Iterable[Figure]:
    """Yield the figures of these syntaxes, each read so many times."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "document"
        for name in names:
            path.write_bytes(WRITERS[name](components))
            runs = [_read(path) for _ in range(times)]
            if any(run.components != components for run in runs):
                raise RuntimeError(f"components of {name} were lost: {runs}")
            what = f"{name}, {components:,} components ({path.stat().st_size / 1e6:.0f} MB)"
            yield from _figures(name, what, runs, components=components)


def _figures(name: str, what: str, runs: list[Run], *, components: int) -> Iterable[Figure]:
    best = min(runs, key=lambda run: run.milliseconds)
    spent = best.milliseconds * 1000 / components
    note = f"best of {len(runs)}; reference loop {best.loop_microseconds / 1000:.0f} ms then"
    yield Figure(f"read.{name}.cpu", f"{what}: read", spent, "us/component", _MICROSECONDS, note=note)
    memory = max(run.after - run.before for run in runs) / components
    yield Figure(f"read.{name}.memory", f"{what}: memory above its bytes", memory, "kB/component", _KILOBYTES)


def _read(path: Path) -> Run:
    told = subprocess.run(
        [sys.executable, "-m", "tests.budgets.reading_of", str(path)],
        capture_output=True, text=True, check=True, timeout=900,
    )  # fmt: skip
    return Run(*map(int, told.stdout.split()))


def _cyclonedx(components: int) -> bytes:
    return large_document(components, name="read")


def _spdx(writer: Callable[[dict[str, Any]], bytes]) -> Callable[[int], bytes]:
    return lambda components: writer(test_spdx_cost.document(components))


def _spdx3(components: int) -> bytes:
    def element(kind: str, called: str, /, **members: Any) -> dict[str, Any]:
        return {"type": kind, "spdxId": _BASE + called, "creationInfo": "_:made", **members}

    listed = [
        element(
            "software_Package",
            f"package-{place}",
            name=f"package-{place}",
            software_packageVersion="1.0",
            software_packageUrl=f"pkg:npm/package-{place}@1.0",
            verifiedUsing=[{"type": "Hash", "algorithm": "sha256", "hashValue": f"{place:064x}"}],
        )
        for place in range(components)
    ]
    needed = [
        {**element("Relationship", f"needs-{place}", relationshipType="dependsOn"), "from": _BASE + "package-0",
         "to": [_BASE + f"package-{place}"]}
        for place in range(1, components)
    ]  # fmt: skip
    made = {"type": "CreationInfo", "@id": "_:made", "specVersion": "3.0.1", "created": "2026-01-02T03:04:05Z"}
    document = element("SpdxDocument", "document", rootElement=[_BASE + "sbom"])
    sbom = element("software_Sbom", "sbom", rootElement=[_BASE + "package-0"])
    context = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
    return encode({"@context": context, "@graph": [made, document, sbom, *listed, *needed]})


def _syft(components: int) -> bytes:
    artifacts = [
        {
            "id": f"id-{place}",
            "name": f"package-{place}",
            "version": "1.0",
            "type": "npm",
            "foundBy": "javascript-lock-cataloger",
            "locations": [{"path": "/app/package-lock.json"}],
            "licenses": [{"value": "MIT", "spdxExpression": "MIT", "type": "declared"}],
            "language": "javascript",
            "cpes": [
                {"cpe": f"cpe:2.3:a:package-{place}:package-{place}:1.0:*:*:*:*:*:*:*", "source": "syft-generated"}
            ],
            "purl": f"pkg:npm/package-{place}@1.0",
        }
        for place in range(components)
    ]
    needed = [{"parent": f"id-{place}", "child": "id-0", "type": "dependency-of"} for place in range(1, components)]
    source = {"id": "root", "name": "shop", "version": "1.0", "type": "directory", "metadata": {"path": "."}}
    return encode(
        {
            "artifacts": artifacts,
            "artifactRelationships": needed,
            "source": source,
            "distro": {},
            "descriptor": {"name": "syft", "version": "1.18.1"},
            "schema": {"version": "16.0.18"},
        }
    )


WRITERS: Final[Mapping[str, Callable[[int], bytes]]] = {
    "CycloneDX JSON": _cyclonedx,
    "CycloneDX XML": test_xml_cost.document,
    "SPDX 2.3 JSON": _spdx(encode),
    "SPDX tag-value": _spdx(test_spdx_cost.WRITERS["tag_value"]),
    "SPDX YAML": _spdx(test_spdx_cost.WRITERS["yaml"]),
    "SPDX RDF": _spdx(test_spdx_cost.WRITERS["rdf"]),
    "SPDX 3 JSON-LD": _spdx3,
    "Syft JSON": _syft,
}

if __name__ == "__main__":
    for figure in measured(sys.argv[1:] or WRITERS):
        print(figure.row(), flush=True)
