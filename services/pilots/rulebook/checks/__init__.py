"""The checks of the service (服务侧校验): what a step must show that the chain cannot see."""

from services.pilots.rulebook.checks.base import Violation
from services.pilots.rulebook.checks.completeness import Gap, completeness
from services.pilots.rulebook.checks.running import PARAMETERS, check_act

__all__ = ["PARAMETERS", "Gap", "Violation", "check_act", "completeness"]
