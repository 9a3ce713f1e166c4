"""Investor accounts (投资者账户): who a pseudonym of the chain is, known to the operator alone."""
