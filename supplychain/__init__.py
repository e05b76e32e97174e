"""The platform: settings, access, the HTTP frame, operations. It knows no table of the domain."""

from supplychain.celery import app as celery_app

__all__ = ["celery_app"]
