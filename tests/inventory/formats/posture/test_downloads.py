"""What a step's script fetches by address, and whether it looks at what it got."""

from __future__ import annotations

import pytest

from inventory.formats.posture.downloads import find_downloads
from inventory.formats.posture.workflow_records import DownloadCheck, DownloadRecord
from inventory.identity.addresses import normal_address
from tests.inventory.formats.posture.documents import read

SHA = "a" * 64
UPLOADER = "codecov.io/bash"


def found(script: str) -> list[DownloadRecord]:
    return list(find_downloads(script, job="test", step=2, line=7))


@pytest.mark.parametrize(
    "script",
    [
        "bash <(curl -s https://codecov.io/bash)",
        "bash <(curl -s https://codecov.io/bash) -t token",
        "curl -s https://codecov.io/bash | bash",
        "curl -s https://codecov.io/bash | sudo -E bash -s -- -f x",
        'bash -c "$(curl -fsSL https://codecov.io/bash)"',
        "wget -qO- codecov.io/bash | sh",
        "source <(curl \\\n  -s \\\n  'https://codecov.io/bash?x=1')",
        "curl https://codecov.io/bash | python3 -",
    ],
)
def test_what_a_shell_runs_as_it_arrives_is_run_and_unchecked(script: str) -> None:
    assert [(one.url, one.is_run, one.check) for one in found(script)] == [(UPLOADER, True, DownloadCheck.NONE)]


def test_a_checksum_in_the_script_that_is_compared_is_a_check() -> None:
    script = f'curl -o up https://codecov.io/bash\necho "{SHA}  up" | sha256sum -c -\nbash up'

    (one,) = found(script)
    assert (one.url, one.is_run, one.check, one.checksums) == (
        UPLOADER,
        False,
        DownloadCheck.CHECKSUM,
        (f"sha256:{SHA}",),
    )


@pytest.mark.parametrize(
    ("script", "check"),
    [
        (
            "curl -O https://x.io/tool\ncurl -O https://x.io/SUMS\nsha256sum --check SUMS",
            DownloadCheck.FETCHED_CHECKSUM,
        ),
        ("curl -O https://x.io/tool\nshasum -a 256 -c tool.sha", DownloadCheck.FETCHED_CHECKSUM),
        ("wget https://x.io/tool\ngpg --verify tool.asc tool", DownloadCheck.SIGNATURE),
        (f"wget https://x.io/tool\n# {SHA}", DownloadCheck.NONE),
        (f"wget https://x.io/tool\nsha256sum tool  # {SHA}", DownloadCheck.NONE),
        (f"curl https://x.io/tool | sh\necho {SHA} x | sha256sum -c", DownloadCheck.NONE),
    ],
)
def test_only_what_is_compared_with_a_value_of_the_script_counts_as_checked(script: str, check: DownloadCheck) -> None:
    assert {one.check for one in found(script) if one.url == "x.io/tool"} == {check}


@pytest.mark.parametrize(
    "script", ["echo https://codecov.io/bash", "# curl https://codecov.io/bash", "git clone x", ""]
)
def test_an_address_that_nothing_fetches_is_no_download(script: str) -> None:
    assert found(script) == []


def test_an_address_is_compared_without_scheme_query_and_case_of_its_host() -> None:
    assert normal_address("HTTPS://user@Codecov.IO/bash?x=1#y") == UPLOADER


def test_a_workflow_says_what_its_steps_download_which_variables_they_have_and_as_whom_they_sign_in() -> None:
    record = read(b"""\
on: push
env: {ALL: 1}
jobs:
  test:
    runs-on: ubuntu-latest
    env: {ONE: 1}
    steps:
      - uses: actions/checkout@v4
      - run: bash <(curl -s https://codecov.io/bash)
        env: {CODECOV_TOKEN: "${{ secrets.CODECOV }}"}
      - uses: aws-actions/configure-aws-credentials@v4
        with: {role-to-assume: "arn:aws:iam::1:role/deploy"}
""")

    assert [(one.job, one.step, one.url, one.line) for one in record.downloads] == [("test", 1, UPLOADER, 9)]
    assert record.jobs[0].env == ("ALL", "CODECOV_TOKEN", "ONE")
    assert record.jobs[0].roles == ("role-to-assume: arn:aws:iam::1:role/deploy",)


def test_a_composite_action_says_what_its_steps_download() -> None:
    record = read(b"""\
name: x
runs:
  using: composite
  steps:
    - shell: bash
      run: curl https://codecov.io/bash | bash
""")

    assert [one.url for one in record.downloads] == [UPLOADER]
