"""Reads GitHub workflow files and composite actions (docs.github.com, Workflow syntax; Metadata syntax)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from inventory.formats.defects import Defects
from inventory.formats.limits import Limits
from inventory.formats.posture.action_uses import LONGEST_USE, read_use
from inventory.formats.posture.downloads import find_downloads
from inventory.formats.posture.fields import LONGEST_NAME, LONGEST_PATH
from inventory.formats.posture.workflow_records import (
    ActionUseRecord,
    DownloadRecord,
    JobRecord,
    UseKind,
    WorkflowRecord,
)
from inventory.formats.records import FormatError
from inventory.formats.text import Utf8
from inventory.formats.yaml_nodes import Mapping, Node, Scalar, Sequence, parse_yaml

_SECRET: Final = re.compile(r"\bsecrets\s*(?:\.\s*([A-Za-z_][A-Za-z0-9_-]*)|\[\s*'([^']{1,200})'\s*\])")
_ALL_SECRETS: Final = re.compile(r"\btoJSON\s*\(\s*secrets\s*\)", re.IGNORECASE)
_EXPRESSION: Final = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_COMMENT: Final = re.compile(r"\s#\s*(\S.*?)\s*$")
_EACH_OF_THEM: Final = "*"
_ROLE_INPUTS: Final = ("role-to-assume", "workload_identity_provider", "service_account", "client-id")
_LONGEST_TRIGGERS: Final = 100

Permissions = tuple[tuple[str, str], ...] | None


def read_workflow(text: Utf8, *, limits: Limits) -> WorkflowRecord:
    """Read a workflow. Raises FormatError `wrong_shape`, and the codes of yaml_nodes.

    A job or step that cannot be read is told with its line; the others are read. `line N` is the place of a warning.
    """
    root = parse_yaml(text, limits=limits)
    jobs = _member(root, "jobs")
    if not isinstance(root, Mapping) or not isinstance(jobs, Mapping):
        raise FormatError("wrong_shape", "A workflow is a mapping with jobs.", pointer="line 1")
    defects = Defects()
    record = WorkflowRecord("github-workflow", name=_text(root.members.get("name")))
    record.triggers = tuple(_names(root.members.get("on")))[:_LONGEST_TRIGGERS]
    lines = text.data.decode("utf-8").splitlines()
    permissions = _permissions(root.members.get("permissions"))
    shared = set(_secrets_of([node for name, node in root.members.items() if name != "jobs"]))
    env = set(_names_of(root.members.get("env")))
    for name, job in jobs.members.items():
        if isinstance(job, Mapping):
            record.jobs.append(_job(name, job, permissions=permissions, shared=shared, env=env))
            record.uses.extend(_uses_of_job(name, job, lines=lines, defects=defects))
            record.downloads.extend(_downloads(name[:LONGEST_NAME], job.members.get("steps")))
        else:
            defects.add("wrong_type", f"line {jobs.key_lines[name]}", f"The job {name[:60]!r} is no mapping; not read.")
    if not record.triggers:
        defects.add("no_trigger", "line 1", "The workflow does not say what starts it (`on`).")
    record.warnings = defects.warnings()
    return record


def read_action(text: Utf8, *, limits: Limits) -> WorkflowRecord:
    """Read an action's file. Only a composite one runs others. Raises FormatError as `read_workflow` does."""
    root = parse_yaml(text, limits=limits)
    runs = _member(root, "runs")
    if not isinstance(root, Mapping) or not isinstance(runs, Mapping):
        raise FormatError("wrong_shape", "An action is a mapping with `runs`.", pointer="line 1")
    defects = Defects()
    record = WorkflowRecord("github-action", name=_text(root.members.get("name")))
    lines = text.data.decode("utf-8").splitlines()
    if _text(runs.members.get("using")).lower() == "composite":
        record.uses.extend(_uses_of_steps("", runs.members.get("steps"), lines=lines, defects=defects))
        record.downloads.extend(_downloads("", runs.members.get("steps")))
    image = runs.members.get("image")
    if isinstance(image, Scalar) and image.text.startswith("docker://"):
        record.uses.append(_use("", None, image, lines=lines))
    record.warnings = defects.warnings()
    return record


def _job(name: str, job: Mapping, *, permissions: Permissions, shared: Iterable[str], env: Iterable[str]) -> JobRecord:
    own = job.members.get("permissions")
    secrets = {*shared, *_secrets_of(job.members.values())}
    if _text(job.members.get("secrets")) == "inherit":
        secrets.add(_EACH_OF_THEM)
    return JobRecord(
        name=name[:LONGEST_NAME],
        runner_labels=tuple(_runners(job.members.get("runs-on"))),
        permissions=permissions if own is None else _permissions(own),
        environment=_environment(job.members.get("environment")),
        secrets=tuple(sorted(secrets)),
        env=tuple(sorted({*env, *_env_of(job)})),
        roles=tuple(sorted(set(_roles_of(job.members.get("steps"))))),
        line=job.line,
    )


def _uses_of_job(name: str, job: Mapping, *, lines: list[str], defects: Defects) -> Iterator[ActionUseRecord]:
    called = job.members.get("uses")
    if isinstance(called, Scalar):
        yield _use(name, None, called, lines=lines)
    yield from _uses_of_steps(name, job.members.get("steps"), lines=lines, defects=defects)
    yield from _images_of(name, job, lines=lines)


def _images_of(name: str, job: Mapping, *, lines: list[str]) -> Iterator[ActionUseRecord]:
    """Give the images that a job and its services run in, as what is used with `docker://`."""
    services = job.members.get("services")
    holders = [job.members.get("container"), *(services.members.values() if isinstance(services, Mapping) else ())]
    for holder in holders:
        image = holder.members.get("image") if isinstance(holder, Mapping) else holder
        if isinstance(image, Scalar) and image.text and not image.is_null:
            yield _use(name, None, image, lines=lines, prefix="docker://")


def _downloads(job: str, steps: Node | None) -> Iterator[DownloadRecord]:
    for index, step in enumerate(steps.items if isinstance(steps, Sequence) else ()):
        script = _member(step, "run")
        if isinstance(script, Scalar) and not script.is_null:
            yield from find_downloads(script.text, job=job, step=index, line=script.line)


def _uses_of_steps(job: str, steps: Node | None, *, lines: list[str], defects: Defects) -> Iterator[ActionUseRecord]:
    if steps is None:
        return
    if not isinstance(steps, Sequence):
        defects.add("wrong_type", f"line {steps.line}", "steps must be a list; not read.")
        return
    for index, step in enumerate(steps.items):
        used = _member(step, "uses")
        if isinstance(used, Scalar):
            yield _use(job, index, used, lines=lines)
        elif used is not None or not isinstance(step, Mapping):
            defects.add("wrong_type", f"line {step.line}", "The step cannot be read: what it runs is unknown.")


def _use(job: str, step: int | None, node: Scalar, *, lines: list[str], prefix: str = "") -> ActionUseRecord:
    use = read_use((prefix + node.text.strip()) if "${{" not in node.text else node.text)
    comment = _COMMENT.search(lines[node.line - 1]) if node.line <= len(lines) else None
    return ActionUseRecord(
        job=job[:LONGEST_NAME],
        step=step,
        kind=use.kind,
        given=node.text.strip()[:LONGEST_USE],
        owner_repository=use.owner_repository,
        path=use.path[:LONGEST_PATH],
        ref=use.ref[:LONGEST_NAME],
        ref_kind=use.ref_kind,
        comment=comment[1][:LONGEST_NAME] if comment and use.kind is not UseKind.UNRESOLVED else "",
        line=node.line,
    )


def _permissions(node: Node | None) -> Permissions:
    """Return what a `permissions` grants; scopes that it does not name have none."""
    if node is None:
        return None
    if isinstance(node, Mapping):
        return tuple((scope[:LONGEST_NAME], _text(access)[:LONGEST_NAME]) for scope, access in node.members.items())
    word = _text(node)
    return (("*", word.removesuffix("-all")),) if word in {"read-all", "write-all"} else ()


def _runners(node: Node | None) -> Iterator[str]:
    """Give the labels a runner must have; a group is one of them, marked so."""
    if isinstance(node, Mapping):
        group = _text(node.members.get("group"))
        if group:
            yield f"group:{group}"[:LONGEST_NAME]
        yield from _names(node.members.get("labels"))
    else:
        yield from _names(node)


def _environment(node: Node | None) -> str:
    named = node.members.get("name") if isinstance(node, Mapping) else node
    return _text(named)[:LONGEST_NAME]


def _secrets_of(nodes: Iterable[Node]) -> Iterator[str]:
    """Give the names of secrets in expressions, wherever they stand; an `if` is one without marks around it."""
    pending = [(node, False) for node in nodes]
    while pending:
        node, is_expression = pending.pop()
        if isinstance(node, Mapping):
            pending.extend((member, name == "if") for name, member in node.members.items())
        elif isinstance(node, Sequence):
            pending.extend((item, False) for item in node.items)
        elif "secrets" in node.text:
            for expression in [node.text] if is_expression else _EXPRESSION.findall(node.text):
                yield from _secrets_in(expression)


def _secrets_in(expression: str) -> Iterator[str]:
    for dotted, quoted in _SECRET.findall(expression):
        yield (dotted or quoted)[:LONGEST_NAME]
    if _ALL_SECRETS.search(expression):
        yield _EACH_OF_THEM


def _env_of(job: Mapping) -> Iterator[str]:
    yield from _names_of(job.members.get("env"))
    steps = job.members.get("steps")
    for step in steps.items if isinstance(steps, Sequence) else ():
        yield from _names_of(_member(step, "env"))


def _names_of(node: Node | None) -> Iterator[str]:
    if isinstance(node, Mapping):
        yield from (name[:LONGEST_NAME] for name in node.members)


def _roles_of(steps: Node | None) -> Iterator[str]:
    """Give the roles that steps sign in as: of AWS, Google Cloud and Azure, by the inputs of their own actions."""
    for step in steps.items if isinstance(steps, Sequence) else ():
        given = _member(step, "with")
        for name in _ROLE_INPUTS:
            role = _text(_member(given, name))
            if role:
                yield f"{name}: {role}"[:LONGEST_NAME]


def _names(node: Node | None) -> Iterator[str]:
    """Give the names of a text, a list of texts, or a mapping."""
    if isinstance(node, Scalar) and not node.is_null:
        yield node.text.strip()[:LONGEST_NAME]
    elif isinstance(node, Sequence):
        yield from (_text(item)[:LONGEST_NAME] for item in node.items if _text(item))
    elif isinstance(node, Mapping):
        yield from (name[:LONGEST_NAME] for name in node.members)


def _member(node: Node | None, name: str) -> Node | None:
    return node.members.get(name) if isinstance(node, Mapping) else None


def _text(node: Node | None) -> str:
    return node.text.strip() if isinstance(node, Scalar) and not node.is_null else ""
