"""Several processes on one PostgreSQL: one leads, the others hand over what changes anything (ADR 12)."""
