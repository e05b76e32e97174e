"""What a finding says to people: its name, what is wrong, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from inventory.detectors.records import Detector, Rule

TITLES: Final[Mapping[Detector, str]] = {
    Detector.UNPINNED_TOOL: "unpinned tool download",
    Detector.UNPINNED_ACTION: "unpinned action",
}
WRONG: Final[Mapping[Rule, str]] = {
    Rule.RUN_AS_IT_ARRIVES: "A shell runs what this address serves, as it arrives.",
    Rule.NO_VERSION: "It fetches whatever is newest there, and compares it with nothing.",
    Rule.UNCHECKED: "It fetches this and compares it with nothing.",
    Rule.CHECKSUM_BESIDE: "It compares what it fetched with a checksum that it fetched, too.",
    Rule.TOO_FEW_CHECKSUMS: "The step fetches more files than its script has checksums.",
    Rule.IMAGE_BY_TAG: "A job runs in this image by a name that can move to another image.",
    Rule.BRANCH: "It runs whatever a branch of another repository holds at that moment.",
    Rule.TAG: "It runs what a tag of another repository points at, and a tag can be moved.",
    Rule.UNREADABLE: "What runs here cannot be read from the file: it is an expression, or no reference.",
}
FIXES: Final[Mapping[Rule, str]] = {
    Rule.RUN_AS_IT_ARRIVES: (
        "Fetch one version into a file, compare it with a SHA-256 that stands in the workflow, and run it then."
    ),
    Rule.NO_VERSION: "Name one version in the address, and compare the file with a SHA-256 in the workflow.",
    Rule.UNCHECKED: "Compare the file with a SHA-256 in the workflow (`sha256sum -c`), or verify its signature.",
    Rule.CHECKSUM_BESIDE: "Write the SHA-256 into the workflow: whoever serves one file may serve the other.",
    Rule.TOO_FEW_CHECKSUMS: "Write a SHA-256 into the script for each file that it fetches.",
    Rule.IMAGE_BY_TAG: "Name the image by its digest: `name@sha256:…`.",
    Rule.BRANCH: "Write the full commit that was reviewed, with its version as a comment, and let a bot raise it.",
    Rule.TAG: "Write the full commit that the tag points at, with the tag as a comment, and let a bot raise it.",
    Rule.UNREADABLE: "Write out what is used, pinned to a commit or digest.",
}
