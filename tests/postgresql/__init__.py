"""PostgreSQL as a database of tests: like the product's, and its tables can be emptied."""
