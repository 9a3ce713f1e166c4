from chain.proof.digest import Digester, FileDigest, digest_of, keyed_address

ABC_SHA256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4
ABC_SM3 = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"  # GB/T 32905-2016, A.1


def test_the_published_digests_of_abc() -> None:
    found = digest_of([b"a", b"", b"bc"])
    assert (found.size, found.sha256.hex(), found.sm3.hex()) == (3, ABC_SHA256, ABC_SM3)


def test_a_result_on_the_way_does_not_end_the_digest() -> None:
    digester = Digester()
    digester.update(b"ab")
    assert digester.result() == digest_of([b"ab"])
    digester.update(memoryview(b"c"))
    assert digester.result() == digest_of([b"abc"])


def test_equal_contents_have_one_address_under_one_key_and_another_under_another() -> None:
    one, two = digest_of([b"x"]), digest_of([b"y"])
    assert keyed_address(bytes(32), one) == keyed_address(bytes(32), digest_of([b"x"]))
    others = [keyed_address(b"k" * 32, one), keyed_address(bytes(32), two)]
    others.append(keyed_address(bytes(32), FileDigest(2, one.sha256, one.sm3)))
    assert keyed_address(bytes(32), one) not in others
