"""Reads the subjects of an in-toto Statement (v0.1 and v1) by the rules of its validation model.

The subject is matched by digest alone; a name is nobody's proof. A digest algorithm that is not accepted is ignored, as
the specification demands, and a statement without any accepted digest is about nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from inventory.formats.attestations.parts import items, members, place, text
from inventory.formats.attestations.records import MAX_SUBJECTS, AttestedSubject
from inventory.formats.records import FormatError, storable
from inventory.identity.digests import HEX_LENGTHS, Digest

if TYPE_CHECKING:
    from inventory.formats.attestations.parts import Members
    from inventory.formats.defects import Defects
    from inventory.formats.strict_json import Json

STATEMENT_TYPES: Final = frozenset({"https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1"})
_HEX: Final = re.compile(r"[0-9a-f]+")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_GIT_NAMES: Final = ("gitCommit", "gitTag", "gitTree", "gitBlob")
_MAX_DIGESTS: Final = 16
_REFS: Final = ("sourceRefs", "source_refs", "source_branches")
_REF: Final = re.compile(r"refs/[!-~]{1,250}")
_MAX_REFS: Final = 32


def read_subjects(value: Json, *, pointer: str, defects: Defects) -> tuple[AttestedSubject, ...]:
    """Read `subject` of a statement.

    Raises FormatError `bad_subject` (none, null, no digest, or no digest that is accepted) and `too_many_subjects`.
    """
    if not isinstance(value, list) or not value:
        raise FormatError("bad_subject", "The statement names no subject.", pointer=pointer)
    if len(value) > MAX_SUBJECTS:
        raise FormatError("too_many_subjects", f"More than {MAX_SUBJECTS} subjects.", pointer=pointer)
    found = tuple(
        _subject(item, pointer=place(pointer, index), defects=defects) for index, item in enumerate(items(value))
    )
    if not any(subject.digests or _is_of_git(subject) for subject in found):
        raise FormatError(
            "bad_subject", "No subject has a digest that is accepted: sha256, sha384, sha512.", pointer=pointer
        )
    return found


def split_digests(value: Json) -> tuple[tuple[Digest, ...], tuple[tuple[str, str], ...]]:
    """Split a DigestSet into the digests that name an artifact, the shortest first, and the others as they stand.

    Upper case, a prefix or another length makes it another string, not the digest: it is kept as text only.
    """
    accepted, others = [], []
    for algorithm, given in list(members(value).items())[:_MAX_DIGESTS]:
        if not isinstance(given, str):
            continue
        if len(given) == HEX_LENGTHS.get(algorithm, -1) and _HEX.fullmatch(given):
            accepted.append(Digest(algorithm, given))
        else:
            others.append((storable(algorithm)[:64], storable(given)[:256]))
    return tuple(sorted(accepted)), tuple(others)


def commit_of(others: tuple[tuple[str, str], ...]) -> str:
    """Return the git commit among digests: `gitCommit` of SLSA 1, `sha1` of SLSA 0.x and BuildKit; else ''."""
    by_name = dict(others)
    given = (by_name.get("gitCommit") or by_name.get("sha1") or "").strip("'").lower()
    return given if _COMMIT.fullmatch(given) else ""


def revision_facts(subjects: tuple[AttestedSubject, ...]) -> tuple[tuple[str, str], ...]:
    """Return (commit, hex) and (refs, ref) … of what is about one git commit and no artifact; else nothing."""
    if len(subjects) != 1 or subjects[0].digests:
        return ()
    commit = commit_of(tuple(pair for pair in subjects[0].others if pair[0] == "gitCommit"))
    return (("commit", commit), *(("refs", ref) for ref in subjects[0].refs)) if commit else ()


def _subject(value: Json, *, pointer: str, defects: Defects) -> AttestedSubject:
    subject = members(value)
    if not isinstance(subject.get("digest"), dict) or not subject["digest"]:
        raise FormatError("bad_subject", "A subject without a digest is no subject.", pointer=pointer)
    digests, others = split_digests(subject["digest"])
    for algorithm, _ in others:
        if algorithm in HEX_LENGTHS:
            message = f"This is no {algorithm} in lower-case hex: it is ignored."
            defects.add("bad_digest", place(pointer, "digest", algorithm), message)
    if not digests and not others:
        raise FormatError("bad_subject", "A subject without a digest is no subject.", pointer=pointer)
    if not digests:
        defects.add("no_usable_digest", pointer, "None of its digests names an artifact here.")
    return AttestedSubject(_name(subject), digests, others, pointer, _refs(subject))


def _name(subject: Members) -> str:
    return text(subject, "name")[:1_024] or text(subject, "uri")[:1_024]


def _refs(subject: Members) -> tuple[str, ...]:
    """Return the full refs of a revision: `sourceRefs` of SLSA 1.2, and what its drafts called them."""
    annotations = members(subject.get("annotations"))
    given = next((annotations[name] for name in _REFS if name in annotations), None)
    found = given if isinstance(given, list) else []
    return tuple(ref for ref in found[:_MAX_REFS] if isinstance(ref, str) and _REF.fullmatch(ref))


def _is_of_git(subject: AttestedSubject) -> bool:
    return any(name in _GIT_NAMES and _COMMIT.fullmatch(value) for name, value in subject.others)
