"""Tell people and their machines: channels, an outbox that loses nothing, and the worker that delivers from it."""
