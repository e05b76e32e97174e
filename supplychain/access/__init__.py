"""Who may do what, and the record of who did: teams, users, keys, the audit chain."""
