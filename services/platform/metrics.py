"""What operators watch (Prometheus): one registry a process.

Every label known beforehand has a value from the start, so dashboards do not lie. Label values are names from
settings or code, never ids of institutions or records.
"""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

__all__ = ["REGISTRY", "initialise", "job_runs", "render"]

REGISTRY = CollectorRegistry()


def _gauge(name: str, text: str, *labels: str) -> Gauge:
    return Gauge(f"regseal_{name}", text, labels, registry=REGISTRY)


def _counter(name: str, text: str, *labels: str) -> Counter:
    return Counter(f"regseal_{name}", text, labels, registry=REGISTRY)


# evidence
RECORDS_ACCEPTED = _counter("records_accepted_total", "Records acknowledged", "log")
RECORDS_REFUSED = _counter("records_refused_total", "Submissions refused", "reason")
LOG_SIZE = _gauge("log_size", "Leaves in the log", "log")
CHECKPOINT_AGE = _gauge("checkpoint_age_seconds", "Age of the newest checkpoint", "log")
LOG_CHECKED = _gauge("log_checked", "1 when checked since the start against chain, witness and head file", "log")
ANCHOR_BACKLOG = _gauge("anchor_backlog_records", "Leaves not yet under a final anchor", "log")
ANCHOR_OLDEST = _gauge("anchor_oldest_unanchored_seconds", "Age of the oldest leaf not under a final anchor", "log")
WITNESS_COSIGN = _counter("witness_cosign_total", "Cosignatures offered", "role", "result")
WITNESS_SATISFIED = _gauge("witness_policy_satisfied", "0 while the newest checkpoint lacks the quorum", "log")
GROUP_SIZE = Histogram(
    "regseal_sequencer_group_units",
    "Units per group commit",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
    registry=REGISTRY,
)
COMMIT_SECONDS = Histogram(
    "regseal_sequencer_commit_seconds",
    "Duration of a group commit",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5),
    registry=REGISTRY,
)

# transactions and chains
CHAIN_HEAD_AGE = _gauge("chain_head_age_seconds", "Age of the newest block seen", "chain")
CHAIN_UP = _gauge("chain_up", "1 while the chain answers with the pinned identity", "chain")
CHAIN_PEERS = _gauge("chain_peers", "Nodes that the node in use is connected to (not of embedded chains)", "chain")
RPC_ERRORS = _counter("rpc_errors_total", "Requests that an endpoint did not answer", "endpoint", "kind")
TX_PENDING = _gauge("tx_pending", "Transactions signed and not final", "signer")
TX_STALE = _counter("tx_stale_total", "Forced look-ups of transactions without news", "chain")
TX_RESUBMIT = _counter("tx_resubmit_total", "Same bytes sent again, or a replacement at the same nonce", "chain")
TX_REJECTED = _counter("tx_rejected_total", "Final refusals", "reason")
NONCE_GAP = _gauge("nonce_gap", "Nonces between the chain's next and our lowest pending", "signer")
EVENT_CURSOR = _gauge("event_cursor_block", "Last block whose events are handled", "stream")
EVENT_SCAN = _gauge("event_scan_block", "Last block scanned", "stream")
EVENT_LAG = _gauge("event_lag_blocks", "Final blocks not yet handled", "stream")
CALENDAR_MISSING = _gauge("calendar_missing", "1 while a year that is due is not published", "region", "year")
IDENTITY_MISMATCH = _gauge("identity_mismatch", "1 when a pinned dependency is not what it was", "check")

# pilots
PILOT_ALERTS = _gauge("pilot_alerts", "Alerts of pilot projects that are not closed", "code", "kind")

# the register
REGISTER_ALERTS = _gauge("register_alerts", "Alerts of the register whose cause still stands", "kind")
REGISTER_FAULTS = _counter("register_faults_total", "Times that rows and contract were found to differ", "kind")
REGISTER_DIFFERENCES = _gauge("register_differences", "Differences that the last reconciliation found")
REGISTER_RECONCILED = _gauge("register_reconciled_epoch", "Unix time of the last reconciliation without a difference")

# the process
LEADS = _gauge("leads", "1 while this process is the one that writes the logs, 0 while it follows")
LEASE_FENCE = _gauge("lease_fence", "Fencing token by which this process leads, 0 while it follows")
HANDED_OVER = _counter("handed_over_total", "Requests that this process handed to the leader")
INTAKE_WAITING = _gauge("intake_waiting", "Requests of other processes that this leader carries out now")
HTTP_REQUESTS = _counter("http_requests_total", "Requests answered", "route", "status")
HTTP_SECONDS = Histogram(
    "regseal_http_request_seconds",
    "Time to answer",
    ("route",),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
    registry=REGISTRY,
)
FORGED_ROWS = _counter("forged_rows_total", "Tokens met in the database that the service did not write", "table")
RATE_LIMITED = _counter("rate_limited_total", "Requests refused for their rate", "kind")
JOB_RUNS = _counter("job_runs_total", "Runs of the scheduled jobs", "job", "result")
SELFAUDIT_LAST_OK = _gauge("selfaudit_last_ok_epoch", "Unix time of the last clean self-audit")
SELFAUDIT_MISMATCH = _counter("selfaudit_mismatch_total", "Contradictions found by the self-audit", "kind")

COSIGN_RESULTS = ("accepted", "inconsistent", "invalid", "stale", "unknown")
REJECT_REASONS = ("simulation", "reverted", "expired", "funds")
REFUSED_REASONS = ("invalid", "forbidden", "unavailable")
MISMATCH_KINDS = ("leaf", "root", "checkpoint", "head-file", "chain")
SEALED_TABLES = ("tokens", "bootstrap_secrets")
IDENTITY_CHECKS = ("chain-id", "genesis", "code-hash", "schema")


def initialise(*, chains: Iterable[str], roles: Iterable[str], endpoints: Iterable[tuple[str, str]]) -> None:
    """Gives every label known beforehand its zero. ``endpoints``: (endpoint, kind of failure)."""
    for endpoint in endpoints:
        RPC_ERRORS.labels(*endpoint)
    for chain in chains:
        for one in (CHAIN_HEAD_AGE, CHAIN_UP, EVENT_CURSOR, EVENT_SCAN, EVENT_LAG, TX_STALE, TX_RESUBMIT):
            one.labels(chain)
    for role in roles:
        for result in COSIGN_RESULTS:
            WITNESS_COSIGN.labels(role, result)
    for metric, values in (
        (TX_REJECTED, REJECT_REASONS),
        (RECORDS_REFUSED, REFUSED_REASONS),
        (SELFAUDIT_MISMATCH, MISMATCH_KINDS),
        (FORGED_ROWS, SEALED_TABLES),
        (RATE_LIMITED, ("read", "write", "public", "comment")),
    ):
        for value in values:
            metric.labels(value)
    for check in IDENTITY_CHECKS:
        IDENTITY_MISMATCH.labels(check)


def job_runs(job: str) -> None:
    """Zero counts for a job that was just added."""
    for result in ("ok", "failed"):
        JOB_RUNS.labels(job, result)


def render() -> bytes:
    """The text exposition of all metrics."""
    return generate_latest(REGISTRY)
