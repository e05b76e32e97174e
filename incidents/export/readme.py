"""The first page of a pack: what it is, and how somebody who trusts nobody checks it."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from incidents.export.subject import Subject

_TEXT = """\
EVIDENCE PACK OF AN INCIDENT

Incident    {title}
Id          {id}
Severity    {severity}
State       {state}
Opened      {opened_at} by {opened_by}
Closed      {closed_at}
Answers     {answer_count} (the question was asked that many times, and each answer kept)
Last line   {last_event} of the timeline

{view}

WHAT IS IN IT
  incident.json       what is compromised (the question), how bad, who owns it, which teams it concerns
  timeline.txt        everything that happened, oldest first, with who did it and when (UTC); timeline.json: the same
  answers/            each asking: asked.json says who asked what, when, and the digests of the answer;
                      header.json and rows-*.json are the answer (rows-*.json.zlib: as it was stored)
  actions.json        what was done to stop it: each action, who did it, when, what answers said before and after
{gates}  recovery.json       what is proven of the recovery of each service, and by which evidence
  vex/                the conclusion as OpenVEX 0.2.0, if anything matched: artifacts that are affected, those that
                      are still looked into, and those that replaced them where a service is proven recovered.
                      It never says "not affected": what did not match is not proven clean.
  evidence/           the documents on which the answers rest and by which a recovery is proven, byte for byte as they
                      were received; each file is named by its SHA-256, index.json says who sent it, when, which
                      answers name it, and what it proves
{audit}  check.py            checks all of the below by itself: python3 check.py
  SHA256SUMS          the SHA-256 of every other file

{documents}

HOW TO CHECK IT
  1. That no file was changed since the export. In the folder where the pack was unpacked:
         sha256sum -c SHA256SUMS          (Linux)
         shasum -a 256 -c SHA256SUMS      (macOS)
         Get-FileHash -Algorithm SHA256 FILE   (Windows, one file at a time; compare with SHA256SUMS)
  2. That this pack is the one that was exported. The SHA-256 of the whole zip stands on the incident's timeline, in the
     line "exported", and in the audit log of the installation. The same content always gives the same zip, byte for
     byte, so that a second export can be compared. (Lines of exports themselves are left out of the pack: that is
     why numbers can be missing in the timeline.)
  3. That a document is the one that was received. Its file name is its SHA-256.
  4. That an answer is the one that was given then. `content_digest` in asked.json is the SHA-256 of the SHA-256s (as
     bytes, one after another) of header.json and of each rows-*.json.zlib in order. `answer_hash` is the hash that was
     shown with the answer; it stands in the timeline's line "asked" too.
{audit_check}
  Steps 1, 3, 4{audit_step} are what check.py does. It needs Python 3 and no network. Do not trust a pack because its
  own script says so: the commands above do not need it.
"""
_AUDIT = """\
  audit/              the rows of the installation's audit log about this incident and its documents, each with its
                      hash; head.txt is the last of them, heads.txt all, as `verify_audit` takes them
"""
_GATES = """\
  blocks.json         what was blocked, by whom, why, and who lifted it again
  decisions.json      what the gates decided about the artifacts found, since it was opened
"""
_AUDIT_CHECK = """\
  5. That the audit log was not rewritten. The hash of a row of audit/segment.jsonl is the SHA-256 of: the 32 bytes of
     previous_hash, the row's number as 8 bytes (the highest first), and the text `body`. Rows between them are about
     other things and not in the pack; who runs the installation shows that these rows stand in the unbroken chain:
         ./run manage verify_audit --head audit/heads.txt
"""


def write_readme(subject: Subject) -> str:
    """Write README.txt. It tells no time of the export: that would make each pack another."""
    incident = subject.incident
    return _TEXT.format(
        title=" ".join(incident.title.split()),
        id=incident.public_id,
        severity=incident.severity,
        state=incident.stage,
        opened_at=_moment(incident.opened_at),
        opened_by=incident.opened_by,
        closed_at=_moment(incident.closed_at),
        answer_count=len(subject.runs),
        last_event=subject.events[-1].number if subject.events else 0,
        view=_view(subject),
        gates=_GATES if subject.is_whole else "",
        audit=_AUDIT if subject.is_whole else "",
        audit_check=_AUDIT_CHECK if subject.is_whole else "",
        audit_step=" and 5" if subject.is_whole else "",
        documents=_documents(subject.facts),
    )


def _view(subject: Subject) -> str:
    incident = subject.incident
    if not subject.is_whole:
        return (
            "THIS IS A PART. The incident concerns more than the teams of who exported it. Answers, documents and\n"
            "timeline are those that these teams may see; their digests differ from those of the whole, and the audit\n"
            "log is left out. Whoever runs the incident can export the whole."
        )
    if incident.team is not None:
        return f"This is the whole of the incident; the team {incident.team.slug} opened it and asked what it sees."
    return "This is the whole of the incident, which was asked of all that the organisation knows."


def _documents(facts: dict[str, int]) -> str:
    told = [f"DOCUMENTS: {facts['evidence_count']} are named by the answers, or prove a recovery."]
    if count := facts["evidence_removed_count"]:
        told.append(
            f"The bytes of {count} were removed by retention, as two people decided; evidence/index.json says when\n"
            "and why. Their digests still prove what they were, if a copy is found elsewhere."
        )
    if count := facts["evidence_damaged_count"]:
        told.append(f"The stored bytes of {count} are DAMAGED OR MISSING: restore them from a backup and export again.")
    if facts["evidence_left_out_count"]:
        told.append(
            "The bytes were left out of this pack as asked (raw=false); index.json has their digests, and each is\n"
            "served at /api/v1/evidence/ID/raw."
        )
    return "\n".join(told)


def _moment(at: datetime | None) -> str:
    return "no" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
