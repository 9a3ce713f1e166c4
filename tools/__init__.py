"""What the project needs around its code: set-up and lints. Standard library only."""
