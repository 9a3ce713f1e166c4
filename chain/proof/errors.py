"""What can be wrong with a proof."""


class ProofError(Exception):
    """A check failed.

    `code` is a stable, language-neutral reason, lower-case words joined by hyphens (listed in docs/spec/receipt.md);
    `detail` is for people.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class FormatError(ProofError):
    """Bytes or values are not in the format; `field` is the path of the offending part, empty for the whole."""

    def __init__(self, field: str, reason: str, *, code: str = "malformed") -> None:
        super().__init__(code, f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason

    def within(self, prefix: str) -> "FormatError":
        """The same error, seen from the file that contains the part."""
        return FormatError(prefix + self.field, self.reason, code=self.code)
