"""Where each rule of a rulebook is put to work (规则由谁执行): on the chain, by a check, as a duty or a deadline."""

from collections.abc import Iterable, Iterator, Mapping

from services.pilots.rulebook.model import Rulebook, RuleId

__all__ = ["uses_of"]


def uses_of(book: Rulebook) -> Mapping[RuleId, tuple[str, ...]]:
    """For each rule, in Chinese, what enforces or carries it; nothing for one that is only stated."""
    found: dict[RuleId, dict[str, None]] = {rule: {} for rule in book.rules}
    for rule, use in _uses(book):
        found[rule][use] = None
    return {rule: tuple(uses) for rule, uses in found.items()}


def _uses(book: Rulebook) -> Iterator[tuple[RuleId, str]]:
    for row in book.transitions:
        guards = (row.requires, row.forbids, row.none_open, row.some_open, row.guards)
        for rule in (row.rule, *(rule for guard in guards for rule in guard.values())):
            yield rule, "链上"
        if row.term_rule is not None:
            yield row.term_rule, "链上"
        for need in row.evidence:
            yield need.rule, "证据"
    for use in book.checks:
        yield use.rule, f"校验 `{use.check}`"
    yield from _lists(book)


def _lists(book: Rulebook) -> Iterator[tuple[RuleId, str]]:
    lists: tuple[tuple[str, Iterable[RuleId]], ...] = (
        ("主体", (one.rule for one in book.bodies.values())),
        ("路径", (one.rule for one in book.tracks)),
        ("申报机构", (rule for one in book.institutions for rule in (one.rule, one.territory_rule))),
        ("项目类型", (rule for one in book.categories for rule in (one.rule, *_of(one.all_of, one.any_of)))),
        ("申报材料", (one.rule for one in book.materials)),
        ("退出", (rule for one in book.exits for rule in (one.rule, *_of(one.all_of, one.any_of, one.after)))),
        ("义务", (one.rule for one in book.duties)),
        ("办理环节", (one.rule for one in book.courses.values())),
        ("期限", (one.rule for one in book.deadlines)),
        ("公开", book.publicity.values()),
        ("容错", (one.rule for one in (book.tolerance,) if one is not None)),
    )
    for use, rules in lists:
        for rule in rules:
            yield rule, use


def _of(*mappings: Mapping[str, RuleId]) -> tuple[RuleId, ...]:
    return tuple(rule for mapping in mappings for rule in mapping.values())
