"""What docker-compose.yml promises of every service, and that everything it names is there."""

import re
from pathlib import Path

import pytest

from tests.deploy.compose import CHECKOUT, image_variables, load, services

ONE_SHOT = {"migrate"}
OURS = {"migrate", "web", "worker", "beat"}
MINOR_VERSION = re.compile(r".+:v?\d+\.\d+[\w.-]*|node:\d+-[\w-]+")
DURATION = re.compile(r"(?:(\d+)m)?(?:(\d+)s)?")

every_service = pytest.mark.parametrize("name", sorted(services()))


def seconds(duration: str) -> int:
    match = DURATION.fullmatch(duration)
    assert match, duration
    assert duration
    return int(match[1] or 0) * 60 + int(match[2] or 0)


@every_service
def test_a_service_cannot_write_its_root_and_has_no_right_it_does_not_need(name):
    service = services()[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not {"privileged", "cap_add", "pid", "ipc", "network_mode", "userns_mode", "devices"} & set(service)


@every_service
def test_a_service_runs_as_a_user_that_is_a_number_and_not_root(name):
    user, _, group = services()[name]["user"].partition(":")

    assert int(user) > 0
    assert int(group) > 0


@every_service
def test_a_service_has_limits_a_bounded_log_and_time_to_stop(name):
    service = services()[name]
    limits = service["deploy"]["resources"]["limits"]

    assert float(limits["cpus"]) > 0
    assert re.fullmatch(r"\d+[MG]", limits["memory"])
    assert limits["pids"] > 0
    assert {"max-size", "max-file"} <= set(service["logging"]["options"])
    assert seconds(service["stop_grace_period"]) > 0


def test_background_work_has_the_smaller_share_where_the_cores_are_short():
    shares = {name: service.get("cpu_shares", 1024) for name, service in services().items()}

    assert {name for name, share in shares.items() if share < 1024} == {"worker"}


@every_service
def test_a_service_says_whether_it_is_healthy(name):
    check = services()[name]["healthcheck"]

    if name in ONE_SHOT:
        assert check == {"disable": True}
        return
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert seconds(check["timeout"]) < seconds(check["interval"])
    assert check["retries"] >= 3


@every_service
def test_an_image_is_named_by_a_version_and_never_latest(name):
    image = services()[name]["image"]

    assert MINOR_VERSION.fullmatch(image), image
    assert "latest" not in image


def test_every_image_that_is_fetched_has_a_variable_for_its_digest_and_the_readme_pins_it():
    readme = (CHECKOUT / "deploy" / "README.md").read_text(encoding="utf-8")

    assert set(image_variables()) == {"PYTHON_IMAGE", "NODE_IMAGE", "POSTGRES_IMAGE", "VALKEY_IMAGE", "PROXY_IMAGE"}
    assert [pair for pair in image_variables().items() if "=".join(pair) not in readme] == []


def test_everything_a_service_refers_to_is_defined_and_everything_defined_is_used():
    content = load()
    used: dict[str, set[str]] = {"networks": set(), "secrets": set(), "volumes": set()}
    for service in content["services"].values():
        used["networks"] |= set(service["networks"])
        used["secrets"] |= set(service.get("secrets", ()))
        sources = {volume.split(":")[0] for volume in service.get("volumes", ())}
        used["volumes"] |= {source for source in sources if not source.startswith(".")}
        assert set(service.get("depends_on", ())) <= set(content["services"])

    assert used == {kind: set(content[kind]) for kind in used}


def test_every_file_that_is_mounted_is_in_the_checkout():
    mounted = [volume.split(":") for service in services().values() for volume in service.get("volumes", ())]

    assert [source for source, *_ in mounted if source.startswith(".") and not (CHECKOUT / source).is_file()] == []
    assert [rest for source, *rest in mounted if source.startswith(".") and rest[-1] != "ro"] == []


def test_secrets_come_from_files_and_every_variable_that_names_one_has_it():
    content = load()

    assert {secret["file"] for secret in content["secrets"].values()} == {
        f"deploy/secrets/{name}" for name in content["secrets"]
    }
    for service in content["services"].values():
        given = service.get("environment", {})
        files = {Path(value).name for name, value in given.items() if name.endswith("_FILE")}
        assert files == set(service.get("secrets", ()))
        assert not {"SECRET_KEY", "KEY_HMAC_SECRET", "DATABASE_URL", "POSTGRES_PASSWORD"} & set(given)


def test_only_the_proxy_is_published_and_it_reaches_neither_database_nor_broker():
    content = load()

    assert [name for name, service in content["services"].items() if "ports" in service] == ["proxy"]
    assert [name for name, network in content["networks"].items() if not network.get("internal")] == ["edge"]
    assert [name for name, service in content["services"].items() if "edge" in service["networks"]] == ["proxy"]
    assert set(content["services"]["proxy"]["networks"]) == {"edge", "front"}


def test_web_and_worker_speak_to_the_database_under_roles_of_their_own_and_only_migrate_as_the_owner():
    addresses = {name: services()[name]["environment"]["DATABASE_URL_FILE"] for name in OURS}

    assert addresses["migrate"].endswith("database_owner_url")
    assert addresses["web"].endswith("database_web_url")
    assert addresses["worker"].endswith("database_worker_url")
    assert [name for name in OURS if "database_owner_url" in services()[name]["secrets"]] == ["migrate"]


def test_the_time_to_stop_is_longer_than_the_work_that_may_be_under_way(settings):
    gunicorn = (CHECKOUT / "deploy" / "gunicorn.conf.py").read_text(encoding="utf-8")
    graceful = re.search(r"^graceful_timeout = (\d+)$", gunicorn, re.MULTILINE)

    assert graceful
    assert seconds(services()["web"]["stop_grace_period"]) > int(graceful[1])
    assert seconds(services()["worker"]["stop_grace_period"]) > settings.CELERY_TASK_TIME_LIMIT


def test_every_setting_of_the_application_is_one_that_it_knows():
    table = (CHECKOUT / "docs" / "operations.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([A-Z_]+)`", table, re.MULTILINE))
    given = {name.removesuffix("_FILE") for one in OURS for name in services()[one]["environment"]}

    assert given - documented == set()


def test_the_broker_forgets_nothing_to_make_room():
    assert "--maxmemory-policy noeviction" in " ".join(services()["valkey"]["command"])
