"""Verification: what a signature proves, step by step. Offline; no absence, mismatch or exception becomes a pass.

Pure but for its libraries: bytes and a root of trust in, one evaluation out. `sigstore` costs 70 MB and a second, so
only workers import the modules that need it.
"""
