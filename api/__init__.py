"""The HTTP API: routes, schemas, problems. No SQL and no business rule lives here."""
