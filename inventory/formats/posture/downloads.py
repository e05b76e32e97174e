"""Finds what a step's script fetches from an address and whether it looks at what it got.

A script can fetch in ways that no reader sees. So what is found here exposes a run, and only a checksum that stands in
the same script, and is compared there, counts as a check.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from inventory.formats.posture.workflow_records import DownloadCheck, DownloadRecord
from inventory.identity.addresses import normal_address

_MOST_URLS: Final = 200
_FETCH: Final = re.compile(
    r"(?<![\w.-])(?:curl|wget|aria2c|iwr|irm|Invoke-WebRequest|Invoke-RestMethod|Start-BitsTransfer|DownloadString|DownloadFile|http|xh)(?![\w-])",
    re.IGNORECASE,
)
_URL: Final = re.compile(r"""(?:https?)://[^\s"'`<>|;()\\]+""", re.IGNORECASE)
_BARE: Final = re.compile(
    r"""(?<![\w./@:$-])((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}/[^\s"'`<>|;()\\]+)""", re.IGNORECASE
)
"""curl takes an address without scheme, too."""
_RUN: Final = re.compile(
    r"\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:env\s+)?(?:/(?:usr/)?bin/)?(?:ba|z|da|k)?sh\b|\|\s*(?:sudo\s+)?(?:python3?|node|perl|ruby|pwsh|iex)\b"
    r"|(?:\b(?:ba|z|da|k)?sh|\bsource|\beval|(?:^|\s)\.)\s+(?:-\S+\s+)*[\"']?(?:<\(|\$\(|`)|\biex\b|Invoke-Expression",
    re.IGNORECASE,
)
_CHECKSUM: Final = re.compile(
    r"\b(?:sha(?:1|224|256|384|512)sum|shasum)\b[^|;&\n]*?\s(?:-\w*c\w*|--check)\b|\bGet-FileHash\b", re.IGNORECASE
)
_SIGNATURE: Final = re.compile(
    r"\bgpgv?\b[^|;&\n]*(?:--verify|\s\S+\.(?:sig|asc))|\bcosign\s+verify|\bminisign\s+-V|\bslsa-verifier\b|\bgh\s+attestation\s+verify",
    re.IGNORECASE,
)
_HEX: Final = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{128}|[0-9a-f]{96}|[0-9a-f]{64})(?![0-9a-f])", re.IGNORECASE)
_ALGORITHM: Final = {64: "sha256", 96: "sha384", 128: "sha512"}


def find_downloads(script: str, *, job: str, step: int, line: int) -> Iterator[DownloadRecord]:
    """Yield each address that a script fetches, once, with how it is checked. `line` is where the script begins."""
    joined = script.replace("\\\r\n", "  ").replace("\\\n", " ").replace("`\n", " ")
    checksums = tuple(f"{_ALGORITHM[len(found)]}:{found.lower()}" for found in dict.fromkeys(_HEX.findall(joined)))
    check = _check_of(joined, has_checksum=bool(checksums))
    seen: dict[str, bool] = {}
    for command in joined.splitlines():
        if _FETCH.search(command) and not command.lstrip().startswith("#"):
            is_run = _RUN.search(command) is not None
            for url in _addresses(command):
                seen[url] = seen.get(url, False) or is_run
    for url, is_run in list(seen.items())[:_MOST_URLS]:
        # What is handed to a shell as it arrives cannot have been compared first.
        yield DownloadRecord(job, step, url, is_run, DownloadCheck.NONE if is_run else check, checksums, line)


def _check_of(script: str, *, has_checksum: bool) -> DownloadCheck:
    if _CHECKSUM.search(script):
        return DownloadCheck.CHECKSUM if has_checksum else DownloadCheck.FETCHED_CHECKSUM
    return DownloadCheck.SIGNATURE if _SIGNATURE.search(script) else DownloadCheck.NONE


def _addresses(command: str) -> Iterator[str]:
    found = [*_URL.findall(command), *_BARE.findall(_URL.sub(" ", command))]
    yield from dict.fromkeys(address for url in found if "/" in (address := normal_address(url)) or address)
