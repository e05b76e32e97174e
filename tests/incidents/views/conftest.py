"""The same people as on the inventory's pages."""

from tests.people import browser, member, responder, stranger

__all__ = ["browser", "member", "responder", "stranger"]
