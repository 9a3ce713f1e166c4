from sqlalchemy import text

from services.identity.views import AuthorityRequest, RoleRequest, StatusRequest
from services.platform.errors import Conflict, Forbidden, NotFound, RuleRefused, Unauthenticated
from tests.integration.services.identity.house import House
from tests.integration.services.transactions.rig import REGIONAL


def test_the_first_institution_is_registered_by_its_regions_authority(house: House) -> None:
    done = house.bootstrap()
    assert (done.institution.status, done.institution.host) == ("pending", True)
    caller = house.caller(done.issued)
    registering, opening = done.operations
    assert (registering.kind, opening.kind) == ("institution.registration", "log.opening")
    house.sign(caller, registering, REGIONAL)
    assert house.run(registering.id) == "final"
    assert house.services.identity.get_institution(caller, caller.institution_id).status == "active"
