"""Evidence logs."""
