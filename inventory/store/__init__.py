"""The bytes of evidence: the one place through which they are written and read, wherever they lie."""
