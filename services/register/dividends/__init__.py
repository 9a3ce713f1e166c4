"""Dividends (分红): who is entitled on the record date, what is withheld, and what was paid under which reference."""
