"""Pages know what links and forms send, whatever the views of libraries would answer."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("path", ["/sign-in", "/settings/password", "/evidence", "/nothing-here"])
def test_pages_refuse_other_methods(path: str, method: str):
    answer = Client().generic(method, path)

    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, POST, OPTIONS")


def test_the_api_answers_for_itself():
    assert Client().put("/api/v1/clusters/some/snapshot").status_code == 401
