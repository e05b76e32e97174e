from typing import Any

import pytest
from django.test import Client, RequestFactory
from rest_framework.request import Request

from supplychain.access import audit
from supplychain.access.actors import actor_for_key
from supplychain.access.models import ApiKey, AuditEvent
from supplychain.api.pagination import Page, address_after, read_key, read_page
from supplychain.api.parameters import BadParameterError
from tests.supplychain.actors import AT, client_of, new_key

pytestmark = pytest.mark.django_db


def asked(query: str = "", *, path: str = "/things") -> Request:
    return Request(RequestFactory().get(f"{path}?{query}"))


def walk(queryset: Any, *, order: tuple[str, ...], limit: int) -> list[Any]:
    """Follow `next` from page to page."""
    rows: list[Any] = []
    query = f"limit={limit}"
    while True:
        page: Page[Any] = read_page(queryset, request=asked(query), order=order)
        rows += page.rows
        if page.next is None:
            return rows
        path, _, query = page.next.partition("?")
        assert path == "/things"


@pytest.fixture
def keys() -> list[ApiKey]:
    """Twelve keys whose names repeat, so that the second field decides."""
    made = [new_key().row for _ in range(12)]
    for number, key in enumerate(made):
        ApiKey.objects.filter(pk=key.pk).update(name=f"name-{number % 3}")
    return list(ApiKey.objects.all())


@pytest.mark.parametrize(
    "order",
    [("name", "public_id"), ("-name", "-public_id"), ("name", "-public_id"), ("-created_at", "name", "pk"), ("pk",)],
)
@pytest.mark.parametrize("limit", [1, 5, 12, 500])
def test_pages_hold_every_row_once_and_in_order(keys: list[ApiKey], order: tuple[str, ...], limit: int):
    found = walk(ApiKey.objects.all(), order=order, limit=limit)

    assert found == list(ApiKey.objects.order_by(*order))
    assert len(found) == len(keys)


def test_rows_added_meanwhile_shift_nothing(keys: list[ApiKey]):
    first = read_page(ApiKey.objects.all(), request=asked("limit=6"), order=("-pk",))
    new_key()

    rest = read_page(
        ApiKey.objects.all(),
        request=asked(str(first.next).partition("?")[2]),
        order=("-pk",),
    )

    assert {key.pk for key in (*first.rows, *rest.rows)} == {key.pk for key in keys}


@pytest.fixture
def auditor() -> Client:
    key = new_key("admin")
    for number in range(8):
        audit.record(actor_for_key(key.row), "thing.done", subject=f"thing:{number}", details={}, at=AT)
    return client_of(key)


def test_next_keeps_the_filters_and_ends_with_null(auditor: Client):
    first = auditor.get("/api/v1/audit?action=thing.done&limit=5").json()
    second = auditor.get(first["next"]).json()

    assert (len(first["results"]), len(second["results"]), second["next"]) == (5, 3, None)
    assert first["next"].startswith("/api/v1/audit?action=thing.done&limit=5&cursor=")


@pytest.mark.parametrize(
    ("limit", "count"), [("0", 1), ("-5", 1), ("3", 3), ("", 9), ("1000000000", 9), ("999999999999999999", 9)]
)
def test_a_limit_is_brought_within_its_bounds(auditor: Client, limit: str, count: int):
    assert len(auditor.get("/api/v1/audit", {"limit": limit}).json()["results"]) == count


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=x", "bad_parameter"),
        ("limit=1.5", "bad_parameter"),
        ("limit=9999999999999999999", "bad_parameter"),
        ("limit=1&limit=2", "repeated_parameter"),
        ("cursor=x", "bad_cursor"),
        ("cursor=WzFd:abc:def", "bad_cursor"),
        ("cursor=%00", "bad_parameter"),
        ("page_size=10", "unknown_parameter"),
        ("offset=10", "unknown_parameter"),
        ("ordering=body", "unknown_parameter"),
        ("secret_digest__startswith=a", "unknown_parameter"),
    ],
)
def test_what_a_list_cannot_use_is_400(auditor: Client, query: str, code: str):
    answer = auditor.get(f"/api/v1/audit?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_cursor_of_another_list_is_refused(auditor: Client):
    cursor = auditor.get("/api/v1/audit?limit=1").json()["next"].partition("cursor=")[2]

    assert auditor.get(f"/api/v1/keys?cursor={cursor}").json()["code"] == "bad_cursor"


def test_a_deep_page_reads_as_little_as_the_first(auditor: Client):
    queryset = AuditEvent.objects.filter(sequence__lt=5)
    page = read_page(queryset, request=asked("limit=2"), order=("-sequence",))

    assert "OFFSET" not in str(queryset.query)
    assert [row.sequence for row in page.rows] == [4, 3]


def test_a_key_for_hand_written_sql_goes_round_through_the_address():
    address = address_after(asked("q=x"), key=["a", 3])
    following = asked(str(address).partition("?")[2])

    assert read_key(following, length=2) == ["a", 3]
    assert str(address).startswith("/things?q=x&cursor=")
    assert address_after(asked(), key=None) is None
    assert read_key(asked(), length=2) is None


@pytest.mark.parametrize(("path", "length"), [("/things", 3), ("/others", 2)])
def test_a_key_of_another_list_is_refused(path: str, length: int):
    address = address_after(asked(), key=["a", 3])

    with pytest.raises(BadParameterError) as refusal:
        read_key(asked(str(address).partition("?")[2], path=path), length=length)

    assert refusal.value.code == "bad_cursor"
