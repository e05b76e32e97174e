"""The base of every page: tags, the error pages."""
