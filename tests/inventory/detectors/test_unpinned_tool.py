"""Which downloads and images of a build nobody pins."""

from __future__ import annotations

import pytest

from inventory.detectors.records import Detector, Rule, Severity
from tests.inventory.detectors.files import found, script, workflow

SHA, OTHER = "a" * 64, "b" * 64
TOOL = "https://example.com/tool-1.2.tar.gz"
RUN, MOVES, ALONE = Rule.RUN_AS_IT_ARRIVES, Rule.NO_VERSION, Rule.UNCHECKED


def told(text: str) -> list[tuple[str, Rule, Severity]]:
    hits = [hit for hit in found(text) if hit.detector is Detector.UNPINNED_TOOL]
    return [(hit.subject, hit.rule, hit.severity) for hit in hits]


@pytest.mark.parametrize(
    "command",
    [
        "bash <(curl -s https://codecov.io/bash)",
        "curl -fsSL https://codecov.io/bash | sh",
        "curl -fsSL \\\n  https://codecov.io/bash \\\n  | sudo -E bash -s -- -f x",
        "wget -qO- codecov.io/bash | sh",
        'sh -c "$(wget -qO- https://codecov.io/bash)"',
        "eval `curl https://codecov.io/bash?token=1`",
        f"curl https://codecov.io/bash | sh\necho '{SHA}  up' | sha256sum -c",
    ],
)
def test_what_a_shell_runs_as_it_arrives_is_grave(command: str) -> None:
    assert told(workflow(script(command))) == [("codecov.io/bash", RUN, Severity.HIGH)]


@pytest.mark.parametrize(
    ("command", "rule", "severity"),
    [
        (f"curl -O {TOOL}\ntar xf tool-1.2.tar.gz", ALONE, Severity.MEDIUM),
        ("wget https://example.com/releases/latest/download/tool", MOVES, Severity.MEDIUM),
        ("curl -O https://raw.githubusercontent.com/acme/tool/main/install.sh", MOVES, Severity.MEDIUM),
        ("curl -O https://raw.githubusercontent.com/acme/tool/v1/install.sh", ALONE, Severity.MEDIUM),
        ("curl https://api.example.com/v1/things", ALONE, Severity.LOW),
        (f"curl -O {TOOL} && sha256sum -c SUMS", Rule.CHECKSUM_BESIDE, Severity.LOW),
        (f"curl -O {TOOL}\nsha256sum tool-1.2.tar.gz # {SHA}", ALONE, Severity.MEDIUM),
    ],
)
def test_what_is_fetched_and_compared_with_nothing_of_ones_own_is_told(
    command: str, rule: Rule, severity: Severity
) -> None:
    assert [(one, grade) for _, one, grade in told(workflow(script(command)))] == [(rule, severity)]


@pytest.mark.parametrize(
    "command",
    [
        f"curl -o f {TOOL} && echo '{SHA}  f' | sha256sum -c && sh f",
        f"curl -o f {TOOL}\necho '{SHA}  f' | shasum -a 256 --check",
        f"curl -O {TOOL}\ngpg --verify tool.asc tool",
        f"curl -O {TOOL}\ncosign verify-blob --bundle b tool",
        "make",
        "# curl https://codecov.io/bash | sh",
    ],
)
def test_what_is_compared_or_not_fetched_is_no_finding(command: str) -> None:
    assert told(workflow(script(command))) == []


def test_one_checksum_does_not_stand_for_two_files() -> None:
    two = f"curl -O {TOOL}\ncurl -O https://example.com/other.zip\n"

    one = told(workflow(script(f"{two}echo '{SHA}  x' | sha256sum -c")))
    both = told(workflow(script(f"{two}echo '{SHA}  x' | sha256sum -c\necho '{OTHER}  y' | sha256sum -c")))

    assert {rule for _, rule, _ in one} == {Rule.TOO_FEW_CHECKSUMS}
    assert len(one) == 2
    assert both == []


@pytest.mark.parametrize(
    "beside",
    [
        "tool-1.2.tar.gz.sha256", "tool-1.2.tar.gz.SHA512SUM", "tool-1.2.tar.gz.asc", "tool-1.2.tar.gz.sigstore.json",
        "SHA256SUMS", "SHASUMS256.txt", "checksums.txt", "tool_1.2_checksums.txt", "tool_1.2_SHA256SUMS.sig",
    ],
)  # fmt: skip
def test_a_checksum_or_signature_of_what_is_fetched_is_no_tool_itself(beside: str) -> None:
    both = f"curl -O {TOOL}\ncurl -O https://example.com/{beside}\n"

    compared = told(workflow(script(f"{both}sha256sum -c {beside}")))
    only_fetched = told(workflow(script(both)))
    pinned = told(workflow(script(f"{both}echo '{SHA}  tool-1.2.tar.gz' | sha256sum -c")))

    assert [(subject, rule) for subject, rule, _ in compared] == [(TOOL[8:], Rule.CHECKSUM_BESIDE)]
    assert [(subject, rule) for subject, rule, _ in only_fetched] == [(TOOL[8:], ALONE)]
    assert pinned == []


def test_a_checksum_is_known_for_one_in_another_step_of_its_job_too() -> None:
    text = workflow(script(f"curl -O {TOOL}"), script(f"curl -O {TOOL}.sha256\nsha256sum -c tool-1.2.tar.gz.sha256"))

    assert [subject for subject, _, _ in told(text)] == [TOOL[8:]]


@pytest.mark.parametrize(
    "command",
    [
        "curl -O https://example.com/evil.sha256",
        "curl -O https://example.com/other.zip\ncurl -O https://example.com/evil.sha256",
        "curl -O https://example.com/other.zip\ncurl -O https://elsewhere.example/SHA256SUMS",
        f"curl -O {TOOL}\ncurl https://example.com/tool-1.2.tar.gz.sha256 | sh",
    ],
)
def test_what_is_only_named_like_a_checksum_is_told(command: str) -> None:
    subjects = {subject for subject, _, _ in told(workflow(script(command)))}

    assert any(subject.lower().endswith(("sha256", "sha256sums")) for subject in subjects)


@pytest.mark.parametrize(
    ("head", "trigger", "path"),
    [
        ("    permissions: {id-token: write}\n", "push", ".github/workflows/ci.yml"),
        ("    permissions: {packages: write}\n", "push", ".github/workflows/ci.yml"),
        ("    permissions: write-all\n", "push", ".github/workflows/ci.yml"),
        ("    environment: production\n", "push", ".github/workflows/ci.yml"),
        ("", "release", ".github/workflows/ci.yml"),
        ("", "push", ".github/workflows/publish.yml"),
    ],
)
def test_it_is_gravest_in_what_can_publish(head: str, trigger: str, path: str) -> None:
    text = workflow(script("curl https://codecov.io/bash | sh"), head=head, trigger=trigger)

    assert [hit.severity for hit in found(text, path=path)] == [Severity.CRITICAL]


@pytest.mark.parametrize("head", ["    permissions: {contents: read}\n", "    permissions: read-all\n", ""])
def test_a_job_that_only_reads_can_publish_nothing(head: str) -> None:
    hits = found(workflow(script("curl https://codecov.io/bash | sh"), head=head))

    assert [hit.severity for hit in hits] == [Severity.HIGH]


def test_images_need_a_digest() -> None:
    pinned = f"docker://alpine@sha256:{SHA}"
    text = workflow("uses: docker://alpine:3.20", f"uses: {pinned}", head="    container: node:20\n")

    assert sorted(told(text)) == [
        ("docker://alpine", Rule.IMAGE_BY_TAG, Severity.MEDIUM),
        ("docker://node", Rule.IMAGE_BY_TAG, Severity.MEDIUM),
    ]


def test_one_address_is_one_finding_with_all_its_places_and_the_gravest_of_them_counts() -> None:
    twice = workflow(script("curl -O https://x.io/install.sh"), script("curl https://x.io/install.sh | sh"))

    (hit,) = found(twice)

    assert (hit.rule, hit.severity) == (RUN, Severity.HIGH)
    assert [(place.job, place.step) for place in hit.places] == [("test", 0), ("test", 1)]
