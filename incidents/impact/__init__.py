"""Impact: what a compromised thing touches.

`assess` answers; the other modules are its steps, in the order it takes them.
"""

from incidents.impact.assess import assess

__all__ = ["assess"]
