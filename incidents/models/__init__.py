"""The incidents' tables; imported from here."""

from incidents.models.impact import ImpactPage

__all__ = ["ImpactPage"]
