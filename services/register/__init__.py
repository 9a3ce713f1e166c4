"""The register (登记簿) of a regional equity market: companies in custody, holders, and what burdens their units."""
