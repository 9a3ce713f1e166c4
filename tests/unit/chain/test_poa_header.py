"""A header of a real proof-of-authority chain, so that nobody's own encoder is the judge."""

from chain.proof.ethereum import BlockHeader, encode_header
from chain.proof.hashing import keccak256

EMPTY_TRIE = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
GOERLI_HASH = "bf7e331f7f7c1dd2e05159666b3bf8bc7a8a3a9eb1d518969eab529dd9b88c1a"
GOERLI_GENESIS = {
    "parentHash": "0x" + "00" * 32,
    "sha3Uncles": "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
    "miner": "0x" + "00" * 20,
    "stateRoot": "0x5d6cded585e73c4e322c30c2f782a336316f17dd85a4863b9d838d2d4b8b3008",
    "transactionsRoot": EMPTY_TRIE,
    "receiptsRoot": EMPTY_TRIE,
    "logsBloom": "0x" + "00" * 256,
    "difficulty": "0x1",
    "number": "0x0",
    "gasLimit": "0xa00000",
    "gasUsed": "0x0",
    "timestamp": "0x5c51a607",
    # 32 bytes of vanity, the first signer's address, 65 bytes for the seal
    "extraData": "0x22466c6578692069732061207468696e6722202d204166726900000000000000"
    "e0a2bd4258d2768837baa26a28fe71dc079f84c7" + "00" * 65,
    "mixHash": "0x" + "00" * 32,
    "nonce": "0x" + "00" * 8,
}


def test_the_genesis_of_goerli_hashes_to_its_known_hash() -> None:
    encoded = encode_header(GOERLI_GENESIS)
    assert keccak256(encoded).hex() == GOERLI_HASH
    assert BlockHeader.decode(encoded).timestamp == 0x5C51A607
