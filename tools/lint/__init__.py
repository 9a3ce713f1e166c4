"""Lints of the house that ruff, mypy and import-linter cannot express. Each has a test that it catches."""
