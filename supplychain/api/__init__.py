"""The frame of the API: errors, pages of lists, parameters, throttles, the schema. The domain's routes are not here."""
