"""An operation from its request to its end, on a real chain."""

from tests.integration.services.transactions.rig import OWNER, REGIONAL, Rig, key_of


def test_a_signed_registration_becomes_final_and_is_heard_once(rig: Rig) -> None:
    operation = rig.register(1)
    assert rig.state(operation) == "queued"
    rig.run(operation)
    rig.tick(3)
    assert rig.state(operation) == "final"
    assert rig.actions(operation) == ["received", "queued", "signed", "sent", "mined", "final"]
    assert [event.args["authority"] for event in rig.events] == [OWNER.address]
    assert rig.nonces_used() == 1
