"""A witness (见证方): an own process, key and chain connection that watches logs and the chain that anchors them.

It cosigns a checkpoint only when that extends what it cosigned before, attests a block header only when it followed the
chain to it from its pinned genesis and the anchored heads are those it knows, and never forgets what it signed.
"""
