"""`make demo-pilots`: three projects from draft to exit, every body signing in its own folder; simulated time."""
