"""The parts of an incident's page: one module a part, beside its template; order.py puts them in order."""
