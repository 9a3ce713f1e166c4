"""The embedded chain (内置链): a sequencer in front of a local EVM node, for one operator.

It is honest about its class: *embedded: single operator, not tamper-resistant*. What it does give:

- A block is a plan first: timestamp and transactions in order, on disk (fsync) before the EVM node mines them.
  Replaying the plans gives the same block hashes, so a block is final once its plan is durable, and after any kill a
  restart continues the same chain, or refuses.
- The EVM node (anvil) is a child on a random port that dies with its parent; clients reach a filtered JSON-RPC endpoint
  on the loopback interface with reading methods and `eth_sendRawTransaction`, nothing else.
- Snapshots are taken of a *replayed* chain only, and only shorten the next replay.

    timing, transaction, pool   pure rules: when and with which timestamp, what a transaction is, which come next
    journal, home, snapshot     the files
    backend, replay, producer   the EVM node, bringing it to the head, extending it
    front, relay                what clients see

Limits: about 300,000 storage slots (`GET /status` warns at 80 %), since every block copies the whole state; blocks,
receipts and logs stay readable for ever, state (`eth_call`, `eth_getProof`) at the latest block only.
"""
