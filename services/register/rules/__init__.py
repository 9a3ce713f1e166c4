"""The register's referee (登记规则) in Python: what the contract decides, decided by values alone.

No session, no clock, no chain. docs/spec/register.md says what both follow, check by check.
"""
