"""Programs and images that a build fetches, and that whoever serves them can exchange: Codecov's uploader, 2021.

What a script fetches is found by its words (formats/posture/downloads.py), so an address in a variable is not seen.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from inventory.detectors.beside import beside
from inventory.detectors.records import Detector, DownloadFact, Hit, Place, Rule, Severity, UseFact, WorkflowFacts
from inventory.formats.posture.workflow_records import DownloadCheck, RefKind, UseKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_MOVING: Final = re.compile(
    r"/latest(?:/|$)|^raw\.githubusercontent\.com/[^/]+/[^/]+/(?:refs/heads/|(?:main|master|develop|HEAD)/)"
    r"|^github\.com/[^/]+/[^/]+/raw/(?:refs/heads/|(?:main|master|develop|HEAD)/)",
    re.IGNORECASE,
)
_PROGRAM: Final = re.compile(
    r"\.(?:sh|bash|ps1|py|pl|rb|js|exe|msi|deb|rpm|apk|jar|whl|bin|run|pkg|dmg|appimage|zip|tar|tgz|tbz2?|txz|[gx]z|bz2|zst)$"
    r"|/(?:download|install|setup|bash|sh)[^/]*(?:/|$)|^(?:get|install|sh)\.|/releases?/|^raw\.githubusercontent\.com/",
    re.IGNORECASE,
)


def detect(facts: WorkflowFacts) -> Iterator[Hit]:
    """Give each download and image that is not pinned, place by place."""
    by_step: dict[tuple[str, int | None], list[DownloadFact]] = defaultdict(list)
    for download in _tools(facts.downloads):
        by_step[download.place.job, download.place.step].append(download)
    for fetched in by_step.values():
        for download in fetched:
            if (rule := _rule(download, fetched=fetched)) is not None:
                severity = _severity(download, rule, may_publish=facts.may_publish(download.place))
                yield _hit(rule, severity, subject=download.url, given=download.url, place=download.place)
    for use in facts.uses:
        if use.kind is UseKind.DOCKER and use.ref_kind is not RefKind.DIGEST:
            subject = image_subject(use)
            yield _hit(Rule.IMAGE_BY_TAG, Severity.MEDIUM, subject=subject, given=use.given, place=use.place)


def image_subject(use: UseFact) -> str:
    """Return an image without its tag, written as a `uses` writes it."""
    return f"docker://{use.path}"


def _tools(downloads: Iterable[DownloadFact]) -> Iterator[DownloadFact]:
    """Leave out checksums and signatures of what the same job fetches, unless a shell runs them."""
    by_job: dict[str, set[str]] = defaultdict(set)
    every = list(downloads)
    for download in every:
        by_job[download.place.job].add(download.url)
    left_out = {job: beside(addresses) for job, addresses in by_job.items()}
    yield from (one for one in every if one.is_run or one.url not in left_out[one.place.job])


def _rule(download: DownloadFact, *, fetched: Sequence[DownloadFact]) -> Rule | None:
    if download.is_run:
        return Rule.RUN_AS_IT_ARRIVES
    match download.check:
        case DownloadCheck.SIGNATURE:
            return None
        case DownloadCheck.CHECKSUM:
            checked = sum(one.check is DownloadCheck.CHECKSUM for one in fetched)
            return Rule.TOO_FEW_CHECKSUMS if len(download.checksums) < checked else None
        case DownloadCheck.FETCHED_CHECKSUM:
            return Rule.CHECKSUM_BESIDE
        case DownloadCheck.NONE:
            return Rule.NO_VERSION if _MOVING.search(download.url) else Rule.UNCHECKED


def _severity(download: DownloadFact, rule: Rule, *, may_publish: bool) -> Severity:
    """Grade it: what runs unseen is gravest; what does not look like a program may be data, and counts least."""
    if rule is Rule.RUN_AS_IT_ARRIVES:
        return Severity.CRITICAL if may_publish else Severity.HIGH
    if rule is Rule.CHECKSUM_BESIDE or not _PROGRAM.search(download.url):
        return Severity.LOW
    return Severity.MEDIUM


def _hit(rule: Rule, severity: Severity, *, subject: str, given: str, place: Place) -> Hit:
    return Hit(Detector.UNPINNED_TOOL, rule, severity, subject, given, (place,))
