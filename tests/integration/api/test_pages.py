"""What a person opens: the start page and the API reference, with nothing from another origin."""

import re
from typing import Any

from api.app import STATIC, SWAGGER
from api.examples import lacking
from tests.integration.api.conftest import Market

TYPES: dict[str, Any] = {"string": str, "integer": int, "array": list, "object": dict, "null": type(None)}
FOREIGN = re.compile(r"""(?:src|href|url\()\s*=?\s*["']?(?:https?:)?//""")


def test_start_page_tells_class_heads_sizes_and_three_commands(market: Market) -> None:
    market.a.submit()
    page = market.anyone.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    for text in ("embedded: single operator, not tamper-resistant", "wanqu.example/register", "./regseal verify"):
        assert text in page.text
    assert page.text.count("./regseal ") == 3
    assert not FOREIGN.search(page.text)


def test_reference_is_served_from_here_alone(market: Market) -> None:
    page = market.anyone.get("/docs")
    assert not FOREIGN.search(page.text)
    for asset in re.findall(r'(?:src|href)="(/[^"]+)"', page.text):
        assert market.anyone.get(asset).status_code == 200, asset
    assert (SWAGGER / "swagger-ui-bundle.js").is_file()
    assert (STATIC / "start.css").is_file()


def test_openapi_is_3_1_with_examples_and_every_reference_resolves(market: Market) -> None:
    document: Any = market.anyone.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    schemas = document["components"]["schemas"]
    for name in ("Acknowledged", "OperationView", "LogView"):
        assert "example" in schemas[name], name
    assert list(lacking(document)) == []
    for schema in schemas.values():
        for name, member in schema.get("properties", {}).items():
            kinds = {kind.get("type") for kind in member.get("anyOf", [member])} & TYPES.keys()
            for example in member.get("examples", []) if kinds else []:
                assert isinstance(example, tuple(TYPES[kind] for kind in kinds)), (name, example)
    for reference in re.findall(r"#/components/schemas/([A-Za-z0-9_\-]+)", str(document)):
        assert reference in schemas
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation.get("description"), (method, path)
            assert "default" in operation["responses"], (method, path)
