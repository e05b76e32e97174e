"""deploy/nginx.conf: its codes are documented, and it is no looser than the application behind it."""

import re

from tests.deploy.compose import CHECKOUT

CONFIGURATION = (CHECKOUT / "deploy" / "nginx.conf").read_text(encoding="utf-8")


def mapped(variable: str) -> dict[str, str]:
    found = re.search(rf"map \$status \${variable} {{(.*?)}}", CONFIGURATION, re.DOTALL)
    assert found
    lines = (line.strip().rstrip(";").split(None, 1) for line in found[1].strip().splitlines())
    return {status: value.strip('"') for status, value in lines}


def test_every_code_that_the_proxy_gives_stands_in_the_api_page():
    page = (CHECKOUT / "docs" / "api.md").read_text(encoding="utf-8")

    assert [code for code in mapped("problem_code").values() if f"`{code}`" not in page] == []


def test_every_error_that_is_told_as_a_problem_has_a_title_a_code_and_a_detail():
    told = re.search(r"error_page ([\d ]+) /proxy-problem;", CONFIGURATION)
    assert told
    explained = set(told[1].split()) - {"494", "500"}  # shown as 400; the default of each map

    assert {variable: set(mapped(variable)) for variable in ("problem_title", "problem_code", "problem_detail")} == {
        variable: explained | {"default"} for variable in ("problem_title", "problem_code", "problem_detail")
    }


def test_the_proxy_lets_the_application_refuse_a_body_that_is_a_little_too_large(settings):
    megabytes = re.search(r"client_max_body_size (\d+)m;", CONFIGURATION)

    assert megabytes
    assert int(megabytes[1]) * 2**20 > max(settings.MAX_FEED_BYTES, settings.MAX_UPLOAD_BYTES) + 2**20


def test_nobody_slow_is_waited_for_longer_than_ten_seconds():
    for name in ("client_header_timeout", "client_body_timeout", "send_timeout"):
        assert f"{name} 10s;" in CONFIGURATION
    assert "limit_conn addresses 20;" in CONFIGURATION
    assert "proxy_request_buffering on;" in CONFIGURATION
    assert "merge_slashes off;" in CONFIGURATION
    assert "server_tokens off;" in CONFIGURATION
