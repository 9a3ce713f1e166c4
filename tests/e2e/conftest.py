from tests.integration.founded import founded_embedded

__all__ = ["founded_embedded"]
