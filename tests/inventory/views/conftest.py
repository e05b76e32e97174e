"""The same people as on the incidents' pages."""

from tests.people import browser, member, responder, stranger

__all__ = ["browser", "member", "responder", "stranger"]
