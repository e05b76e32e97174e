"""What a package costs in each syntax of SPDX: in calls, and against json.loads of its JSON form."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from inventory.formats.read import read_document
from tests.effort import assert_linear, calls_of, cost
from tests.inventory.formats.documents import encode, package, relation, spdx
from tests.inventory.formats.spdx_writers import rdf, tag_value, xml, yaml_text

CALLS = {"tag_value": 150, "yaml": 155, "xml": 180, "rdf": 220}
"""Of a package and its relationship; about a seventh more than there are."""
RATIO = 45.0
"""Three times what the dearest syntax takes: another order of growth would show, and no noise does."""
PACKAGES = 1_000
KILOBYTES = 5.0
WRITERS = {"tag_value": tag_value, "yaml": yaml_text, "xml": xml, "rdf": rdf}


def document(packages: int) -> dict[str, Any]:
    """Packages with what syft writes of each, all of them needed by the first."""
    listed = [
        package(
            f"package-{place}",
            supplier="NOASSERTION",
            filesAnalyzed=False,
            licenseConcluded="NOASSERTION",
            licenseDeclared="MIT",
            copyrightText="NOASSERTION",
            checksums=[{"algorithm": "SHA256", "checksumValue": f"{place:064x}"}],
            externalRefs=[
                reference("SECURITY", "cpe23Type", f"cpe:2.3:a:package-{place}:package-{place}:1.0:*:*:*:*:*:*:*"),
                reference("PACKAGE-MANAGER", "purl", f"pkg:npm/package-{place}@1.0"),
            ],
        )
        for place in range(packages)
    ]
    needed = [relation("package-0", "DEPENDS_ON", f"package-{place}") for place in range(1, packages)]
    return spdx(*listed, relationships=[relation("DOCUMENT", "DESCRIBES", "package-0"), *needed])


def reference(category: str, kind: str, locator: str) -> dict[str, str]:
    return {"referenceCategory": category, "referenceType": kind, "referenceLocator": locator}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_package_costs_a_few_hundred_calls_in_any_syntax(writer: str) -> None:
    data = WRITERS[writer](document(PACKAGES))
    read_document(data)  # its purls are parsed once for all documents that name them

    assert calls_of(lambda: read_document(data)) <= CALLS[writer] * PACKAGES


@pytest.mark.parametrize("writer", WRITERS)
def test_a_package_costs_some_ten_times_in_any_syntax_what_json_loads_takes_for_it(writer: str) -> None:
    model = document(PACKAGES)
    data, known = WRITERS[writer](model), encode(model)
    read_document(data)

    assert cost(lambda: read_document(data), of=lambda: json.loads(known), limit=RATIO) <= RATIO


@pytest.mark.parametrize("writer", WRITERS)
def test_a_package_costs_the_same_in_a_document_ten_times_as_long(writer: str) -> None:
    short, long = WRITERS[writer](document(300)), WRITERS[writer](document(3_000))

    assert_linear(read_document, short, long)


@pytest.mark.slow
@pytest.mark.parametrize("writer", WRITERS)
def test_thirty_thousand_packages_take_five_kilobytes_each(writer: str, tmp_path: Path) -> None:
    path, count = tmp_path / "document", 30_000
    path.write_bytes(WRITERS[writer](document(count)))

    told = subprocess.run(
        [sys.executable, "-m", "tests.budgets.reading_of", str(path)],
        capture_output=True, text=True, check=True, timeout=600,
    )  # fmt: skip

    before, after, found, *_ = map(int, told.stdout.split())
    assert found == count
    assert (after - before) / count <= KILOBYTES
