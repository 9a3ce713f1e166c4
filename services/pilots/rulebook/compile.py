"""From a rulebook to the table that the chain holds: one packed word for each state and action.

The layout is the contract's (docs/spec/pilot.md). A rulebook with an open setting is not compiled.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from eth_abi.abi import encode

from chain.proof.hashing import keccak256, sha256
from services.pilots.rulebook.loader import require_settings
from services.pilots.rulebook.model import NONE_STATE, Rulebook, Transition

__all__ = ["Entry", "Table", "compile_table"]

_EXISTS = 1 << 255
_ABI = ("uint32", "bytes32", "string", "bytes32", "bytes32[]", "(uint8,bytes32,uint256)[]")


@dataclass(frozen=True, slots=True)
class Entry:
    """What `action` does in the state of number `state` (0: opening), as rulebook and as packed rule."""

    state: int
    action: str
    packed: int
    row: Transition

    @property
    def action_hash(self) -> bytes:
        """How the contract knows the action: keccak256 of its name, 32 bytes."""
        return keccak256(self.action.encode())


@dataclass(frozen=True, slots=True)
class Table:
    """The compiled rulebook. `bodies` are the roles that rules refer to by index + 1; `document` is 32 bytes."""

    book: Rulebook
    bodies: tuple[str, ...]
    entries: tuple[Entry, ...]
    document: bytes
    rows: Mapping[tuple[str | None, str], Transition]

    def state_name(self, number: int) -> str | None:
        """The state of a number of the contract, None for 0; KeyError for a number that is none."""
        return None if number == NONE_STATE else self._states()[number]

    def state_number(self, name: str | None) -> int:
        """The contract's number of a state, 0 for none."""
        return NONE_STATE if name is None else self.book.states[name].number

    def flag_names(self, mask: int) -> frozenset[str]:
        """The flags of a word of the contract."""
        return frozenset(flag.name for flag in self.book.flags.values() if mask & flag.mask)

    def flag_mask(self, names: frozenset[str] | Sequence[str]) -> int:
        """The contract's word for some flags."""
        return _mask(self.book, names)

    def arguments(self, log: bytes) -> tuple[object, ...]:
        """`RulebookRegistry.activate`'s rulebook, with the 32 bytes id of the region's pilot log."""
        bodies = [keccak256(role.encode()) for role in self.bodies]
        table = [(entry.state, entry.action_hash, entry.packed) for entry in self.entries]
        return (self.book.region, log, self.book.id, self.document, bodies, table)

    def id(self, log: bytes) -> bytes:
        """The rulebook's id on the chain, 32 bytes."""
        return keccak256(encode(_ABI, self.arguments(log)))

    def _states(self) -> dict[int, str]:
        return {state.number: state.name for state in self.book.states.values()}


def compile_table(book: Rulebook) -> Table:
    """The table of a rulebook whose settings are all decided; MissingSettings otherwise."""
    require_settings(book)
    roles = tuple(dict.fromkeys(_roles(book)))
    entries = tuple(
        Entry(_number(book, row.state), row.action, _packed(book, row, roles), row) for row in book.transitions
    )
    rows = {(row.state, row.action): row for row in book.transitions}
    return Table(book=book, bodies=roles, entries=entries, document=sha256(book.canonical), rows=rows)


def _roles(book: Rulebook) -> Iterator[str]:
    for row in book.transitions:
        role = book.bodies[row.body].role
        if role is not None:
            yield role


def _number(book: Rulebook, state: str | None) -> int:
    return NONE_STATE if state is None else book.states[state].number


def _mask(book: Rulebook, flags: frozenset[str] | Sequence[str]) -> int:
    return sum(book.flags[name].mask for name in flags)


def _packed(book: Rulebook, row: Transition, roles: Sequence[str]) -> int:
    body = book.bodies[row.body]
    fields = (
        (0, 8, _number(book, row.to)),
        (8, 8, 0 if body.role is None else roles.index(body.role) + 1),
        (16, 1, int(body.national)),
        (17, 1, int(body.by_sender)),
        (18, 1, int(row.gate)),
        (24, 8, int(row.effect)),
        (32, 8, int(row.kind_a or 0)),
        (40, 8, int(row.kind_b or 0)),
        (48, 16, row.days),
        (64, 16, row.months),
        (80, 8, sum(row.guards)),
        (88, 8, sum(1 << kind for kind in row.none_open)),
        (96, 32, _mask(book, tuple(row.requires))),
        (128, 32, _mask(book, tuple(row.forbids))),
        (160, 32, _mask(book, row.sets)),
        (192, 32, _mask(book, row.clears)),
        (224, 8, 0 if row.lifted_by is None else book.flags[row.lifted_by].bit + 1),
        (232, 8, sum(1 << kind for kind in row.some_open)),
    )
    word = _EXISTS
    for shift, width, value in fields:
        if not 0 <= value < 1 << width:
            raise ValueError(f"{row.action} in {row.state}: {value} does not fit {width} bits at {shift}")
        word |= value << shift
    return word
