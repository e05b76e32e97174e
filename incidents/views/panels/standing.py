"""How it stands in numbers: each leads to the part that tells the rest. What is not known is counted as well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from incidents.models import ActionState
from incidents.response.credentials import CredentialType
from incidents.response.moves import BINDING
from supplychain.web.tags import count, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from incidents.views.panels.page import IncidentPage, PanelContext


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, in words and tone, and the part that it leads to."""

    part: str
    label: str
    number: str
    told: str
    tone: str = "plain"


def standing(page: IncidentPage) -> PanelContext | None:
    """Return the figures of an incident as it is now; nothing beside an earlier answer."""
    if not page.is_newest:
        return None
    return {
        "figures": [
            *_of_answer(page),
            *_of_actions(page),
            *_of_credentials(page),
            *_of_recovery(page),
            *_of_people(page),
        ]
    }


def _of_answer(page: IncidentPage) -> Iterator[Figure]:
    summary = page.part.summary
    affected, possible = summary.affected, summary.possible
    told = f"of {affected.artifact_count:,} found" + (
        f", {possible.artifact_count:,} more possible" if possible.artifact_count else ""
    )
    running = affected.running_artifact_count
    yield Figure("answer", "Affected, running", f"{running:,}", told, "danger" if running else "plain")
    if page.part.header is None:
        return
    known = page.part.header.coverage
    silent = sum(cluster.stale for cluster in known.clusters)
    unknown = known.without_sbom_count + known.containers_without_digest_count
    told = "running without SBOM or digest" + (f", {count(silent, 'silent cluster')}" if silent else "")
    yield Figure("answer", "Not known", f"{unknown:,}", told, "unknown" if unknown or silent else "plain")


def _of_actions(page: IncidentPage) -> Iterator[Figure]:
    in_force = sum(one.kind in BINDING and one.state == ActionState.DONE for one in page.actions)
    proposed = sum(len(some) for kind, some in page.proposals_by_kind.items() if kind in BINDING)
    told = f"blocks and freezes, {proposed:,} more proposed" if proposed else "blocks and freezes"
    if page.endings:
        told += f", {count(len(page.endings), 'lift')} to agree to"
    yield Figure(
        "containment", "In force", f"{in_force:,}", told, "warning" if proposed else "busy" if in_force else "plain"
    )
    opened = [one for one in page.actions if one.state == ActionState.OPEN]
    late = sum(one.due_at is not None and one.due_at < page.now for one in opened)
    told = f"{count(late, 'action')} late" if late else "none late"
    yield Figure("containment", "To do", f"{len(opened):,}", told, "danger" if late else "busy" if opened else "plain")


def _of_credentials(page: IncidentPage) -> Iterator[Figure]:
    """Those that recovery waits for; all unknown builds are one. Who sees a part is told among what is to do."""
    if not page.is_whole:
        return
    done = {one.target_hash for one in page.actions if one.state == ActionState.DONE}
    wanted = {one.key for one in page.credentials if one.is_required or one.is_sought}
    left = len(wanted - done)
    told = f"of {count(len(wanted), 'credential')} to rotate or revoke" if wanted else "none known to be in reach"
    is_unknown = any(one.type is CredentialType.UNKNOWN and one.key not in done for one in page.credentials)
    if is_unknown:
        told += "; what some builds could reach is not known"
    yield Figure(
        "containment",
        "Credentials left",
        f"{left:,}",
        told,
        "warning" if left else "unknown" if is_unknown else "plain",
    )


def _of_recovery(page: IncidentPage) -> Iterator[Figure]:
    recovery = page.recovery
    if recovery is None or not recovery.services:
        return
    whole, done = len(recovery.services), recovery.recovered_count
    yield Figure(
        "recovery",
        "Recovered",
        f"{done:,} of {whole:,}",
        f"{count(whole, 'service').partition(' ')[2]}, proven",
        "good" if done == whole else "busy",
    )


def _of_people(page: IncidentPage) -> Iterator[Figure]:
    if page.concerned:
        know = sum(one.acknowledged_at is not None for one in page.concerned)
        whole = len(page.concerned)
        yield Figure(
            "teams",
            "Teams that know",
            f"{know:,} of {whole:,}",
            "said so themselves",
            "good" if know == whole else "warning",
        )
    due = [clock for clock in page.clocks if clock.sent_at is None and clock.due_at is not None]
    if due:
        next_one = min(due, key=lambda clock: (clock.due_at is None, clock.due_at))
        assert next_one.due_at is not None  # noqa: S101  chosen above
        left = (next_one.due_at - page.now).total_seconds()
        number = "late" if left < 0 else seconds(left)
        yield Figure(
            "clocks",
            "Next report due",
            number,
            str(next_one.report).replace("_", " "),
            "danger" if left < 0 else "warning",
        )
