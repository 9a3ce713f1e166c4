"""fsck (核验): derives everything anew and names what differs, where, what contradicts it, and who could have done it.

rows → commitments → leaves → streams → tree → tiles → checkpoints → cosignatures → anchors → chain → head file →
cursors. Evidence from outside the installation narrows what is found: a witness's mirror names the leaf, a private
receipt the field. Without either, what is certain is a range between two heads that somebody else still vouches for.
"""
