"""Makes CSAF documents for tests: products with what identifies them, on platforms, and their statuses."""

import json
from typing import Any

EL8, EL9 = "cpe:/a:redhat:enterprise_linux:8::appstream", "cpe:/a:redhat:enterprise_linux:9::appstream"


def product(product_id: str, **helper: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"product_id": product_id, "name": product_id}
    return {**found, "product_identification_helper": helper} if helper else found


def part_of(part: str, whole: str) -> dict[str, Any]:
    full = {"product_id": f"{whole}:{part}", "name": f"{part} as a component of {whole}"}
    return {
        "category": "default_component_of",
        "full_product_name": full,
        "product_reference": part,
        "relates_to_product_reference": whole,
    }


def csaf(
    *products: dict[str, Any],
    relationships: tuple[dict[str, Any], ...] = (),
    identifier: str = "RHSA-2026:1001",
    cve: str = "CVE-2026-4001",
    category: str = "csaf_security_advisory",
    **statuses: list[str],
) -> bytes:
    document = {
        "category": category,
        "csaf_version": "2.0",
        "title": "Important: shop security update",
        "publisher": {"category": "vendor", "name": "Red Shop", "namespace": "https://security.shop.example"},
        "tracking": {
            "id": identifier,
            "current_release_date": "2026-03-02T00:00:00Z",
            "initial_release_date": "2026-03-01T00:00:00Z",
            "status": "final",
            "version": "1",
            "revision_history": [{"date": "2026-03-01T00:00:00Z", "number": "1", "summary": "Initial."}],
        },
    }
    tree = {"full_product_names": list(products), "relationships": list(relationships)}
    return json.dumps(
        {"document": document, "product_tree": tree, "vulnerabilities": [{"cve": cve, "product_status": statuses}]}
    ).encode()
