"""`./run` on an empty database: the demo estate goes in through the API, and the answer is the one its files hold."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from incidents.management.commands.demo_tour import INDICATOR
from inventory.management.demo_access import read_state
from inventory.management.demo_estate import Estate, Run
from tests.flows.client import Client
from tests.flows.conftest import KeyMaker

FOLDER = Path(__file__).resolve().parent.parent / "data" / "demo"
FIXED = (3, 9, 18)


@dataclass(frozen=True)
class Truth:
    """What the estate's files hold, found without the product: by image manifest, is the vm2 in it old?"""

    old: frozenset[str]
    fixed: frozenset[str]
    family: dict[str, str]
    """Manifest by any digest of an image."""

    def of(self, run: Run) -> str:
        return self.family.get(run.digest, "")


def read_truth() -> Truth:
    old: set[str] = set()
    fixed: set[str] = set()
    family: dict[str, str] = {}
    for versions in json.loads((FOLDER / "images.json").read_text()).values():
        for image in versions.values():
            family |= {image[kind]: image["manifest"] for kind in ("manifest", "config", "index") if kind in image}
            found = {v for sbom in image["sboms"] for v in vm2_versions(FOLDER / "sboms" / sbom["file"])}
            if found:
                (old if min(found) < FIXED else fixed).add(image["manifest"])
    return Truth(frozenset(old), frozenset(fixed), family)


def vm2_versions(path: Path) -> set[tuple[int, ...]]:
    found: set[tuple[int, ...]] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            version = value.get("version") or value.get("versionInfo")
            if value.get("name") == "vm2" and version:
                found.add(tuple(int(part) for part in version.split(".")))
            value = list(value.values())
        if isinstance(value, list):
            for item in value:
                walk(item)

    walk(json.loads(gzip.decompress(path.read_bytes())))
    return found


def tour(base: str) -> str:
    output = StringIO()
    call_command("demo_tour", base=base, stdout=output)
    return output.getvalue()


@pytest.mark.slow
def test_the_tour_prints_what_the_files_hold_and_a_second_one_changes_nothing(
    site: Client, new_key: KeyMaker, settings: Any, tmp_path: Path
) -> None:
    settings.HOME = tmp_path

    said = tour(site.base)

    state = read_state(tmp_path)
    assert state is not None
    truth = read_truth()
    now = [run for run in Estate(FOLDER).runs(at=state.at) if run.ended_at is None]
    # An index on a node that does not tell its architecture is possible, not affected.
    surely = [run for run in now if run.digest == truth.of(run) or run.node_arch]
    affected = {(r.cluster, r.namespace, r.workload_name): truth.of(r) for r in surely if truth.of(r) in truth.old}
    running = set(affected.values())
    namespaces = {(cluster, namespace) for cluster, namespace, _ in affected}
    assert f"AFFECTED   {len(truth.old)} digests, {len(running)} of them running\n" in said
    assert (
        f"{len(affected)} workloads, {len({name for *_, name in affected})} services, {len(namespaces)} names" in said
    )
    assert f"possible 1, cleared by version {len({truth.of(r) for r in now} & truth.fixed)}, unknown 1;" in said
    assert "silent too long: staging-eu" in said

    responder = Client(base=site.base, key=state.keys["responder"])
    before = responder.post("/api/v1/impact", {"indicators": [INDICATOR], "limit": 500}).json()
    again = tour(site.base)
    after = responder.post("/api/v1/impact", {"indicators": [INDICATOR], "limit": 500}).json()
    assert "is loaded already" in again
    assert after["summary"] == before["summary"]
    assert [row["artifact"] for row in after["rows"]] == [row["artifact"] for row in before["rows"]]
    assert f"{before['coverage']['running_artifact_count']} running digests" in again

    # A developer of one team is answered from that team's rows alone.
    team = new_key("checkout", "incidents:read").post("/api/v1/impact", {"indicators": [INDICATOR]}).json()
    names = {name.rpartition("/")[2].partition(":")[0] for row in team["rows"] for name in row["artifact"]["names"]}
    assert names == {"checkout-api", "promotion-engine"}
    assert {place["team"] for row in team["rows"] for place in row["workloads"]} == {"checkout"}
