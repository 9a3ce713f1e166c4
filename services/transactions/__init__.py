"""Commands that touch a chain: operations and their authorisations, the transaction manager, the event indexer.

A command enters through :mod:`service`, leaves through :mod:`manager` and comes back as an event through
:mod:`indexer`. Every step is stored before it is taken, so that a process killed anywhere goes on where it was: same
bytes, same nonce, each event handled once.
"""
