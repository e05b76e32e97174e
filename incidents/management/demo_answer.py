"""The tour's print-out: an answer of the incident API on one screen, with the API's own counts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

MAX_LINES = 40
MAX_COLUMNS = 100
_SHOWN_ROWS = 14
_SHOWN_CLUSTERS = 6
_ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Person:
    """One sign-in to show."""

    username: str
    password: str
    role: str


@dataclass(frozen=True, slots=True)
class Tour:
    """What stands around the answer: the question in words, where to look, how to get in."""

    question: str
    page: str
    sign_in_page: str
    people: tuple[Person, ...]


def print_out(answer: Json, *, tour: Tour) -> list[str]:
    """Return the lines to print: at most MAX_LINES of at most MAX_COLUMNS characters.

    `answer` is a whole answer of POST /api/v1/impact (docs/api.md), its rows of all pages joined.
    """
    rows = [row for row in answer["rows"] if row["status"] in {"affected", "possible"}]
    around = [
        *_question(answer, tour=tour),
        *_summary(answer["summary"], rows=rows),
        "",
        *_clusters(answer["clusters"]),
        "",
        *_coverage(answer["coverage"]),
        "",
        *_doors(tour),
    ]
    table = _table(rows, room=MAX_LINES - len(around) - 1)
    split = around.index("Coverage")
    lines = [*around[:split], *table, "", *around[split:]]
    return [_cut(line) for line in lines[:MAX_LINES]]


def _question(answer: Json, *, tour: Tour) -> list[str]:
    indicators = answer["asked"]["indicators"]
    asked = ", ".join(_indicator(indicator) for indicator in indicators)
    backlog = answer["backlog"]
    waiting = f"{backlog['evidence_count']} documents waiting, {backlog['quarantined_count']} quarantined"
    return [
        f"Question   {tour.question}",
        f"Asked      {asked}",
        f"Data as of {answer['data_as_of']}, {waiting}",
        "",
    ]


def _indicator(indicator: Json) -> str:
    return " ".join(str(part) for part in (indicator.get("purl") or indicator["given"], indicator.get("range")) if part)


def _summary(summary: Json, *, rows: list[Json]) -> list[str]:
    affected = summary["affected"]
    services = {
        place["service"] or place["name"] for row in rows if row["status"] == "affected" for place in row["workloads"]
    }
    counts = {status: _count(summary[status], "artifact") for status in ("possible", "cleared", "unknown")}
    digests = _things(_count(affected, "artifact"), "digest")
    where = ", ".join(
        [
            _things(_count(affected, "workload"), "workload"),
            _things(len(services), "service"),
            _things(_count(affected, "namespace"), "namespace"),
            _things(_count(affected, "cluster"), "cluster"),
        ]
    )
    others = f"possible {counts['possible']}, cleared by version {counts['cleared']}, unknown {counts['unknown']}"
    return [
        f"AFFECTED   {digests}, {_count(affected, 'running_artifact')} of them running",
        f"           in {where}",
        f"           {others}; exposed in builds alone {_count(summary['build_exposure'], 'artifact')}",
    ]


def _count(counts: Json, thing: str) -> int:
    """An empty object is a zero: the API leaves out what it did not find."""
    return int(counts.get(f"{thing}_count", 0))


def _things(count: int, noun: str, *, plural: str = "s") -> str:
    return f"{count} {noun}{'' if count == 1 else plural}"


def _clusters(clusters: list[Json]) -> list[str]:
    lines = ["Where it runs, possible included (workloads by namespace)"]
    for cluster in clusters[:_SHOWN_CLUSTERS]:
        places = ", ".join(f"{place['namespace']} {place['workload_count']}" for place in cluster["namespaces"])
        lines.append(f"  {cluster['cluster']} ({cluster['environment']}): {places}")
    if len(clusters) > _SHOWN_CLUSTERS:
        lines.append(f"  and {len(clusters) - _SHOWN_CLUSTERS} more clusters on the page")
    return lines if clusters else [*lines, "  nowhere that is known"]


def _table(rows: list[Json], *, room: int) -> list[str]:
    """Return as many rows as fit, most widespread first as the API orders them, and say how many do not."""
    fits = max(0, min(_SHOWN_ROWS, room - 2, len(rows)))
    lines = ["Digests, most widespread first"]
    lines += [_row(row) for row in rows[:fits]]
    left = len(rows) - fits
    return [*lines, f"  and {left} more on the page"] if left else lines


def _row(row: Json) -> str:
    digest = (row["artifact"]["digest"] or "no digest")[:15]
    name = _short_name(row["artifact"]["names"])
    found = " ".join(sorted({_version(match["purl"]) for match in row["matches"] if match["purl"]}))
    count = len({(w["cluster"], w["namespace"], w["kind"], w["name"]) for w in row["workloads"]})
    runs = _things(count, "workload") if row["running"] else "not running"
    status = "in build" if row["effect"] == "build" and row["status"] == "affected" else row["status"]
    return f"  {digest} {name:<23.23} {status:<8} {found:<7} {runs:<11}  {_path(row['matches'])}"


def _short_name(names: list[str]) -> str:
    """Prefer a name with a tag: it tells the version."""
    short = [name.rsplit("/", 1)[-1] for name in names]
    return next((name for name in short if ":" in name), short[0] if short else "")


def _version(purl: str) -> str:
    return purl.rpartition("@")[2].partition("?")[0]


def _path(matches: list[Json]) -> str:
    """Say how the match came in: by name, or through which direct dependency."""
    paths = [match["path"] for match in matches if match["path"]]
    if not paths:
        return "path not recorded"
    shortest = min(paths, key=len)
    if len(shortest) == 1:
        return "direct"
    return f"via {_package(shortest[0])}, {len(shortest)} steps"


def _package(step: str) -> str:
    return step.removeprefix("pkg:").partition("/")[2].rpartition("@")[0] or step


def _coverage(coverage: Json) -> list[str]:
    stale = defaultdict(list)
    for cluster in coverage["clusters"]:
        stale[cluster["stale"]].append(cluster["name"])
    complete, partial = coverage["sbom_complete_count"], coverage["sbom_partial_count"]
    sboms = f"{complete} with a complete SBOM, {partial} with a partial one, {coverage['without_sbom_count']} without"
    without_digest = _things(coverage["containers_without_digest_count"], "container") + " without a digest"
    unresolved = _things(coverage["index_unresolved_count"], "unresolved image index", plural="es")
    unmapped = _things(coverage["unmapped_service_count"], "workload") + " of no service"
    return [
        "Coverage",
        f"  {_things(coverage['running_artifact_count'], 'running digest')}: {sboms}",
        f"  {without_digest}, {unresolved}, {unmapped}",
        f"  heard from {', '.join(stale[False]) or 'no cluster'}; silent too long: {', '.join(stale[True]) or 'none'}",
    ]


def _doors(tour: Tour) -> list[str]:
    width = max((len(person.username) for person in tour.people), default=0)
    people = [f"  {person.username:<{width}}  {person.password}  {person.role}" for person in tour.people]
    return [f"Page       {tour.page}", f"Sign in at {tour.sign_in_page}", *people]


def _cut(line: str) -> str:
    line = line.rstrip()
    # An address that is cut leads nowhere: only prose is.
    return line if len(line) <= MAX_COLUMNS else line[: MAX_COLUMNS - 1] + _ELLIPSIS
