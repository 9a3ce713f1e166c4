"""The register as the chain tells it (登记簿): rows from events, what was so at any moment, statements."""
