"""Our exports, read by other people's libraries (foreign.mjs)."""

import json
import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from secrets import token_bytes

from chain.client import ChainClient
from chain.inclusion import collect_event_proof
from chain.party.evm import checksummed
from chain.proof.ethereum import BlockHeader
from chain.proof.note import NoteSigner, SignatureType
from tests.integration.chain.support import RECORDER, Plain, signed
from tests.integration.readers import exports
from tests.vectors.world import AUDITOR, REGULATOR, World, record

HERE = Path(__file__).parent


def read(node: Path, folder: Path, exported: dict[str, exports.Cases]) -> dict[str, int]:
    """How many cases each foreign reader agreed with; fails when one disagrees."""
    file = folder / "exports.json"
    file.write_text(json.dumps(exported), "utf-8")
    done = subprocess.run([node, HERE / "foreign.mjs", file], capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    counts: dict[str, int] = json.loads(done.stdout)
    assert counts == {name: len(cases) for name, cases in exported.items()}
    return counts


def test_other_libraries_read_the_vectors(node: Path, tmp_path: Path) -> None:
    assert all(read(node, tmp_path, exports.of_vectors()).values())


def test_other_libraries_read_a_fresh_log(node: Path, tmp_path: Path) -> None:
    origin = f"log-{token_bytes(4).hex()}.example.cn"
    log = NoteSigner(origin, SignatureType.ED25519, token_bytes(32))
    size = random.randrange(2, 200)
    world = World(size=size, index=size // 2, origin=origin, log_signers=(log,))
    exported = exports.of_receipts([world.public()], [log.key, REGULATOR.key, AUDITOR.key], record(world.index))
    leaves = [leaf.encode() for leaf in world.all_leaves()]
    exported["consistencies"] = exports.of_growth(leaves, sorted({1, 1 + size // 3, 1 + size // 2, size}))
    assert all(read(node, tmp_path, exported).values())


def test_other_libraries_read_a_proof_from_a_running_chain(
    node: Path,
    tmp_path: Path,
    new_anvil: Callable[..., Plain],
    new_client: Callable[..., ChainClient],
) -> None:
    rpc = new_anvil().rpc
    chain_id = int(rpc("eth_chainId"), 16)
    raw, deployed = signed(0, 0, chain_id=chain_id, to=None, value=0, data=RECORDER)
    rpc("eth_sendRawTransaction", raw)
    address = checksummed(bytes.fromhex(rpc.mined(deployed)["contractAddress"][2:]))
    raw, digest = signed(1, 0, chain_id=chain_id, to=address, value=0, data=bytes(32))
    rpc("eth_sendRawTransaction", raw)
    event = rpc.mined(digest)["logs"][0]
    proof = collect_event_proof(new_client(rpc.url), digest, int(event["logIndex"], 16))
    header = BlockHeader.decode(proof.header)
    trie = exports.trie_case(header.receipts_root, proof.transaction_index, list(proof.receipt_proof))
    assert read(node, tmp_path, {"headers": [exports.header_case(proof.header)], "tries": [trie]})
