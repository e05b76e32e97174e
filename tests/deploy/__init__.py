"""The containers, checked without an engine: what docker-compose.yml and the Dockerfile say, and that it runs."""
