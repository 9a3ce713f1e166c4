"""The chain that integration tests found their worlds on, here too."""

from tests.integration.founded import founded_embedded

__all__ = ["founded_embedded"]
