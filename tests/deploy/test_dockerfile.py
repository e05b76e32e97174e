"""The image: what it is built from, what is left in it, who runs it."""

import json
import os
import re
import subprocess
import sys

from tests.deploy.compose import CHECKOUT, image_variables, services
from tests.deploy.image import committed, dockerfile, is_sent, last_stage


def test_every_file_that_is_copied_in_is_there_and_is_sent_to_the_build():
    copied = [
        source
        for name, rest in dockerfile()
        if name == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
        if source != "."
    ]

    assert copied
    assert [source for source in copied if not (CHECKOUT / source).exists() or not is_sent(source)] == []


def test_what_the_product_reads_is_sent_and_secrets_tests_and_documentation_are_not():
    sent = {path for path in committed() if is_sent(path)}

    assert {"manage.py", "LICENSE", "deploy/gunicorn.conf.py", "deploy/healthy.py", "static/app.css"} <= sent
    assert {path for path in committed() if re.match(r"(supplychain|inventory|incidents|templates)/", path)} <= sent
    assert [path for path in sent if re.match(r"(tests|docs|deploy/secrets|\.ci)/|\.git|\.env", path)] == []
    assert not is_sent("deploy/secrets/secret_key")
    assert not is_sent(".env")
    assert not is_sent("var/secret_key")


def test_nothing_is_fetched_but_base_images_and_locked_packages():
    instructions = dockerfile()
    ran = " ".join(rest for name, rest in instructions if name == "RUN")

    assert "ADD" not in {name for name, _ in instructions}
    assert re.search(r"\b(curl|wget|apt-get|git)\b", ran) is None
    assert "--require-hashes" in ran
    assert "--only-binary :all:" in ran
    assert "npm ci --ignore-scripts" in ran


def test_the_last_stage_runs_as_a_number_and_holds_no_tool_that_builds_or_installs():
    stage = last_stage()
    users = [rest for name, rest in stage if name == "USER"]
    ran = [rest for name, rest in stage if name == "RUN"]

    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1])
    assert {services()[name]["user"] for name in ("migrate", "web", "worker", "beat")} == {users[-1]}
    assert [rest for rest in ran if "uninstall" in rest and {"pip", "setuptools"} <= set(rest.split())]
    assert not [rest for rest in ran if " install" in rest]


def test_base_images_are_the_ones_that_the_compose_file_pins():
    declared = dict(rest.split("=", 1) for name, rest in dockerfile() if name == "ARG")
    bases = [rest.split()[0] for name, rest in dockerfile() if name == "FROM"]

    assert set(bases) == {"${PYTHON_IMAGE}", "${NODE_IMAGE}"}
    assert {name: declared[name] for name in ("PYTHON_IMAGE", "NODE_IMAGE")} == {
        name: image for name, image in image_variables().items() if name in declared
    }


def test_the_requirements_that_can_be_chosen_are_locks_that_exist():
    (default,) = {rest.split("=", 1)[1] for name, rest in dockerfile() if rest.startswith("REQUIREMENTS=")}

    assert default == "requirements.txt"
    assert services()["web"]["build"]["args"]["REQUIREMENTS"] == default
    assert is_sent("requirements/s3.txt")


def test_the_image_says_what_it_is_and_how_to_ask_whether_it_is_well():
    stage = dict(last_stage())

    assert "org.opencontainers.image.revision" in stage["LABEL"]
    assert json.loads(stage["HEALTHCHECK"].split("CMD", 1)[1]) == services()["web"]["healthcheck"]["test"][1:]
    assert json.loads(stage["CMD"])[0] == "gunicorn"


def test_a_file_is_healthy_while_it_is_touched_and_an_address_while_it_answers(tmp_path):
    def check(target: str) -> int:
        command = [sys.executable, str(CHECKOUT / "deploy" / "healthy.py"), target]
        return subprocess.run(command, capture_output=True, check=False).returncode

    alive = tmp_path / "worker.alive"
    assert check(str(alive)) == 1
    alive.touch()
    assert check(str(alive)) == 0
    os.utime(alive, (0, 0))
    assert check(str(alive)) == 1
    assert check("http://127.0.0.1:9/readyz") == 1
