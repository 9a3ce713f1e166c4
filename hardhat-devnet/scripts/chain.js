// One fresh in-process chain, its accounts, and whole transactions on it.
import hre from "hardhat";
import { createContract, deployContract } from "micro-eth-signer/advanced/abi.js";
import { build } from "./contracts.js";

export const DEADLINE = 4_102_444_800n; // 2100-01-01, so that equal runs sign equal bytes
const DOMAIN = parameters("string name,string version,uint256 chainId,address verifyingContract");

export async function startChain() {
  await build({ withHarness: true });
  const { provider } = await hre.network.create();
  const request = (method, ...params) => provider.request({ method, params });
  const accounts = await request("eth_accounts");
  const chainId = Number(await request("eth_chainId"));

  async function send(transaction) {
    const hash = await request("eth_sendTransaction", { from: accounts[0], ...transaction });
    const receipt = await request("eth_getTransactionReceipt", hash);
    return { gas: Number(receipt.gasUsed), address: receipt.contractAddress };
  }

  /** Deploys; the result's `call(function, arguments, sender)` sends a transaction and gives its gas, `read` asks a view. */
  async function deploy(name, ...constructorArguments) {
    const { abi, bytecode } = await hre.artifacts.readArtifact(name);
    const { address, gas } = await send({ data: deployContract(abi, bytecode, ...constructorArguments) });
    const functions = createContract(abi);
    const call = async (method, values, from = accounts[0]) =>
      (await send({ from, to: address, data: hex(functions[method].encodeInput(values)) })).gas;
    const read = async (method, values) => {
      const answer = await request("eth_call", { to: address, data: hex(functions[method].encodeInput(values)) }, "latest");
      return functions[method].decodeOutput(Buffer.from(answer.slice(2), "hex"));
    };
    return { name, address, gas, call, read };
  }

  /** Signs `message` as the struct `type` ("Name(type name,…)"); its last members are nonce and deadline. */
  async function authorise(contract, type, message, signer, nonce) {
    const [, primaryType, members] = type.match(/^(\w+)\((.*)\)$/);
    const signature = await request("eth_signTypedData_v4", signer, {
      types: { EIP712Domain: DOMAIN, [primaryType]: parameters(members) },
      primaryType,
      domain: { name: `regseal ${contract.name}`, version: "1", chainId, verifyingContract: contract.address },
      message: plain({ ...message, nonce, deadline: DEADLINE }, parameters(members)),
    });
    return { signer, nonce, deadline: DEADLINE, signature: Buffer.from(signature.slice(2), "hex") };
  }

  return { accounts, request, deploy, authorise };
}

function hex(bytes) {
  return `0x${Buffer.from(bytes).toString("hex")}`;
}

/** The members of `message` that the struct has, as JSON. */
function plain(message, members) {
  const json = (value) => {
    if (Array.isArray(value)) return value.map(json);
    if (typeof value === "boolean") return value;
    return Buffer.isBuffer(value) ? hex(value) : `${value}`;
  };
  return Object.fromEntries(members.map(({ name }) => [name, json(message[name])]));
}

function parameters(list) {
  return list.split(",").map((parameter) => {
    const [type, name] = parameter.split(" ");
    return { type, name };
  });
}
