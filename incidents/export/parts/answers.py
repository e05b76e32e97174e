"""Every answer the incident was given, as it was stored, with its hashes."""

from __future__ import annotations

import zlib
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from incidents.export.members import Member, data_member, json_bytes, json_member
from incidents.models import QueryRunPage
from incidents.response.part import part_of
from incidents.response.runs import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from incidents.export.subject import Subject
    from incidents.models import QueryRun

_HEADER = msgspec.json.Encoder(order="sorted")


def answer_members(subject: Subject) -> Iterator[Member]:
    """Give each answer: who asked what and when, its header and its rows.

    Whoever sees the whole gets the stored bytes: `content_digest` is over them (see check.py). Whoever sees a part gets
    that part, which no stored digest covers.
    """
    for run in subject.runs:
        folder = f"answers/{run.number:05}"
        yield json_member(f"{folder}/asked.json", _asked(run, is_whole=subject.is_whole))
        if subject.is_whole:
            read(run)  # refuses an answer that is not what was stored
            yield data_member(f"{folder}/header.json", _HEADER.encode(run.header))
            for page in run.pages.order_by("number").values_list("number", flat=True):
                yield Member(f"{folder}/rows-{page:05}.json.zlib", partial(_stored, run.pk, page))
                yield Member(f"{folder}/rows-{page:05}.json", partial(_inflated, run.pk, page))
        else:
            part = part_of(run, actor=subject.actor)
            shown = {"summary": part.summary, "clusters": part.clusters, "rows": part.rows}
            yield data_member(f"{folder}/part.json", json_bytes(msgspec.to_builtins(shown)))
    subject.facts["answer_count"] = len(subject.runs)


def _asked(run: QueryRun, *, is_whole: bool) -> dict[str, object]:
    return {
        "number": run.number,
        "occasion": run.occasion,
        "asked_by": run.asked_by,
        "asked_at": run.asked_at,
        "took_ms": run.took_ms,
        "data_as_of": run.data_as_of,
        "question": run.question,
        "question_hash": run.question_hash,
        "answer_hash": run.answer_hash,
        "content_digest": run.content_digest,
        "row_count": run.row_count if is_whole else None,
        "is_whole": is_whole,
    }


def _stored(run_id: int, number: int) -> Iterator[bytes]:
    yield bytes(QueryRunPage.objects.values_list("rows", flat=True).get(run_id=run_id, number=number))


def _inflated(run_id: int, number: int) -> Iterator[bytes]:
    for packed in _stored(run_id, number):
        yield zlib.decompress(packed)
