"""The incident question, its answer, and what an action is done to, in the OpenAPI document.

What the answer is made of are the dataclasses of incidents/impact/answer.py, so their schemas are made from them; the
question, the indicators as they were understood, and targets are described here.
"""

from __future__ import annotations

from typing import Any

import msgspec

from incidents.asking import MAX_LIMIT
from incidents.impact.answer import (
    Backlog,
    Build,
    Builds,
    ClusterCount,
    Coverage,
    Feed,
    ReplicaNote,
    Row,
    Status,
    Summary,
)
from incidents.impact.question import DEFAULT_LIMIT
from incidents.models import Severity
from incidents.response.known import KnownFinding
from incidents.response.targets import MEMBERS
from incidents.stated import MAX_FIELD_LENGTH, MAX_VERSIONS, STATED_KINDS, members_of
from inventory.identity.indicators import IndicatorKind
from supplychain.api.schema import refusals

_PREFIX = "#/components/schemas/"
_TIME = {"type": "string", "format": "date-time"}
_TEXTS = {"type": "array", "items": {"type": "string"}}
_STATUSES = {"type": "array", "items": {"type": "string", "enum": [status.value for status in Status]}}
_MADE_OF = (Backlog, Coverage, Summary, ClusterCount, Row, ReplicaNote, Feed, Builds, Build, KnownFinding)

QUESTION = {"$ref": f"{_PREFIX}ImpactQuestion"}
QUESTION_OF_INCIDENT = {"$ref": f"{_PREFIX}IncidentOpening"}
QUESTION_AGAIN = {"$ref": f"{_PREFIX}IncidentQuestion"}
TARGET = {"$ref": f"{_PREFIX}ActionTarget"}
ANSWERS = {
    (200, "application/json"): {"$ref": f"{_PREFIX}ImpactAnswer"},
    (200, "text/csv"): {"type": "string", "description": "The flat list, a line a (row, match, workload)"},
    **refusals(410),
}


def add_impact(result: dict[str, Any], generator: object, request: object, public: object) -> dict[str, Any]:  # noqa: ARG001
    """Add the schemas of question and answer (a postprocessing hook)."""
    made, parts = msgspec.json.schema_components(_MADE_OF, ref_template=f"{_PREFIX}Impact{{name}}")
    refs = {kind.__name__: schema for kind, schema in zip(_MADE_OF, made, strict=True)}
    schemas = result["components"]["schemas"]
    schemas |= {f"Impact{name}": _titled(schema) for name, schema in sorted(parts.items())}
    schemas |= {"ImpactQuestion": _question(), "ImpactAsked": _asked(), "ImpactAnswer": _answer(refs)}
    schemas["IncidentRun"] = _run(schemas["ImpactAnswer"], finding=refs["KnownFinding"])
    schemas["IncidentRunDifference"] = _difference(refs)
    schemas |= {"IncidentOpening": _opening(), "IncidentQuestion": _question_of_incident()}
    for kind in STATED_KINDS:
        schemas[_indicator_name(kind)] = _indicator(kind)
    schemas["ActionTarget"] = _target()
    return result


def _titled(schema: dict[str, Any]) -> dict[str, Any]:
    """Every field of an answer is always there, also those that have a default in code."""
    if "properties" in schema:
        schema = {**schema, "required": list(schema["properties"])}
    return {name: value for name, value in schema.items() if name != "title"}


def _question() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "`text` or `indicators`, or both; an instant (`at`) or a window (`from`, `to`), not both.",
        "additionalProperties": False,
        "properties": {
            "text": _or_null({"type": "string", "description": "What a responder pastes, an indicator a line"}),
            "indicators": {
                "type": "array",
                "items": {"oneOf": [{"$ref": f"{_PREFIX}{_indicator_name(kind)}"} for kind in STATED_KINDS]},
            },
            "at": _or_null(_TIME),
            "from": _or_null(_TIME),
            "to": _or_null(_TIME),
            "environments": _TEXTS,
            "clusters": _TEXTS,
            "teams": _TEXTS,
            "statuses": _STATUSES | {"description": "Default: affected and possible"},
            "limit": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
            "cursor": _or_null({"type": "string", "description": "`next` of the page before"}),
        },
    }


def _question_of_incident() -> dict[str, Any]:
    """An incident's question is neither paged nor narrowed to some statuses."""
    question = _question()
    properties = {
        name: schema for name, schema in question["properties"].items() if name not in {"statuses", "limit", "cursor"}
    }
    return {**question, "description": "Empty: the incident's own question again.", "properties": properties}


def _opening() -> dict[str, Any]:
    question = _question_of_incident()
    own = {
        "title": {"type": "string", "minLength": 1, "maxLength": 200},
        "severity": {"type": "string", "enum": [severity.value for severity in Severity]},
    }
    return {
        **question,
        "description": "What happened, and the question: `text` or `indicators`, or both.",
        "required": list(own),
        "properties": {**own, **question["properties"]},
    }


def _indicator(kind: IndicatorKind) -> dict[str, Any]:
    members = members_of(kind)
    text = {"type": "string", "maxLength": MAX_FIELD_LENGTH}
    texts = {**_TEXTS, "maxItems": MAX_VERSIONS}
    lists = {"versions", "refs", "shas", "digests"}
    properties = {name: texts if name in lists else text for name in members.all}
    choice = {"oneOf": [{"required": list(names)} for names in members.one_of]} if members.one_of else {}
    return {
        "type": "object",
        **choice,
        "additionalProperties": False,
        "required": ["kind", *members.required],
        "properties": {"kind": {"const": kind.value}, **properties},
    }


def _indicator_name(kind: IndicatorKind) -> str:
    return f"{kind.value.title()}Indicator"


def _target() -> dict[str, Any]:
    told = {
        "kind": "Of a block or a freeze; of a rebuild or redeploy the kind of the workload",
        "after_action": "A number: it stands for what was found, or built, after that action was done; absent: for all",
    }
    text = {"type": "string"}
    return {
        "type": "object",
        "description": "What an action is done to: docs/api.md, Actions, has the members of each kind",
        "properties": {name: text | ({"description": told[name]} if name in told else {}) for name in MEMBERS},
        "additionalProperties": True,
    }


def _asked() -> dict[str, Any]:
    counts = ("artifact_count", "running_artifact_count", "workload_count")
    indicator = {
        "type": "object",
        "description": "An indicator as taken: its kind's own fields, what it came to, and why it was not asked.",
        "required": ["kind", "given", *counts, "problem"],
        "properties": {
            "line": {"type": ["integer", "null"]},
            "kind": {"type": "string"},
            "given": {"type": "string"},
            **{name: {"type": "integer"} for name in counts},
            "note": {"type": "string", "description": "What no match of this kind cannot tell; not of every kind"},
            "problem": {"type": ["string", "object", "null"]},
        },
    }
    times = {name: _or_null(_TIME) for name in ("at", "from", "to")}
    lists = dict.fromkeys(("environments", "clusters", "teams"), _TEXTS)
    properties = {
        "indicators": {"type": "array", "items": indicator},
        **times,
        **lists,
        "statuses": _STATUSES,
    }
    return {"type": "object", "required": list(properties), "properties": properties}


def _answer(refs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    properties = {
        "asked": {"$ref": f"{_PREFIX}ImpactAsked"},
        "data_as_of": _TIME,
        "replica": {"anyOf": [refs["ReplicaNote"], {"type": "null"}]},
        "backlog": refs["Backlog"],
        "coverage": refs["Coverage"],
        "feeds": {"type": "array", "items": refs["Feed"]},
        "builds": {"anyOf": [refs["Builds"], {"type": "null"}]},
        "summary": refs["Summary"],
        "clusters": {"type": "array", "items": refs["ClusterCount"]},
        "rows": {"type": "array", "items": refs["Row"]},
        "next": {"type": ["string", "null"], "description": "What to send back as `cursor`; null on the last page"},
        "hash": {"type": "string", "description": "Of the whole answer, equal on every page"},
    }
    return {"type": "object", "required": list(properties), "properties": properties}


def _run(answer: dict[str, Any], *, finding: dict[str, Any]) -> dict[str, Any]:
    """An answer that was kept; a team's member is not given what counts all teams."""
    parts = {name: schema for name, schema in answer["properties"].items() if name not in {"replica", "next"}}
    hidden = {
        name: {"anyOf": [parts[name], {"type": "null"}]} for name in ("asked", "backlog", "coverage", "feeds", "builds")
    }
    properties = {
        "run": {"$ref": f"{_PREFIX}Run"},
        **parts,
        **hidden,
        "findings": {
            "type": ["array", "null"],
            "items": finding,
            "description": "About these builds, and open when the incident was opened; null without builds",
        },
        "next_page": {"type": ["integer", "null"]},
        "is_whole": {"type": "boolean", "description": "False: the part of one's own teams"},
    }
    return {"type": "object", "required": list(properties), "properties": properties}


def _difference_of_builds(build: dict[str, Any]) -> dict[str, Any]:
    builds = {"type": "array", "items": build}
    sides = {"before": build, "after": build}
    pair = {"type": "object", "required": list(sides), "properties": sides}
    properties = {"added": builds, "retracted": builds, "changed": {"type": "array", "items": pair}}
    return {
        "type": "object",
        "description": "Runs of builds, by whether they were exposed; empty for who sees a part",
        "required": list(properties),
        "properties": properties,
    }


def _difference(refs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    rows = {"type": "array", "items": refs["Row"]}
    sides = {"before": refs["Row"], "after": refs["Row"]}
    pair = {"type": "object", "required": list(sides), "properties": sides}
    properties = {
        "run": {"type": "integer"},
        "against": {"type": ["integer", "null"]},
        "added": rows,
        "retracted": {**rows, "description": "Matched then; the list or the question no longer says so"},
        "changed": {"type": "array", "items": pair},
        "started": rows,
        "stopped": rows,
        "unchanged_count": {"type": "integer"},
        "builds": _difference_of_builds(refs["Build"]),
    }
    return {"type": "object", "required": list(properties), "properties": properties}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "type": [schema["type"], "null"]}
