"""The database as the product uses it: the roles of its processes and their rights."""
