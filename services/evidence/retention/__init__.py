"""How long records are kept, and how one is erased while every proof of the others still verifies."""
