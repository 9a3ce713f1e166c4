# Threat model

Who can forge what, with which key, and who would notice. Read it beside [spec/receipt.md](spec/receipt.md): each row names the verifier's stage that refuses the forgery.

## What is protected

1. A record accepted by the service cannot be changed, dropped, back-dated or reordered without somebody outside the service being able to prove it.
2. Nobody can make a receipt that passes an auditor's trust policy for a record that the policy's witnesses never saw in the log.
3. No act of an authority, an institution or a court appears on the chain without that party's own signature.
4. What an institution submits is read by that institution and by those the policy table names; the chain, the public tiles and the checkpoints carry salted commitments only.

It is **not** protected that an accepted record is *true*. The log proves that it was said, by whom, and when at the latest.

## Keys

| key | held by | can do | cannot do | after theft |
|---|---|---|---|---|
| root authority | the national body, off line | propose a region's authority, without any gateway (`regseal authority`); takes effect after the delay, in the open | register, grant, open, anchor | redeploy the registry under a new root; within the delay everybody sees the proposal |
| regional authority | the region's regulator | register, suspend and exit institutions of its region, replace their authority keys, grant and revoke its roles, freeze its institutions' logs | act in another region, write, rotate or reopen a log | the root proposes a new one; a frozen log stays frozen, its owner opens a successor |
| institution's authority | the institution, off the gateway | while the institution is active: open, rotate and succeed its own logs, replace itself; always: freeze them | touch another institution; replace itself while suspended | the regional authority suspends the institution, so that the thief cannot replace the key first, and replaces it |
| submitter key (Ed25519) | the institution | sign what it submits | submit (that needs a token) | revoke; what is accepted after the revocation fails in `submitter` |
| API token | a person or system of the institution | what the policy table gives its role, for its own institution | anything on chain in another's name | revoke; tokens expire |
| gateway key | the service | pay, submit, anchor heads of logs that name it | hold any role or authority on chain (asserted by a test and by `doctor`) | the owner freezes the log and opens a successor; history cannot be replaced with it |
| log key (Ed25519) | the service, wrapped by the master key | sign checkpoints and acknowledgements | satisfy `witness` or `finality` | the owner rotates: heads past the rotation need the new key |
| master key | the service, outside the database | unwrap log keys and institutions' data keys | change what is anchored | treat as: log keys stolen and all records read |
| witness key | the regulator or auditor that runs the witness | cosign, attest headers; stop submissions with a head statement that knows more than the log | write the log or the chain; put other lines than its own into receipts | take it out of the service's settings and of the trust files; its old signatures count only with the rest of the quorum |

## Attackers

| attacker | tries | refused by | noticed by |
|---|---|---|---|
| reads the database | learn other institutions' records | records are encrypted per institution; the master key is elsewhere | – |
| writes the database | give itself a token of any institution, give its own more roles, a longer term or another institution, take a revocation back, make its institution a regulator or another region's, print itself a one-time token | 401: each token carries a seal over what it says and over its institution's kind, region and host, made with a key that the master key wraps | `regseal_forged_rows_total`, the log line `forged_row` with table and row |
| | put back a whole row of before, with its seal (a token since revoked, of which it has the secret) | – | the institution's list of tokens |
| | give its institution's accounts a role of the chain, undo its suspension, or put another institution into its region: rows that the chain decides and that are not sealed | on the chain nothing changes; the service reads for such a token what the role reads | whoever compares with the registry; an event of the chain writes over it |
| | move a ciphertext to another row or institution | at-rest keys are one for each institution, and what is encrypted names its row | `atrest-unreadable` |
| | change a record | `record`: the commitment differs from the leaf | start-up check, any receipt |
| | change a leaf and all later hashes | consistency is checked before each seal and by the contract at the next anchor | start-up check against head file, witness and chain |
| | restore yesterday's copy, also one newer than the last anchor | `log-behind-anchor`: the head file, the witnesses' head statements and the chain know a longer log; asking again for a log that was made before the restart passes no check | the operator at once: the service refuses submissions |
| has database and log key | a checkpoint over another tree | `witness`: no quorum has cosigned it | any witness shown both: it keeps the signed checkpoint as evidence |
| | a whole receipt with an invented chain | `finality`: no trusted witness attested that header; `anchor`: chain, genesis and contract are pinned | – |
| has the gateway key | anchor another history | the contract refuses an inconsistent head | – |
| | let a log grow after its owner froze it | the contract takes no head; witnesses that read the freeze sign none beyond it | – |
| | anchor nonsense that *extends* the log | not refused by the contract: the owner freezes and opens a successor | witnesses: the anchored head is not a checkpoint of the log |
| writes the database of a market's operator | move units, hide a pledge, add a holder in the rows | in a checked market nothing on the chain moves: the referee is the contract, an act needs another person's signature over what it says, and a lien that the rows do not show still refuses the transfer. In an unchecked one, acts that need nobody's signature do: the gateway signs queued transactions as the table has them (`regseal doctor` warns of such a market) | whoever looks in the log for the requested leaf that an act names; the next reconciliation with the contract's storage, daily; whoever checks the event that a statement names, or the seq of the next one |
| | give out a statement that the register does not support | – | whoever reads the position's event at the transaction that the statement names; the leaf holds the statement's digest, so that it cannot be denied later |
| reads a copy of the database, or the chain | learn who holds what, or find out whether a known person holds | identities lie under the institution's data key, documents are looked up by a hash under a key that is itself encrypted; facts commit to salted digests; the chain has pseudonyms. Companies, codes, kinds and units are in the clear | – |
| hands in a spreadsheet that is none | exhaust memory or run code by it (zip bombs, entities, formulas, wide sheets) | parts are measured before they are unpacked, document types refused, formulas never computed; 64 MiB, 200,000 lines | the import's report |
| has a clerk's token of the operator | ask for acts in its name, and so stop others' acts or hide them behind its own | an act without all its signatures holds nobody up: only what has all of them is in the queue, in the order of asking, and counts in the checks of the next | each request is a leaf under the operator's name; `regseal register acts --state requested` |
| | take a company through its steps, change or stop accounts, resolve and pay a dividend, tell a legal status, say which institution a company is (whose tokens then read its register) | in a checked market: nothing happens before a checker has signed the request's commitment in the register's domain; the service verifies signature, role and record again before it acts, whatever its rows say, and an account with `register.operator` is no checker. Otherwise not refused. A company's application, a dividend's calculation and a holder's identity data need nobody else in any market | whoever puts together what was signed, from a fact's `checked` and the record that asked; a fact of such a kind without `checked` in a checked market |
| has an issuer's token | read another company's register, identity documents, accounts | only its own companies' register is shown to it, holders by name and units | – |
| has the operator's register key | exceed the holder cap by agreement, deal inside five trading days, sell to the unsuitable or before custody | the register refuses, whoever sends; terms change only with checker and regulator | the refused transaction |
| | call a sale an inheritance, open pseudonyms of its own and call them suitable | in a checked market: no act without another person's signature. Otherwise not refused, and the cap is then told (`CapExceeded`) but not kept | the regulator: each act names the commitment of its documents, and there are none |
| | lower what look-through found, move units for a court | needs checker and regulator, or the court's liaison | – |
| | release, shorten, outrank or sell under a court's freeze | needs the court's liaison, on the chain, act by act | the refused transaction |
| | release, sell or transfer what is pledged | needs the pledgee's own signature; revocation needs checker and regulator | the refused transaction |
| | ease an officer's lock-up, cancel units, lift a lock | needs a checker in every market | – |
| | invent pledges, freezes and locks; call holders officers; pay a bonus or issue units to its own accounts; confirm who owns what; name a date of publication that comes before nobody's lien | in a checked market: no act without another person's signature. Otherwise not refused: an invented freeze binds until the court's liaison lifts it, new units show in `issued` | holders and regulator: each act names the commitment of its documents, and there are none; the daily comparison with the registered capital |
| | fill a position's 63 lots, or a lot's eleven liens, so that a court's freeze finds no room | in a checked market: no lien without another person's signature. Otherwise, and where a holder really has so many pledges, not refused: `RegisterLots` refuses the freeze until a lien ends; its free units can still be moved, for transfers of free units read no lot | whoever asked for the freeze: the refusal names the limit; each lien names the commitment of its documents |
| | have its own wallet contract agree with everything | a contract is asked by `staticcall`, after the nonce is used up, and counts only where its address holds the role or is the pledgee | – |
| | call a module instead of the register | a module by itself is an empty register under another address: it knows no security, signatures name the register | nobody follows its events |
| | be checker and regulator with one account | the sender never counts; another account that the regional authority gave both roles counts as both | the grants, which are public events: give them to different persons |
| | act on another market | roles are held by region, and a register serves one; signatures name chain and contract | the refused transaction |
| writes the store of the materials | change, cut, swap, exchange or remove stored files | nothing of such a chunk is given out: it does not open at its place under its file's key | `regseal fsck` (missing, wrong length, strange), `--files` (each chunk); `regseal verify --material` of whoever holds the file |
| reads the store, or its old versions | read files | sealed under keys in the database, which the master key wraps; names are keyed hashes. Sizes and times are visible | – |
| runs the service | acknowledge and drop | – | the signed acknowledgement proves the omission against any later checkpoint |
| | show two parties two logs | `witness` when the quorum is shared | witnesses that compare heads; the chain holds one |
| | withhold a record before acknowledging it | – | the submitter, who holds no acknowledgement |
| runs the embedded chain | rewrite the chain from its start | `finality`: witnesses follow headers by parent hash from the pinned genesis and never attest a second branch | every witness, as an alarm with both headers kept |
| | lose the chain, and begin the next one with a head left out, changed or moved | – (the contract cannot know the lost chain) | every witness that followed both refuses the epoch's statement (`epoch-differs`) and keeps both heads; `regseal fsck` |
| | call another chain the next epoch | `anchor`: pins come from the trust file; witnesses take an epoch from their own operator alone | every witness: `chain-other`, `genesis-other` |
| | use on the next chain what was signed for the lost one | chain id or contract differ: `chain replace`, the service's start and a witness each refuse a chain where they do not | – |
| | restore an old database after the chain was replaced | `log-behind-anchor`: the closing heads beside the settings, the head file and every witness | – |
| lies to a witness over RPC | make it attest a header | header hashes, parents and receipts roots are recomputed; nothing is taken from the answer | the witness alarms and signs nothing |
| holds a mirror of entries (a witness's home, an auditor's token) | read records | they are encrypted under institutions' keys, which are wrapped by the master key. It learns which institution wrote which leaf, when, how long the record is, and which records were erased | – |
| | put other records back | a ciphertext opens only under its institution's key and record id, and must give its leaf's commitment; the leaf must lead to the heads of chain and witness, the latter signed by the log's own key | `regseal log recover` refuses and names the leaf |
| | add leaves behind the last head, or give the log to another owner | what no head covers counts only with content that opens; the chain knows the owner | `regseal log recover` leaves them out, or refuses |
| | withhold the content of records, as if erased | another mirror has it | the recovery names records without content of which no `record.erasure` leaf tells |
| holds a mirror of entries **and** the master key | read every mirrored record, sign heads with the log's keys | like whoever holds database and master key: treat the log keys as stolen | – |
| restores an old database and says that the rest is lost | drop what was acknowledged | `--accept-loss-after` and `--without-head-file` count only when the chain and every configured witness, asked at that start, know no more; both become leaves | acknowledgements prove what was dropped after the last look of a witness |
| holds a witness key alone | forge | still needs the log key and, for `finality`, a header with the right receipt | – |
| colludes: operator and the whole quorum | anything of the log's future | – | only parties outside the quorum that kept receipts. Choose a quorum of bodies that do not share an operator |
| stops the leading process and lets it go on later | make it write over its successor | every write compares the fencing token; head files, chain sends and stored files of a former leader cannot touch what came after (ADR 12) | `lease_lost` in its log |
| reads the table `intake` | learn what followers hand over | encrypted under a key that the master key wraps; token secrets do not pass at all | – |
| writes the table `intake` | have the leader act in another's name | a question that does not open is not carried out: it is bound to its row and encrypted by a process that has the master key | `intake_unreadable` |
| has all keys of the gateway | move a pilot project past a gate | every step but those that its rulebook leaves to a sender (a public comment) needs the signature of the body that the rule names, for that step alone; a gate also an anchored leaf | `PilotMoved` names the signer |
| | end a notice early by a calendar with more working days | a year is signed by the region's authority, who is shown its days off and on; it is published once, and afterwards days are only closed | `regseal calendar check`: library or announcement against the chain; doctor does the same |
| | make a pilot stand still: file comments with a too high seq, or none at all | a seq ahead of what was proven by 1,024 or more; the bodies reach 1,024 further, and by any other account. Withholding is not refused (who runs the gateway can always withhold) | the seq of the step against the stream: a leaf that nobody can show; signed acknowledgements of comments that the chain lacks |
| | end pilots with numbers that no stream reaches: anchor a made-up log of billions of leaves, seal one of them, then file a comment behind it | a leaf's seq must fit the log's length, so it costs the region's whole log; that log is refused by every witness from that head on, and frozen | every witness, at the first head that no mirror can follow. Projects that were sealed in it until then are lost, and submitted anew |
| | take an old authorisation out of the drawer when it suits | the state, the flags and the open items at that time; a step whose leaf is older than the newest step's; the deadline | – |
| knows the number of somebody else's draft (a co-applicant) | open it on the chain as a project of its own | the service follows an opening only when lead, rulebook and stream are the draft's; else the draft is `TAKEN` and is begun anew under another number | `PilotOpened` names the lead; `pilot_taken` |
| signs for a body and goes around the service | have its step taken for another one that was asked for, by naming that one's leaf | a step is a request's answer only in the same project, with the same action, value and seq | the fact `step.elsewhere` in the timeline |
| | make a pilot stand still with a far too high seq | the chain believes a seq without a proof only within 2,048 of what was proven, the lead's within 1,024; the service fills the gap and goes on behind it | `step.elsewhere` and the `filler` facts after it, and who signed |
| gives opinions for another body | help its step, or stand in its way | only the acting body's own experts count, each by the last word | – |
| is a region's authority | shorten a notice by calling days working days | a year is published once; afterwards days ahead can only be closed | `CalendarPublished` against the State Council's notice |
| seals for others | make a body's signed step stale by sealing later leaves | what is sealed does not count for the order of steps | – |
| steals a token | submit in the institution's name | the log's policy may require the submitter's signature (a public receipt cannot show it and is then `incomplete`) | the institution's list of records |
| is an institution of the same service | learn whether a record of another exists | what is not yours and what is not there get the same answer | – |
| | make another's submissions fail, or use its idempotency keys | units of one group fail alone; keys belong to who asks | – |
| | register another's public key as its own | a key is registered with its own signature over institution, key and role | the refused registration |
| | ask for origins that are another's, or for logs without end | at most 16 logs that the chain does not have; on the chain an origin belongs to who opens it first, and in one service to who asked first | – |
| asks without a token | exhaust the service | limits by address (by /64 in IPv6) on every public route that asks the database, bounded bodies and nesting; nothing a stranger sends is stored unless a configured witness signed it | metrics |
| replays a signature | use an authorisation twice, later, or on another chain | nonce bit, deadline, chain id and contract address are part of what is signed | – |

## Forbidden shortcuts

- Nothing inside a receipt authorises itself: keys, chain ids, contracts and witnesses come from the trust file alone.
- No URL inside a receipt is ever followed.
- An API answer is not evidence; the receipt is.
- Erasing a record changes no leaf, no head and no proof; what it does not reach (backups, receipts handed out, old blocks of a disk) is said in [operations.md](operations.md).
- `accepted_at` is the service's word. Use the witness's and the block's time as bounds.
- The trust document that the service offers is a convenience for the first look. An auditor gets pins from the parties themselves.

## Limits said openly

- The **embedded chain** has one operator and no seals. What makes its headers worth anything is the witnesses that followed it; a policy without `header` quorum trusts the operator.
- **A production chain's headers have no authority of their own here either.** A block of a QBFT or IBFT chain carries its validators' seals, and this version's verifiers do not read them: in every chain class `finality` rests on the witnesses that `policy.header` asks for, and `chain_class` in a verdict only says which kind of chain they followed. A witness takes headers by parent hash from its pinned genesis; that the validators sealed them is checked by the node it asks (`--rpc`), which must therefore be a node of its own that takes part in the chain's consensus rules, not the operator's. With a foreign node, who runs that node and holds the log key can show a chain of its own to this one witness: a quorum over several bodies, each with its own node, is what stands against it.
- A gateway can refuse to submit. The acknowledgement makes later omission provable, not the refusal to accept.
- Field salts hide low-entropy values in public receipts; a *private* receipt discloses the record secret to whoever holds the file.
- The contract knows the freeze's signers, so does the service once the chain has told it the region's authority; before that, a wrong signature brought by the log's own administrator ends the request, which is then made again.
- A machine restored whole (database, head file) to a moment after its witnesses last looked is not noticed; they look every second.
- A freeze leaves what was accepted since the last anchor without an anchor. It has acknowledgements and, as far as witnesses saw it, cosignatures; it is submitted again to the successor.
- Limits are counted by the address of the connection. Behind a reverse proxy that is what the proxy says, which must therefore set `X-Forwarded-For` itself.
- A mirror cannot tell whether the ciphertext it is given is the record: a service that feeds it nonsense deprives itself of its own recovery. The recovery checks; `regseal log recover --dry-run` on a copy checks before it is needed.
- Traffic analysis: sizes, times and the number of records per stream are visible to whoever reads the entries.
- SM2/SM3 support is reserved in the format and not yet offered; using these algorithms is not a certification.
- **A gateway can withhold a public comment from the chain.** It files comments with its own account, so it could acknowledge one and not open it there. The commenter's signed acknowledgement and the leaf in the region's log prove that it was received; that it was not opened is then seen by anybody who compares the log with the chain.
- **A dossier is whole up to the block it was proven at, not up to today.** Who hands it out can hand out an older one: later steps are then in neither its events nor its proof. The verdict names block and time; whoever needs today's answer asks the chain (`regseal pilot status --chain`). What nobody ever posted is in no dossier, and events behind the chain's count can be left out unseen: they are listed as unsealed.
- **Simulated time is for demonstrations.** In a sample that runs on it, whoever writes one file sets the time of chains and service. Every real origin refuses the setting; a sample's origin ends in `.example`, and so do its receipts'.
- **A gateway can delay what it carries**, not change it: a step counts only with the signature of the body that the rulebook names, over the hash of exactly this request.
- **What the chain cannot see, the bodies answer for**: forms, materials, opinions and declarations are checked by the service and committed to. The chain enforces order, bodies, notice, items, terms and gates.
