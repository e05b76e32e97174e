"""Settings from the environment: read typed, and refused with the variable's name."""

import pytest

from supplychain import env


def test_a_missing_value_without_default_stops_the_start(monkeypatch):
    monkeypatch.delenv("SOME_NAME", raising=False)

    with pytest.raises(env.BadSettingError, match="SOME_NAME must be set"):
        env.text("SOME_NAME")


@pytest.mark.parametrize(("given", "expected"), [("1", True), ("Yes", True), ("off", False), ("", False)])
def test_a_flag_takes_the_usual_words(monkeypatch, given, expected):
    monkeypatch.setenv("SOME_FLAG", given)

    assert env.flag("SOME_FLAG", default=not expected) is expected


def test_a_flag_refuses_other_words(monkeypatch):
    monkeypatch.setenv("SOME_FLAG", "maybe")

    with pytest.raises(env.BadSettingError, match="SOME_FLAG must be true or false"):
        env.flag("SOME_FLAG", default=False)


@pytest.mark.parametrize("given", ["x", "1.5", "-1", "11"])
def test_a_number_outside_its_limits_is_refused(monkeypatch, given):
    monkeypatch.setenv("SOME_NUMBER", given)

    with pytest.raises(env.BadSettingError, match="SOME_NUMBER"):
        env.number("SOME_NUMBER", default=5, minimum=0, maximum=10)


def test_words_are_split_at_commas(monkeypatch):
    monkeypatch.setenv("SOME_WORDS", " a, b ,,c")

    assert env.words("SOME_WORDS") == ("a", "b", "c")


def test_a_secret_may_come_from_a_file(monkeypatch, tmp_path):
    file = tmp_path / "secret"
    file.write_text("hidden\n")
    monkeypatch.setenv("SOME_SECRET_FILE", str(file))

    assert env.secret("SOME_SECRET") == "hidden"


def test_a_secret_given_twice_is_refused_without_showing_it(monkeypatch, tmp_path):
    monkeypatch.setenv("SOME_SECRET", "hidden")
    monkeypatch.setenv("SOME_SECRET_FILE", str(tmp_path / "secret"))

    with pytest.raises(env.BadSettingError) as refused:
        env.secret("SOME_SECRET")

    assert "hidden" not in str(refused.value)


def test_a_database_address_keeps_its_socket_and_options():
    address = env.database("postgresql://me:p%40ss@/db?host=/run/pg&sslmode=require")

    assert (address["HOST"], address["USER"], address["PASSWORD"]) == ("/run/pg", "me", "p@ss")
    assert address["OPTIONS"] == {"sslmode": "require"}


@pytest.mark.parametrize("url", ["sqlite:///x", "postgresql://h", "postgresql://h:port/x"])
def test_another_database_is_refused(url):
    with pytest.raises(env.BadSettingError, match="DATABASE_URL"):
        env.database(url)


def test_grants_of_groups_are_read_and_a_group_may_hold_an_equals_sign(monkeypatch):
    monkeypatch.setenv("NAME", "devs=payments:member, CN=leads=payments:owner")

    grants = env.team_grants("NAME", roles=("member", "owner"))

    assert [(grant.group, grant.team, grant.role) for grant in grants] == [
        ("devs", "payments", "member"),
        ("CN=leads", "payments", "owner"),
    ]


@pytest.mark.parametrize("value", ["devs", "devs=payments", "devs=payments:root", "=payments:member", "devs=:member"])
def test_a_grant_that_cannot_be_meant_stops_the_start(monkeypatch, value):
    monkeypatch.setenv("NAME", value)

    with pytest.raises(env.BadSettingError, match="NAME"):
        env.team_grants("NAME", roles=("member",))
    with pytest.raises(env.BadSettingError, match="NAME"):
        env.role_grants("NAME", roles=("member",))


def test_a_role_of_the_organisation_is_granted(monkeypatch):
    monkeypatch.setenv("NAME", "csirt=responder")

    assert env.role_grants("NAME", roles=("responder",)) == (env.RoleGrant(group="csirt", role="responder"),)


@pytest.mark.parametrize("value", ["https://id.example/realms/main", "http://localhost:8080", ""])
def test_an_issuer_is_kept_as_it_names_itself(monkeypatch, value):
    monkeypatch.setenv("NAME", value)

    assert env.issuer("NAME") == value


@pytest.mark.parametrize("value", ["http://id.example", "id.example", "ftp://localhost.example"])
def test_an_issuer_without_tls_stops_the_start(monkeypatch, value):
    monkeypatch.setenv("NAME", value)

    with pytest.raises(env.BadSettingError, match="https"):
        env.issuer("NAME")


def test_a_pattern_that_is_none_is_refused(monkeypatch):
    monkeypatch.setenv("SOME_PATTERN", "v(1")

    with pytest.raises(env.BadSettingError, match="SOME_PATTERN must be a regular expression"):
        env.pattern("SOME_PATTERN", default=".*")
