"""What the service's daily examination of itself (自检) found, as records of the house log."""
