"""The parts of a pack: one module a part, each giving its members; order.py puts them in order."""
