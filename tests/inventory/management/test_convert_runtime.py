"""`convert_runtime` writes what the API takes, and says what stays unknown."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from inventory.models import RunInterval
from tests.factories import digest, submit

LISTED = {"Names": "web", "Image": "nginx:1", "State": "running", "Labels": ""}
INSPECTED = {"Name": "/db", "Image": digest("db"), "Config": {"Image": "postgres:15"}, "State": {"Status": "running"}}


def convert(path: Path, *arguments: str) -> tuple[str, str]:
    out, error = StringIO(), StringIO()
    call_command("convert_runtime", *arguments, "--cluster", "host-1", str(path), stdout=out, stderr=error)
    return out.getvalue(), error.getvalue()


def test_records_are_dated_and_what_is_unknown_is_said(tmp_path: Path):
    (tmp_path / "ps.json").write_text(json.dumps(LISTED))

    out, error = convert(tmp_path / "ps.json", "--from", "docker-ps")

    [record] = json.loads(out)
    assert (record["cluster"], record["container"]) == ("host-1", "web")
    assert record["observed_at"].endswith("Z")
    assert "1 containers, 1 without a digest" in error


@pytest.mark.django_db
def test_what_it_writes_is_applied(tmp_path: Path):
    (tmp_path / "inspect.json").write_text(json.dumps([INSPECTED]))

    out, _ = convert(tmp_path / "inspect.json", "--from", "docker-inspect", "--snapshot")
    submit("a", out.encode(), is_observation=True, declared_kind="snapshot", cluster="host-1")

    assert list(RunInterval.objects.values_list("workload__name", "artifact__digest")) == [("db", digest("db"))]


def test_what_is_no_listing_is_refused(tmp_path: Path):
    (tmp_path / "x.json").write_text("{}")

    with pytest.raises(CommandError, match="no_records"):
        convert(tmp_path / "x.json", "--from", "ecs-tasks")
    with pytest.raises(CommandError, match="cannot be read"):
        convert(tmp_path / "missing.json", "--from", "ecs-tasks")
