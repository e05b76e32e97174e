"""Reads SLSA provenance v0.1, v0.2 and v1 into one shape, by the mapping that SLSA v1 gives for its predecessors.

A builder that signs vouches for some of these fields and a tenant could have written the others; which is which is for
verification to say. Here all of them are claims.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inventory.formats.attestations.parts import items, members, text
from inventory.formats.attestations.records import DependencyRecord, ProvenanceRecord
from inventory.formats.attestations.runs import read_run
from inventory.formats.attestations.sources import Source, parse_source
from inventory.formats.attestations.statement import commit_of, split_digests
from inventory.formats.records import FormatError, storable
from inventory.formats.timestamps import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from inventory.formats.attestations.parts import Members
    from inventory.formats.defects import Defects
    from inventory.formats.strict_json import Json

MAX_DEPENDENCIES: Final = 20_000
_MAX_PARAMETERS: Final = 64 * 1024
_WORKFLOW_REF: Final = re.compile(r"([^/]+/[^/]+)/(\.github/workflows/[^@]+)@(.+)")


def read_provenance(content: Members, *, pointer: str, defects: Defects) -> ProvenanceRecord:
    """Read a provenance predicate; which version it is written in, its fields tell.

    Raises FormatError `too_many_dependencies`.
    """
    if "buildDefinition" in content or "runDetails" in content:
        return _read_v1(content, pointer=pointer, defects=defects)
    return _read_v0(content, pointer=pointer, defects=defects)


def _read_v1(content: Members, *, pointer: str, defects: Defects) -> ProvenanceRecord:
    definition, run = members(content.get("buildDefinition")), members(content.get("runDetails"))
    external, internal = members(definition.get("externalParameters")), members(definition.get("internalParameters"))
    metadata = members(run.get("metadata"))
    here = f"{pointer}/buildDefinition/resolvedDependencies"
    dependencies = _dependencies(definition.get("resolvedDependencies"), pointer=here)
    workflow = members(external.get("workflow")) or members(external.get("buildConfigSource"))
    github = members(internal.get("github"))
    named = _named_source(external, internal=internal, workflow=workflow)
    source = _with_commit(named, dependencies)
    builder, invocation = text(members(run.get("builder")), "id"), text(metadata, "invocationId")
    ran = read_run(invocation=invocation, builder=builder, variables=internal)
    return ProvenanceRecord(
        builder_id=builder,
        build_type=text(definition, "buildType"),
        invocation_id=invocation,
        repository=source.repository,
        ref=source.ref,
        commit=source.commit,
        workflow_path=text(workflow, "path") or _workflow_path(text(internal, "GITHUB_WORKFLOW_REF")),
        event=text(github, "event_name") or text(internal, "GITHUB_EVENT_NAME"),
        runner_environment=text(github, "runner_environment"),
        parameters=_parameters(external, pointer=f"{pointer}/buildDefinition/externalParameters", defects=defects),
        run_id=ran.run_id,
        attempt=ran.attempt,
        actor=ran.actor,
        called_workflow=ran.called_workflow,
        started_at=_time(metadata, ("startedOn",), pointer=f"{pointer}/runDetails/metadata", defects=defects),
        finished_at=_time(metadata, ("finishedOn",), pointer=f"{pointer}/runDetails/metadata", defects=defects),
        dependencies=dependencies,
    )


def _read_v0(content: Members, *, pointer: str, defects: Defects) -> ProvenanceRecord:
    """Read v0.2 (`invocation`) or v0.1 (`recipe`): materials are dependencies, and configSource is the source."""
    invocation, recipe = members(content.get("invocation")), members(content.get("recipe"))
    metadata = members(content.get("metadata"))
    dependencies = _dependencies(content.get("materials"), pointer=f"{pointer}/materials")
    config = members(invocation.get("configSource"))
    environment = members(invocation.get("environment")) or members(recipe.get("environment"))
    entry = text(config, "entryPoint") or text(recipe, "entryPoint")
    named = _of_config(config) or _defined_in_material(recipe, dependencies)
    source = _with_commit(named, dependencies)
    parameters = members(invocation.get("parameters")) or members(recipe.get("arguments"))
    here = f"{pointer}/metadata"
    builder = text(members(content.get("builder")), "id")
    invocation_id = text(metadata, "buildInvocationId") or text(metadata, "buildInvocationID")
    ran = read_run(invocation=invocation_id, builder=builder, variables=environment)
    return ProvenanceRecord(
        builder_id=builder,
        build_type=text(content, "buildType") or text(recipe, "type"),
        invocation_id=invocation_id,
        repository=source.repository,
        ref=source.ref,
        commit=source.commit,
        workflow_path=entry if entry.startswith(".github/") else "",
        event=text(environment, "github_event_name") or text(environment, "GITHUB_EVENT_NAME"),
        runner_environment="",
        parameters=_parameters(parameters, pointer=pointer, defects=defects),
        run_id=ran.run_id,
        attempt=ran.attempt,
        actor=ran.actor,
        called_workflow=ran.called_workflow,
        started_at=_time(metadata, ("buildStartedOn",), pointer=here, defects=defects),
        finished_at=_time(metadata, ("buildFinishedOn",), pointer=here, defects=defects),
        dependencies=dependencies,
    )


@dataclass(frozen=True, slots=True)
class _Digests:
    """Digests of one dependency, apart by what they name."""

    value: Json

    def record(self, *, uri: str, name: str) -> DependencyRecord:
        accepted, others = split_digests(self.value)
        return DependencyRecord(uri, name, accepted[0] if accepted else None, commit_of(others), others)


def _dependencies(value: Json, *, pointer: str) -> tuple[DependencyRecord, ...]:
    listed = items(value)
    if len(listed) > MAX_DEPENDENCIES:
        message = f"More than {MAX_DEPENDENCIES} inputs of a build."
        raise FormatError("too_many_dependencies", message, pointer=pointer)
    found = []
    for item in listed:
        dependency = members(item)
        uri, name = text(dependency, "uri") or text(dependency, "downloadLocation"), text(dependency, "name")
        if uri or name or members(dependency.get("digest")):
            found.append(_Digests(dependency.get("digest")).record(uri=uri, name=name))
    return tuple(found)


def _named_source(external: Members, *, internal: Members, workflow: Members) -> Source | None:
    """Return the source that v1 parameters name: of GitHub's and Google's builders, of containers, of BuildKit."""
    if text(workflow, "repository"):
        return Source(parse_source(text(workflow, "repository")).repository, text(workflow, "ref"))
    for name in ("source", "configSource"):
        found = members(external.get(name))
        if text(found, "uri"):
            return _of_config(found)
        if text(external, name):
            return parse_source(text(external, name))
    if text(internal, "GITHUB_REPOSITORY"):
        repository = f"github.com/{text(internal, 'GITHUB_REPOSITORY')}"
        return Source(repository, text(internal, "GITHUB_REF"), text(internal, "GITHUB_SHA").lower())
    return None


def _of_config(config: Members) -> Source | None:
    source = parse_source(text(config, "uri"))
    _, others = split_digests(config.get("digest"))
    commit = source.commit or commit_of(others)
    return Source(source.repository, source.ref, commit) if source.repository else None


def _defined_in_material(recipe: Members, dependencies: Sequence[DependencyRecord]) -> Source | None:
    place = recipe.get("definedInMaterial")
    if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < len(dependencies):
        return None
    source = parse_source(dependencies[place].uri)
    return Source(source.repository, source.ref, source.commit or dependencies[place].commit)


def _with_commit(named: Source | None, dependencies: Sequence[DependencyRecord]) -> Source:
    """Complete the source from the inputs: the one of the named repository, or else the first repository among them."""
    for dependency in dependencies:
        source = parse_source(dependency.uri)
        if not source.repository or (named is not None and source.repository != named.repository):
            continue
        if named is None:
            return Source(source.repository, source.ref, source.commit or dependency.commit)
        return Source(named.repository, named.ref or source.ref, named.commit or source.commit or dependency.commit)
    return named or Source()


def _workflow_path(reference: str) -> str:
    match = _WORKFLOW_REF.fullmatch(reference)
    return match[2] if match else ""


def _parameters(value: Members, *, pointer: str, defects: Defects) -> str | None:
    if not value:
        return None
    shown = json.dumps(value, ensure_ascii=False, sort_keys=True)
    if len(shown.encode("utf-8")) > _MAX_PARAMETERS:
        defects.add("too_long", pointer, "The parameters are kept in the document alone.")
        return None
    return storable(shown) if len(shown) <= 4_000 else shown.replace("\x00", "")


def _time(metadata: Members, names: tuple[str, ...], *, pointer: str, defects: Defects) -> datetime | None:
    for name in names:
        if metadata.get(name) is not None:
            found = parse_timestamp(metadata[name])
            if found is None:
                defects.add("bad_timestamp", f"{pointer}/{name}", "This is no instant: it is left out.")
            return found
    return None
