"""hashing: digests are computed in chain.proof only, and never over json.dumps (its bytes are nobody's standard)."""

import ast
import re
from collections.abc import Iterator

from tools.lint.source import Finding, Source, dotted

_OWNER = "chain/proof"
_LIBRARIES = ("hashlib", "Crypto.Hash", "eth_hash", "sha3", "eth_utils.keccak", "eth_utils.crypto", "gmssl.sm3")
_DERIVATIONS = {"hashlib.scrypt", "hashlib.pbkdf2_hmac"}  # of keys from passphrases; they prove nothing to anybody
_DUMPS = {"json.dumps", "dumps", "orjson.dumps"}
_LOADS = {"json.loads", "loads", "orjson.loads"}
_CALLS = {"hmac.new", "hmac.digest", "hashes.Hash", "Web3.keccak", "Web3.solidity_keccak", "w3.keccak"}
_HASHES = re.compile(r"(^|\.)(sha\d\w*|keccak\w*|sm3|blake2\w*|md5|hmac\w*|commit|leaf_hash|digest|sign\w*|hash)$")


def check(source: Source) -> Iterator[Finding]:
    """Hash libraries outside chain.proof in the product; json.dumps that flows into a hash or a signature."""
    if not source.python:
        return
    if source.product and not source.under(_OWNER):
        for node, name in source.imports():
            if name not in _DERIVATIONS and any(f"{name}.".startswith(f"{library}.") for library in _LIBRARIES):
                yield source.finding("hashing", node, f"{name}: hash through chain.proof.hashing")
        for call, name in source.calls():
            if name in _CALLS:
                yield source.finding("hashing", call, f"{name}: hash through chain.proof.hashing")
    if not source.under("tests"):  # a test may forge what it likes
        yield from _dumps_into_hash(source)


def _dumps_into_hash(source: Source) -> Iterator[Finding]:
    tainted = {
        target.id
        for node in source.nodes
        if isinstance(node, ast.Assign) and _dumps(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call, name in source.calls():
        if not _HASHES.search(name):
            continue
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
            names = {part.id for part in ast.walk(argument) if isinstance(part, ast.Name)}
            if _dumps(argument) or names & tainted:
                yield source.finding("hashing", call, "json.dumps under a hash or signature; use chain.proof.canonical")


def _dumps(node: ast.AST) -> bool:
    """Whether the value carries what json.dumps made; json.loads around it ends that."""
    if isinstance(node, ast.Call) and dotted(node.func) in _DUMPS | _LOADS:
        return dotted(node.func) in _DUMPS
    return any(_dumps(part) for part in ast.iter_child_nodes(node))
