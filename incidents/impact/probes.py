"""What is looked for where somebody asks by origin: from an indicator to the values that evidence may have of it. Pure.

A probe is a stretch of texts in one field, so that an exact value and everything that begins alike are asked alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inventory.identity.indicators import IndicatorKind
from inventory.identity.repositories import FORGES
from inventory.trust.patterns import literal_beginning, matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from incidents.impact.candidates import Placed
    from inventory.identity.indicators import Indicator

ORIGIN_KINDS: Final = frozenset(
    {
        IndicatorKind.REPOSITORY,
        IndicatorKind.WORKFLOW,
        IndicatorKind.RUN,
        IndicatorKind.BUILDER,
        IndicatorKind.SIGNER,
        IndicatorKind.COMMIT,
        IndicatorKind.ACCOUNT,
    }
)
"""Kinds that attestations answer."""
_LAST: Final = "\U0010ffff"
_HEX_END: Final = "g"
_FULL_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ADDRESSES: Final = (
    "https://{0}", "https://{0}.git", "http://{0}", "{0}", "{0}.git", "git+https://{0}", "git+https://{0}.git",
    "git://{0}", "git://{0}.git", "ssh://git@{0}", "ssh://git@{0}.git", "git+ssh://git@{0}.git", "https://{0}/",
)  # fmt: skip
"""How images write where they come from."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Values from `low` up to, not including, `high`, in one field of the evidence; `text` says it of what is found.

    `also` narrows: the path of a workflow, the issuer of an identity, the repository of a commit, a runner. `pattern`
    is held against what is found; several values that fit a mere beginning are sure of none.
    """

    place: int
    field: str
    low: str
    high: str
    text: str
    also: str = ""
    pattern: str = ""
    is_beginning: bool = False
    since: datetime | None = None
    until: datetime | None = None

    @property
    def has_window(self) -> bool:
        return self.since is not None or self.until is not None

    def fits(self, value: str) -> bool:
        """Say whether a value that the stretch holds is meant."""
        return not self.pattern or matches(self.pattern, value)


def probes_of(asked: Iterable[Placed]) -> tuple[Probe, ...]:
    """Return what is looked for."""
    return tuple(probe for place, indicator in asked for probe in _PROBES[indicator.kind](place, indicator))


def _repository(place: int, indicator: Indicator) -> Iterator[Probe]:
    name = dict(indicator.details)["repository"]
    yield _exact(place, indicator, "repository", name, f"built from {name}")
    under = f"https://{name}/".lower()
    yield _under(place, indicator, "builder", under, f"built by a workflow of {name}")
    for address in _ADDRESSES:
        yield _exact(place, indicator, "label_source", address.format(name).lower(), f"built from {name}")
    host, _, path = name.partition("/")
    for ending in ("", ".git"):
        yield _exact(place, indicator, "label_source", f"git@{host}:{path}{ending}".lower(), f"built from {name}")


def _workflow(place: int, indicator: Indicator) -> Iterator[Probe]:
    named = dict(indicator.details)
    name, path = named.get("repository", ""), named["path"]
    if not name:
        said = f"built by the {path} of a repository"
        yield _exact(place, indicator, "workflow_path", path, said)
        yield _exact(place, indicator, "builder_path", path.lower(), said)
        return
    said = f"built by {path} of {name}"
    yield _exact(place, indicator, "workflow", name, said, also=path)
    yield from _exact_or_at(place, indicator, f"https://{name}/{path}".lower(), said)


def _run(place: int, indicator: Indicator) -> Iterator[Probe]:
    address = dict(indicator.details)["url"]
    for field in ("run", "builder"):
        value = address.lower() if field == "builder" else address
        yield _exact(place, indicator, field, value, "made by the run asked for")
        if "/attempts/" not in address:
            yield _under(place, indicator, field, f"{value}/attempts/", "made by an attempt of the run asked for")


def _builder(place: int, indicator: Indicator) -> Iterator[Probe]:
    named = dict(indicator.details)
    said = f"built by {named['id']}"
    runner = named.get("runner", "")
    if "@" in named["id"].rpartition("/")[2]:
        yield _exact(place, indicator, "builder", named["id"].lower(), said, also=runner)
    else:
        yield from _exact_or_at(place, indicator, named["id"].lower(), said, also=runner)


def _signer(place: int, indicator: Indicator) -> Iterator[Probe]:
    named = dict(indicator.details)
    issuer, pattern = named.get("issuer", ""), named.get("identity_pattern", "")
    if "key" in named:
        yield _exact(place, indicator, "key", named["key"], f"signed by the key {named['key']}")
    if "identity" in named:
        yield _exact(place, indicator, "identity", named["identity"], f"signed by {named['identity']}", also=issuer)
    if pattern:
        low = literal_beginning(pattern)
        said = f"signed by an identity that {pattern} matches"
        yield Probe(place, "identity", low, low + _LAST, said, issuer, pattern, False, *_window(indicator))


def _commit(place: int, indicator: Indicator) -> Iterator[Probe]:
    named = dict(indicator.details)
    sha, repository = named["sha"], named.get("repository", "")
    is_full = _FULL_COMMIT.fullmatch(sha) is not None
    said = "the commit asked for" if is_full else f"a commit that begins with {sha}"
    high = sha + "\x01" if is_full else sha + _HEX_END
    for field, where in (("commit", "built from"), ("label_commit", "built from"), ("input", "built with")):
        also = "" if field == "label_commit" else repository
        yield Probe(place, field, sha, high, f"{where} {said}", also, "", not is_full, *_window(indicator))


def _account(place: int, indicator: Indicator) -> Iterator[Probe]:
    login = dict(indicator.details)["login"]
    yield _exact(place, indicator, "pushed", login, f"pushed to a registry by {login}")
    yield _exact(place, indicator, "identity", login, f"signed by {login}")
    yield _exact(place, indicator, "started", login.lower(), f"built by a run that {login} started")
    owners = [login.lower()] if "/" in login else [f"{forge}/{login.lower()}" for forge in sorted(FORGES)]
    for owner in owners if "@" not in login else ():
        yield _under(place, indicator, "repository", f"{owner}/", f"built from a repository of {owner}")


def _exact(place: int, indicator: Indicator, field: str, value: str, text: str, *, also: str = "") -> Probe:
    return Probe(place, field, value, value + "\x01", text, also, "", False, *_window(indicator))


def _under(place: int, indicator: Indicator, field: str, start: str, text: str, *, also: str = "") -> Probe:
    return Probe(place, field, start, start + _LAST, text, also, "", False, *_window(indicator))


def _exact_or_at(place: int, indicator: Indicator, value: str, text: str, *, also: str = "") -> Iterator[Probe]:
    """Look for a builder as given, and at any ref."""
    yield _exact(place, indicator, "builder", value, text, also=also)
    yield _under(place, indicator, "builder", f"{value}@", text, also=also)


def _window(indicator: Indicator) -> tuple[datetime | None, datetime | None]:
    return indicator.valid_from, indicator.valid_to


_PROBES: Final = {
    IndicatorKind.REPOSITORY: _repository,
    IndicatorKind.WORKFLOW: _workflow,
    IndicatorKind.RUN: _run,
    IndicatorKind.BUILDER: _builder,
    IndicatorKind.SIGNER: _signer,
    IndicatorKind.COMMIT: _commit,
    IndicatorKind.ACCOUNT: _account,
}
