"""Impact: what a compromised thing touches.

`assess.assess` answers; the other modules are its steps, in the order it takes them.
"""
