"""Steps: what a body asks for, what the chain decides, and what follows from it."""
