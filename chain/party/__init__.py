"""What a party runs on its own side: keys, authorisations, the witness, and plain connections to a service and a chain.

Imports the standard library, `chain.proof` and the few libraries of the verifier; nothing of the service.
"""
