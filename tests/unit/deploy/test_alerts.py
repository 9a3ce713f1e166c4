"""The alert rules that we hand out ask for figures that the service has, by labels that they have."""

import re
from pathlib import Path
from typing import Any

import yaml

from services.platform import metrics

ALERTS = Path(__file__).resolve().parents[3] / "deploy" / "alerts.yml"
METRIC = re.compile(r"\b(regseal_\w+)")
LABELS = re.compile(r"by \(([^)]*)\)|\$labels\.(\w+)")


def test_every_rule_asks_for_what_the_service_tells() -> None:
    known = {
        name: set(getattr(metric, "_labelnames", ()))
        for metric in vars(metrics).values()
        if hasattr(metric, "collect") and hasattr(metric, "_name")
        for name in (metric._name, f"{metric._name}_total")
    }
    document: Any = yaml.safe_load(ALERTS.read_text("utf-8"))
    rules = [rule for group in document["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        asked = METRIC.findall(rule["expr"])
        assert asked, rule
        assert set(asked) <= known.keys(), rule
        said = " ".join([rule["expr"], rule["annotations"]["summary"]])
        labels = {label.strip() for pair in LABELS.findall(said) for one in pair if one for label in one.split(",")}
        assert all(labels <= known[name] for name in asked), rule
