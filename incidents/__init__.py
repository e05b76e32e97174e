"""What we do about it: the incident question, and everything that follows from its answer."""
