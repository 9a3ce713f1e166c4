"""The register (登记簿)."""
