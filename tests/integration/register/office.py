"""The operator's clerk, who also takes companies into custody: applications, lists of holders, steps of the cycle."""

import io
from collections.abc import Sequence
from typing import Any

from chain.proof.digest import digest_of
from chain.proof.encoding import to_hex
from services.platform.ids import random_id
from tests.integration.register.clerk import Clerk
from tests.unit.services.register.imports.sheets import HEADING, book, organisation
from tests.waiting import until

SHARE = {
    "form": "share", "kinds": ["person", "company", "partnership"], "cap": 200, "basis": "REM-04", "interval": 5,
    "subscription_counts": False,
}  # fmt: skip
LIENS = ("权利负担类型", "股东名称", "证件号码", "数量", "登记日期", "到期日", "权利人", "文书号")
APPLICATION = ("licence", "articles", "resolution", "capital-verification", "holder-list", "custody-agreement")


class Office(Clerk):
    """With HTTP for everything that companies need."""

    def post(self, path: str, body: dict[str, Any], status: int, *, key: str = "") -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        answer = self.client.post(f"/v1/register/{path}", json=body, headers=headers)
        made = answer.json()
        if answer.status_code == 202 and made.get("kind") == "register.fact":
            done = self.checked(made)
            assert done["state"] == "final", done["reason"]
            return self._entered(path, body)
        assert answer.status_code == status, answer.text
        return made

    def _entered(self, path: str, body: dict[str, Any]) -> Any:
        """What has changed, as it is now."""
        what, _, rest = path.partition("/")
        if not rest:
            return self.seen(what)["items"][-1]
        if "/securities" in rest:
            place, _, security = path.partition("/securities")
            wanted = security.strip("/").partition("/")[0] or body["security"]
            return next(one for one in self.seen(f"{place}/securities")["items"] if one["security"] == wanted)
        return self.seen(f"{what}/{rest.partition('/')[0]}")

    def seen(self, path: str) -> Any:
        answer = self.client.get(f"/v1/register/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def apply(self, order: int, capital: int, **other: Any) -> Any:
        said = {
            "code": f"SZX{order:06d}F", "name": f"鹏城示例{order}股份有限公司", "usci": organisation(order),
            "region": 440305, "form": "jsc", "capital": str(capital), "documents": self.documents(*APPLICATION),
        }  # fmt: skip
        return self.post("companies", {**said, **other}, 201)

    def step(self, company: Any, step: str, *codes: str, **more: Any) -> Any:
        said = {"step": step, "documents": self.documents(*codes), **more}
        return self.post(f"companies/{company['id']}/steps", said, 202)

    def stored(self, content: bytes) -> str:
        """As a material."""
        said = {"name": "名册.xlsx", "media_type": "application/octet-stream", "size": len(content)}
        material: str = self.client.post("/v1/materials", json=said).json()["id"]
        place, digest = f"/v1/materials/{material}", digest_of([content])
        assert self.client.patch(f"{place}/content", content=content, headers={"Upload-Offset": "0"}).status_code == 204
        meant = {"size": digest.size, "sha256": to_hex(digest.sha256), "sm3": to_hex(digest.sm3)}
        assert self.client.post(f"{place}/completion", json=meant).status_code == 200
        return material

    def check(self, company: Any, rows: Sequence[Sequence[object]], **more: Any) -> Any:
        """Checked by the job."""
        file = io.BytesIO(book(*rows).file().read())
        said = {
            "company": company["id"],
            "files": [{"material": self.stored(file.read()), "name": "名册.xlsx"}],
            **more,
        }
        made = self.post("imports", said, 202)
        assert made["state"] == "checking"
        self.world.services.holders.imports.run()
        return self.seen(f"imports/{made['id']}")

    def check_book(self, company: Any, holders: list[Any], liens: list[Any], **more: Any) -> Any:
        """Holders and encumbrances on sheets of their own."""
        made = book(*holders, heading=(*HEADING, "是否董监高"))
        made.add("权利负担", [LIENS, *liens])
        files = [{"material": self.stored(made.file().read()), "name": "名册.xlsx"}]
        asked = self.post("imports", {"company": company["id"], "files": files, **more}, 202)
        self.world.services.holders.imports.run()
        return self.seen(f"imports/{asked['id']}")

    def empty_security(self, company: Any) -> str:
        security = random_id("sec")
        rests = self.documents("custody-agreement", "articles")
        said = {"issuer": company["id"], "issuer_region": 440300, "terms": SHARE, "documents": rests}
        self.registered("open-security", security=security, **said)
        return security

    def execution(self, security: str) -> dict[str, Any]:
        return {"security": security, "documents": self.documents("holder-list")}

    def carry_out(self, made: Any) -> Any:
        """Until it is done or stopped; the checker signs what waits."""
        until(lambda: self.carried(made) != "running")
        return self.seen(f"imports/{made['id']}")

    def carried(self, made: Any, taken_back: str = "") -> str:
        """The state after one more step; acts of the name ``taken_back`` are not signed but cancelled."""
        self.world.services.holders.imports.run()
        asked = self.seen("acts?state=requested&limit=200")["items"]
        for act in asked:  # units before the accounts that they wait for: whatever is signed first
            if act["act"] == taken_back:
                self._take_back(act["operation"])
            elif act["operation_state"] == "needs_authorisation":
                self.sign(act)
        if asked:
            self.world.work(*(act["operation"] for act in asked))
        return str(self.seen(f"imports/{made['id']}")["state"])

    def _take_back(self, operation: str) -> None:
        services = self.world.services
        services.evidence.sequencer.run(lambda group: services.transactions.cancel(group, operation))
