"""The command line `regseal`: a client of the service, and the offline tools of an auditor, a signer and a witness.

Modules import nothing heavy at their top, so that `regseal verify` starts quickly.
"""
