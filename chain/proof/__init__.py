"""Commitments, the Merkle log, receipts and their verifier: pure functions over bytes, no clock, no file, no network.

The bytes are fixed by `docs/spec/`; `tests/vectors/` holds examples that every verifier must agree with.

======================  ==============================================================
`errors`                `ProofError` (a stable code and a detail), `FormatError` (the field too)
`hashing` `encoding`    hashes and suites; hexadecimal, Base64 and times, all strict
`canonical`             strict JSON in, RFC 8785 out
`types` `record`        the record types; records, commitments and disclosures
`leaf` `merkle` `tiles` the 104-byte leaf, the RFC 9162 tree, its tiles
`note` `checkpoint`     signed notes and the five statements made with them
`epoch`                 the heads of a lost chain, and a witness's word on its successor
`ethereum` `trie`       block headers, transaction receipts and Merkle-Patricia proofs
`entries` `keyring`     what a log's mirror keeps, so that the log can be put back
`receipt` `trust`       the two files a verification needs
`forms`                 tlog-proofs, and receipts that show single fields
`pilot` `dossier`       a pilot project's events on the chain, and its dossier's files
`dossier_check`         whether a dossier is whole
`verify` `explain`      the eight stages and what they mean in words
======================  ==============================================================
"""
