"""One log: its ranges joined, its heads judged, its other rows compared, and what was found put into words."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from chain.proof.errors import ProofError
from chain.proof.merkle import Frontier
from services.evidence.fsck import repository
from services.evidence.fsck.findings import DATABASE, LOG_KEY, Finding, Report
from services.evidence.fsck.ranges import LogFacts, RangeResult
from services.evidence.fsck.rules import Book, Broken, Claim, Streams, Strength
from services.evidence.fsck.tree import RANGE_LEVEL, Growing
from services.evidence.models import LogRow

__all__ = ["LogCheck"]

_NARROW = (
    "a head vouches for all leaves below it at once, and in this range nobody outside kept their hashes: "
    "a witness's mirror (--mirror) would name the leaf"
)


class LogCheck:
    """Takes the results of a log's ranges in their order, then ``finish()``."""

    def __init__(self, facts: LogFacts, claims: Sequence[Claim], start: Frontier, report: Report) -> None:
        """``claims`` from outside; ``start`` is the frontier of ranges before the first one that is looked at."""
        self.facts = facts
        self._outside = sorted(claims)
        self._report = report
        self._own = Report()
        self._trees = (Growing(start), Growing(start), Growing(start))
        self.leaves, self.tiles, self.mirror = self.books = (Book(), Book(), Book())
        self._from_start = start.size == 0
        self._streams = Streams(from_start=self._from_start)
        self._against_tiles: dict[int, str | None] = {}
        self._against_mirror: dict[int, str | None] = {}
        self._unknown_witnesses: set[str] = set()
        self._end: Frontier | None = None
        self._strong: list[Claim] = []

    def take(self, result: RangeResult) -> None:
        """The next range."""
        for tree, part in zip(self._trees, (result.leaves, result.tiles, result.mirror), strict=True):
            tree.take(part)
        here = [claim for claim in self._outside if result.start < claim.size <= result.end]
        for claim in sorted([*here, *result.claims]):
            for book, tree in zip(self.books, self._trees, strict=True):
                frontier = tree.frontier(claim.size)
                book.judge(claim, frontier.root() if frontier else None)
            if claim.outside:
                self._strong.append(claim)
        self._end = self._trees[0].frontier(result.end)
        for finding in result.findings:
            self._own.add(finding)
        for index, stream, wrong in self._streams.take(result.streams):
            detail = f"stream {stream.hex()}: {wrong}"
            self._own.add(self._at("stream-broken", index, None, detail))
        if len(self._against_tiles) <= Report.MOST:
            self._against_tiles |= result.against_tiles
        if len(self._against_mirror) <= Report.MOST:
            self._against_mirror |= result.against_mirror
        self._unknown_witnesses |= result.unknown_witnesses
        for what, number in result.counts.items():
            self._report.count(what, number)

    def finish(self, session: Session, row: LogRow, *, whole: bool) -> None:
        """``whole``: the ranges reached from the first leaf to the last."""
        self._check_refuted()
        self._check_tree(session)
        if whole:
            self._check_row(session, row)
            self._check_streams(session)
        self._hand_on()
        if self._unknown_witnesses:
            names = ", ".join(sorted(self._unknown_witnesses))
            told = f"{self.facts.origin}: cosignatures of {names}, who is no witness in settings.toml"
            self._report.remarks.append(told)
        if self.leaves.unknown:
            told = f"{self.facts.origin}: {self.leaves.unknown} heads behind a missing leaf could not be computed"
            self._report.incomplete.append(told)

    # heads

    def _check_refuted(self) -> None:
        for refuted in self.leaves.refuted():
            claim, by = refuted.claim, refuted.by
            kind = "head-file" if claim.strength is Strength.HEAD_FILE else "checkpoint-differs"
            who = LOG_KEY if kind == "checkpoint-differs" else ""
            detail = f"{claim.by} has another root than its {claim.size} leaves, of which others vouch"
            found = self._at(kind, claim.size - 1, None, detail, who=who)
            self._own.add(replace(found, contradicted_by=(by.by, *self._same_size(claim))))

    def _same_size(self, claim: Claim) -> tuple[str, ...]:
        return tuple(one.by for one in self._strong if one.size == claim.size and one.root != claim.root)

    def _check_tree(self, session: Session) -> None:
        broken = self.leaves.broken()
        told = {judged.claim for judged in self.leaves.failing if judged.claim.strength is Strength.HEAD_FILE}
        told -= {refuted.claim for refuted in self.leaves.refuted()}
        for claim in told:
            detail = f"it says root {claim.root.hex()[:16]}… at {claim.size}, which is not that of the leaves"
            self._own.add(self._at("head-file", claim.size - 1, None, detail))
        if broken is None:
            self._check_accounts()
            return
        named = self._named(broken)
        if named is None:
            self._own.add(self._range_finding(broken))
            return
        by, indexes = named
        against = (by, *(claim.by for claim in broken.against))
        for index, record_id in sorted(indexes.items()):
            finding = self._at("leaf-differs", index, record_id, _changed(session, self.facts.id, index))
            who = LOG_KEY if broken.key_needed else DATABASE
            self._own.add(replace(finding, contradicted_by=against, who=who))

    def _named(self, broken: Broken) -> tuple[str, dict[int, str | None]] | None:
        """Who names the leaves: an account of the log that leads to the heads the leaves do not lead to."""
        if self._against_mirror and self._vouched(self.mirror) and min(self._against_mirror) < broken.upper.size:
            return f"the mirror {self.facts.mirror.home if self.facts.mirror else ''}", self._against_mirror
        if self._against_tiles and self._vouched(self.tiles):
            return "the stored tiles, which lead to these heads", self._against_tiles
        return None

    def _vouched(self, book: Book) -> bool:
        """Whether an account of the log leads to every head that others than the service gave."""
        broken = book.broken()
        return broken is None or not broken.upper.outside

    def _range_finding(self, broken: Broken) -> Finding:
        lower = broken.lower.by if broken.lower else "the empty log"
        why = _NARROW
        if self.facts.mirror_size and not self._vouched(self.mirror):
            why = f"the mirror itself does not lead to the heads that others vouch for. {why}"
        detail = "the leaves in this range are not those of the heads that were given out"
        if broken.own is not None:
            first, end = broken.own
            detail += f"; the log's own signatures place it in {first} … {end - 1}, as far as its key is safe"
        return Finding(
            kind="tree-differs",
            origin=self.facts.origin,
            detail=detail,
            first=broken.lower.size if broken.lower else 0,
            end=broken.upper.size,
            between=(lower, broken.upper.by),
            contradicted_by=tuple(claim.by for claim in broken.against),
            why_not_narrower=why,
            who=LOG_KEY if broken.key_needed else DATABASE,
        )

    def _check_accounts(self) -> None:
        """The leaves lead to every head; who says otherwise is wrong."""
        for index, record_id in sorted(self._against_tiles.items()):
            detail = "the tile has another hash; the leaf leads to the heads"
            self._own.add(self._at("tile-differs", index, record_id, detail))
        if self._against_mirror:
            first = min(self._against_mirror)
            self._report.incomplete.append(
                f"{self.facts.origin}: the mirror differs at {first} and {len(self._against_mirror) - 1} more, yet the "
                "leaves lead to every head: the mirror is damaged"
            )

    # rows beside the tree

    def _check_row(self, session: Session, row: LogRow) -> None:
        beyond = repository.count_beyond(session, row.id, row.size)
        if beyond:
            detail = f"{beyond} leaves from {row.size} on, where the log ends"
            self._own.add(self._at("leaf-beyond", row.size, None, detail))
        try:
            same = self._end is None or Frontier.decode(row.frontier) == self._end
        except ProofError:
            same = False
        if not same or (row.size == 0 and row.frontier != Frontier().encode()):
            detail = f"size {row.size} and frontier of the log's row are not those of its leaves"
            self._own.add(self._at("frontier-differs", max(0, row.size - 1), None, detail))
        for record_id, index in repository.orphans(session, row.id, Report.MOST):
            self._own.add(self._at("record-orphan", index, record_id, f"the leaf {index} is not its"))

    def _check_streams(self, session: Session) -> None:
        rows = 0
        for stream, count, last in repository.streams(session, self.facts.id):
            rows += 1
            head = self._streams.head(stream)
            if head != (count, last):
                told = "no leaves" if head is None else f"{head[0]} leaves, the last {head[1].hex()[:16]}…"
                row = f"{count} leaves, the last {last.hex()[:16]}…"
                detail = f"stream {stream.hex()}: the row says {row}; the log has {told}"
                self._own.add(Finding(kind="stream-row", origin=self.facts.origin, detail=detail))
        if rows < len(self._streams):
            detail = f"{len(self._streams)} streams have leaves, {rows} have rows"
            self._own.add(Finding(kind="stream-row", origin=self.facts.origin, detail=detail))
        self._report.count("streams", rows)

    # words

    def _at(self, kind: str, index: int, record_id: str | None, detail: str, *, who: str = "") -> Finding:
        return Finding(
            kind=kind, origin=self.facts.origin, detail=detail, first=index, end=index + 1, record_id=record_id, who=who
        )

    def _hand_on(self) -> None:
        """Gives the findings to the report, each with the outside heads between which it lies."""
        heads = {claim.size: claim.by for claim in (*self._strong, *self._outside) if claim.outside}
        sizes = sorted(heads)
        for finding in self._own.findings:
            if finding.between is None and finding.first is not None:
                at = bisect_right(sizes, finding.first)
                lower = heads[sizes[at - 1]] if at else "the empty log"
                upper = heads[sizes[at]] if at < len(sizes) else "no head that others vouch for yet"
                finding = replace(finding, between=(lower, upper))  # noqa: PLW2901
            self._report.add(finding)
        for alike, number in self._own.omitted.items():
            self._report.omitted[alike] = self._report.omitted.get(alike, 0) + number


def first_ranges(nodes: Iterable[bytes], size: int) -> Frontier:
    """The frontier that counts in ranges, of a tree of ``size`` leaves that ends where a range does."""
    return Frontier(size >> RANGE_LEVEL, tuple(nodes))


def _changed(session: Session, log_id: str, index: int) -> str:
    below, above = repository.checkpoint_sizes_around(session, log_id, index)
    return f"sealed between the checkpoints {below or 0} and {above if above is not None else '(none yet)'}"
