from tests.integration.founded import founded, founded_business, founded_embedded, founded_unchecked

__all__ = ["founded", "founded_business", "founded_embedded", "founded_unchecked"]
