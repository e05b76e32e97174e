"""Verification at ingest and whenever trust changes: what is due is claimed, judged and written, batch by batch.

Only workers load the cryptography (inventory/trust), and only when something is due.
"""
