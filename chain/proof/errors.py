"""What can be wrong with a proof."""

_MAX_DETAIL = 300


def _printable(text: str) -> str:
    """The text as a terminal may show it: it can quote a forged file."""
    clipped = text if len(text) <= _MAX_DETAIL else f"{text[:_MAX_DETAIL]}…"
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in clipped)


class ProofError(Exception):
    """A check failed.

    `code` is a stable, language-neutral reason, lower-case words joined by hyphens (listed in docs/spec/receipt.md);
    `detail` is for people.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        shown = _printable(detail)
        super().__init__(f"{code}: {shown}" if shown else code)
        self.code = code
        self.detail = shown


class FormatError(ProofError):
    """Bytes or values are not in the format; `field` is the path of the offending part, empty for the whole."""

    def __init__(self, field: str, reason: str, *, code: str = "malformed") -> None:
        super().__init__(code, f"{field}: {reason}" if field else reason)
        self.field = field if len(field) <= _MAX_DETAIL else f"{field[:_MAX_DETAIL]}…"
        self.reason = reason
