from tests.integration.founded import founded, founded_embedded

__all__ = ["founded", "founded_embedded"]
