"""Writes the vectors, from one seed: `python -m tests.vectors.generate [folder]` writes the same bytes every time."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from chain.proof.canonical import JsonObject, JsonValue
from chain.proof.hashing import sha256
from chain.proof.receipt import format_receipt
from chain.proof.verify import verify_files
from tests.vectors import golden, golden_entries, golden_epoch, golden_log, golden_materials
from tests.vectors.cases import bad_trusts, good_receipts, trust_documents
from tests.vectors.evil import evil_cases

FORMAT = "regseal/vectors@v1"
MANIFEST = "manifest.json"
HERE = Path(__file__).parent


def receipts() -> JsonObject:
    trusts = trust_documents()
    cases: list[JsonValue] = []
    for name, receipt, tried in good_receipts():
        data = format_receipt(receipt)
        verdicts: JsonObject = {each: verify_files(data, str(trusts[each])).document() for each in tried}
        cases.append({"name": name, "receipt": data.decode(), "verdicts": verdicts})
    return {"trusts": trusts, "receipts": cases}


def evil() -> JsonObject:
    cases: list[JsonValue] = []
    for case in evil_cases():
        entry: JsonObject = {"name": case.name, "trust": case.trust, "stage": case.stage, "reason": case.reason}
        try:
            entry["receipt"] = case.receipt.decode()
        except UnicodeDecodeError:
            entry["receipt_hex"] = f"0x{case.receipt.hex()}"
        cases.append(entry)
    invalid: list[JsonValue] = [{"name": name, "trust": text} for name, text in bad_trusts()]
    return {"trusts": trust_documents(), "receipts": cases, "invalid_trusts": invalid}


FILES: dict[str, Callable[[], JsonObject]] = {
    "hashes.json": golden.hashes,
    "json.json": golden.json_vectors,
    "records.json": golden.records,
    "keys.json": golden.keys,
    "leaves.json": golden.leaves,
    "merkle.json": golden_log.merkle,
    "tiles.json": golden_log.tiles,
    "notes.json": golden_log.notes,
    "entries.json": golden_entries.entries,
    "materials.json": golden_materials.materials,
    "ethereum.json": golden_log.ethereum,
    "epochs.json": golden_epoch.epochs,
    "receipts.json": receipts,
    "evil.json": evil,
}


def generate() -> dict[str, bytes]:
    """Name and bytes of every file, the manifest last."""
    files = {name: _encode(make()) for name, make in FILES.items()}
    digests: JsonObject = {name: sha256(data).hex() for name, data in files.items()}
    files[MANIFEST] = _encode({"sha256": digests})
    return files


def _encode(document: JsonObject) -> bytes:
    # ASCII, so that no editor and no version control setting touches the texts inside.
    return (json.dumps({"format": FORMAT, **document}, indent=1) + "\n").encode("ascii")


def main(folder: Path) -> None:
    for name, data in generate().items():
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
