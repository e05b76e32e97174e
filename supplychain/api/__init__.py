"""The HTTP frame of the API: errors, pages of lists, throttling, the schema."""
