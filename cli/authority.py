"""`regseal authority`: what the root and signers do on the chain themselves, past every gateway."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.output import ExitCode, Json, emit, fail, guarded, note

if TYPE_CHECKING:
    from chain.party.keystore import EvmKey
    from chain.party.registry import Registry, Standing

app = typer.Typer(
    help="Acts of the root and of signers that need no gateway: propose, activate, cancel. 主管机关",
    no_args_is_help=True,
)
DeploymentOption = Annotated[Path, typer.Option("--deployment", help="The chain's deployment file; compare its pins.")]
RpcOption = Annotated[str, typer.Option("--rpc", help="Address of a node of the chain, best your own.")]
RegionOption = Annotated[int, typer.Option("--region", help="GB/T 2260 code, 0 national.")]
PayerOption = Annotated[
    Path, typer.Option("--payer", help="EVM key file of any account that pays for the transaction; no right is needed.")
]


def register(parent: typer.Typer) -> None:
    """Adds `authority`."""
    parent.add_typer(app, name="authority")


@app.command()
def show(region: RegionOption, deployment: DeploymentOption, rpc: RpcOption, as_json: Json = False) -> None:
    """Show who speaks for a region, and who is proposed from when."""
    with guarded(as_json=as_json):
        found = _registry(deployment, rpc).standing(region)
        emit(_document(region, found), _lines(region, found), as_json=as_json)


@app.command()
def propose(
    region: RegionOption,
    address: Annotated[str, typer.Option(help="The new authority's address.")],
    deployment: DeploymentOption,
    rpc: RpcOption,
    out: Annotated[Path, typer.Option("--out", help="Where the document for `regseal sign` goes.")],
    days: Annotated[int, typer.Option(min=1, max=90, help="How long the signature is good.")] = 14,
    as_json: Json = False,
) -> None:
    """Write what the root has to sign so that a region gets another authority after the delay (提名地区主管机关)."""
    from chain.party.clock import system_now
    from chain.party.durable import write_json
    from chain.party.errors import TypedDataError
    from chain.party.evm import checksummed, parse_address
    from chain.party.registry import proposal

    with guarded(as_json=as_json):
        try:
            named = checksummed(parse_address(address))
        except ValueError as error:
            raise TypedDataError("--address", str(error)) from None
        registry = _registry(deployment, rpc)
        found = registry.standing(region)
        deadline = int((system_now() + timedelta(days=days)).timestamp())
        document = proposal(registry.deployment, region, named, deadline)
        write_json(out, {"typed_data": document, "signers": [found.root]})
        lines = [
            *_lines(region, found),
            f"to be proposed  {named}",
            f"takes effect    {found.delay} s after the proposal is on the chain, in the open",
            f"next: regseal sign {out} --key ROOT-KEY --out signed.json",
            f"then: regseal authority send {out} signed.json --deployment … --rpc … --payer KEY",
        ]
        emit({**_document(region, found), "file": str(out), "to_be_proposed": named}, lines, as_json=as_json)


@app.command()
def send(
    document: Annotated[Path, typer.Argument(help="What `authority propose` wrote.")],
    signed: Annotated[Path, typer.Argument(help="What `regseal sign` wrote.")],
    deployment: DeploymentOption,
    rpc: RpcOption,
    payer: PayerOption,
    as_json: Json = False,
) -> None:
    """Bring the root's signed proposal to the chain."""
    from chain.party.eip712 import check
    from chain.party.errors import TypedDataError
    from chain.party.registry import propose_call
    from chain.proof.encoding import from_hex
    from cli.party import read_json

    with guarded(as_json=as_json):
        registry, given = _registry(deployment, rpc), read_json(signed)
        try:
            typed, signer = read_json(document)["typed_data"], str(given["signer"])
            call = propose_call(typed, signer, from_hex(given["signature"], "signature"))
        except (KeyError, TypeError, ValueError) as error:
            raise TypedDataError(str(signed), "not what `authority propose` and `regseal sign` wrote") from error
        _require_place(registry, check(typed).domain)
        digest = _send(registry, payer, _home(registry), call, as_json=as_json)
        region = int(typed["message"]["region"])
        found = registry.standing(region)
        emit({"transaction": digest, **_document(region, found)}, _lines(region, found), as_json=as_json)


@app.command()
def activate(
    region: RegionOption, deployment: DeploymentOption, rpc: RpcOption, payer: PayerOption, as_json: Json = False
) -> None:
    """Let a proposed authority take office once the delay is over; anybody may."""
    from chain.party.registry import activate_call

    with guarded(as_json=as_json):
        registry = _registry(deployment, rpc)
        digest = _send(registry, payer, _home(registry), activate_call(region), as_json=as_json)
        found = registry.standing(region)
        emit({"transaction": digest, **_document(region, found)}, _lines(region, found), as_json=as_json)


@app.command()
def cancel(
    document: Annotated[Path, typer.Argument(help="The operation or typed data that was signed.")],
    key: Annotated[Path, typer.Option("--key", help="The signer's own EVM key file; its account pays.")],
    deployment: DeploymentOption,
    rpc: RpcOption,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; for rehearsed scripts only.")] = False,
    as_json: Json = False,
) -> None:
    """Make a signature of one's own that was not used yet worthless for good (`cancelNonces`, 撤销未用授权)."""
    from chain.party.describe import describe
    from chain.party.eip712 import check
    from chain.party.registry import cancel_call, nonce_of
    from cli.party import read_json

    with guarded(as_json=as_json):
        given = read_json(document)
        data = check(given.get("typed_data", given) if isinstance(given, dict) else given)
        registry, nonce = _registry(deployment, rpc), nonce_of(data)
        contract, signer = _require_place(registry, data.domain), _key(key)
        for line in describe(data):
            note(line)
        if registry.is_used(contract, signer.address, nonce):
            fail(ExitCode.REFUSED, "it was used or cancelled already", as_json=as_json)
        question = f"Cancel this signature of {signer.address}, so that nobody can use it any more?"
        if not yes and not typer.confirm(question, default=False, err=True):
            fail(ExitCode.REFUSED, "not cancelled", as_json=as_json)
        digest = _send(registry, key, contract, cancel_call(nonce), as_json=as_json)
        done = {"transaction": digest, "contract": contract, "signer": signer.address, "nonce": str(nonce)}
        emit(done, (f"{name:<12} {value}" for name, value in done.items()), as_json=as_json)


def _registry(deployment: Path, rpc: str) -> Registry:
    from chain.party.registry import Registry, read_deployment
    from chain.party.rpc import JsonRpc

    return Registry(JsonRpc(rpc), read_deployment(deployment))


def _home(registry: Registry) -> str:
    from chain.party.registry import REGISTRY

    return registry.deployment.contracts[REGISTRY]


def _require_place(registry: Registry, domain: Any) -> str:
    """The contract that the document speaks to, which must be one of the deployment file's. TypedDataError."""
    from chain.party.errors import TypedDataError
    from chain.party.evm import checksummed, parse_address

    contract = checksummed(parse_address(str(domain.get("verifyingContract"))))
    chain = str(domain.get("chainId"))
    if chain != str(registry.deployment.chain_id) or contract not in registry.deployment.contracts.values():
        raise TypedDataError("/domain", "this was signed for another chain or contract than the deployment file names")
    return contract


def _key(file: Path) -> EvmKey:
    from chain.party.keystore import EvmKey, passphrase_for

    return EvmKey.load(file, passphrase_for(file))


def _send(registry: Registry, payer: Path, contract: str, call: bytes, *, as_json: bool) -> str:
    from chain.party.errors import RpcError
    from chain.party.registry import reason
    from chain.party.transaction import send

    try:
        return send(registry.rpc, _key(payer), chain_id=registry.deployment.chain_id, to=contract, data=call)
    except RpcError as error:
        fail(ExitCode.REFUSED, reason(error), as_json=as_json)


def _document(region: int, found: Standing) -> dict[str, Any]:
    return {
        "region": region,
        "root": found.root,
        "delay_seconds": found.delay,
        "authority": found.authority,
        "proposed": found.proposed,
        "effective_at": found.effective_at if found.proposed else None,
    }


def _lines(region: int, found: Standing) -> list[str]:
    from datetime import UTC, datetime

    from chain.party.describe import REGIONS

    lines = [
        f"region          {region:06d} {REGIONS.get(region, '(GB/T 2260)')}",
        f"root            {found.root}",
        f"authority now   {found.authority or 'none'}",
    ]
    if found.proposed:
        moment = datetime.fromtimestamp(found.effective_at, UTC)
        lines.append(f"proposed        {found.proposed}, can take office from {moment:%Y-%m-%dT%H:%M:%SZ}")
    return lines
