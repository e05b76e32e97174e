"""XZ, CVE-2024-3094: a base image, what was built on it, and what only looks like it."""

from __future__ import annotations

import json

from tests.factories import cyclonedx, digest, image_index, openvex
from tests.flows.conftest import KeyMaker
from tests.flows.scenario import Estate, running

PACKAGE = "pkg:deb/debian/liblzma5"
ASKED = {"kind": "package", "purl": f"{PACKAGE}?arch=amd64", "range": "vers:deb/>=5.5.1alpha-0.1|<5.6.1+really5.4.5-1"}

ALPINE = {"kind": "package", "purl": "pkg:apk/alpine/xz", "range": "vers:apk/>=5.6.0|<=5.6.1-r0"}
TAG = "fd1b975b7851e081ed6e5cf63df946cd5cbdbb94"


def component(version: str, arch: str = "amd64") -> str:
    return f"{PACKAGE}@{version}?arch={arch}&distro=debian-13"


def manifest(*layers: str) -> bytes:
    media = "application/vnd.oci.image"
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": f"{media}.manifest.v1+json",
            "config": {"mediaType": f"{media}.config.v1+json", "digest": digest(f"config of {layers}"), "size": 1},
            "layers": [{"mediaType": f"{media}.layer.v1.tar+gzip", "digest": digest(one), "size": 9} for one in layers],
        }
    ).encode()


def test_xz_is_found_in_the_base_image_and_in_all_that_was_built_on_it(new_key: KeyMaker) -> None:
    estate = Estate(new_key("shop", "evidence:write", "inventory:read", "incidents:read"))
    estate.send_bytes("B", manifest("one", "two"), name="docker.io/library/debian:testing-20240311")
    estate.send(cyclonedx(component("5.6.1-1"), subject=estate.digest("B")))
    estate.send(cyclonedx("pkg:npm/app@1", subject=estate.digest("C")))
    base = {"uri": "pkg:docker/debian@testing-20240311", "digest": {"sha256": estate.digest("B")[7:]}}
    estate.built("C", "c", commit="c" * 40, path=".github/workflows/x.yml", at="2024-03-20T00:00:00Z", inputs=[base])
    estate.send_bytes("D", manifest("one", "two", "three"), name="registry.example/d:1")
    estate.send(cyclonedx(component("5.4.1-1"), subject=estate.digest("E")))
    estate.send(cyclonedx(component("5.6.1+really5.4.5-1"), subject=estate.digest("F")))
    estate.send(cyclonedx("pkg:apk/alpine/xz@5.6.1-r0", subject=estate.digest("G")))
    estate.send(openvex("pkg:apk/alpine/xz@5.6.1-r0", name="CVE-2024-3094", status="not_affected"))
    estate.send_bytes("index", image_index(estate.digest("B"), estate.digest("H")), name="registry.example/both:1")
    source = {"uri": "git+https://github.com/tukaani-project/xz@refs/tags/v5.6.1", "digest": {"gitCommit": TAG}}
    estate.built("I", "i", commit="e" * 40, path=".github/workflows/x.yml", at="2024-03-21T00:00:00Z", inputs=[source])
    estate.send(cyclonedx(component("5.6.1-1", arch="arm64"), subject=estate.digest("H")))
    estate.runs(*(running(estate.digest(name), name.lower()) for name in "CDEFGHI"))
    estate.settle()

    answer = estate.ask(ASKED)

    rows = estate.rows(answer)
    assert estate.statuses(answer) == {
        "B": "affected", "C": "affected", "D": "affected", "E": "cleared", "F": "cleared", "H": "cleared",
        "I": "unknown",
    }  # fmt: skip
    via = {name: [(one["kind"], one["digest"], one["method"]) for one in rows[name]["via"]] for name in "CD"}
    assert via == {
        "C": [("base_image", estate.digest("B"), "provenance_dependency")],
        "D": [("base_image", estate.digest("B"), "layer_prefix")],
    }
    assert rows["H"]["matches"][0]["reason"] == "built for another arch"
    assert [rows[name]["running"] for name in "BCD"] == [False, True, True]
    # The index that lists the affected platform is told with it; what it lists beside stays cleared.
    lists = {"kind": "index", "digest": estate.digest("index"), "method": "it lists this digest"}
    assert rows["B"]["via"] == [lists]

    alpine = estate.ask(ALPINE)

    assert estate.statuses(alpine) == {"G": "affected", "D": "unknown", "I": "unknown"}  # these have no SBOM
    assert estate.rows(alpine)["G"]["vex"] == ["CVE-2024-3094 not_affected; says Acme Security, 2026-02-01"]

    tag = estate.ask({"kind": "commit", "sha": TAG})

    found = {name: status for name, status in estate.statuses(tag).items() if status != "unknown"}
    assert found == {"I": "possible"}
    assert "built with the commit asked for" in estate.rows(tag)["I"]["matches"][0]["reason"]
