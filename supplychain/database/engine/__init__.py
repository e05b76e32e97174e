"""Django's backend for PostgreSQL with a pool of our own (`ENGINE = "supplychain.database.engine"`)."""
