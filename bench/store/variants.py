"""What each deployment is of its server, as `result.json` has it: a flag a kind.

The source isn't repeated there: an old version's is what `Plan.against` names, everything else is of the
checkout that measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bench.model import Plan
from bench.model.jsonable import dump, items, members, parse
from bench.model.secrets import without_secrets
from bench.model.variant import KINDS, OLD, SERVER, THIS_CHECKOUT, Variant


def flags(variant: Variant) -> dict[str, bool]:
    """Of each kind but the server itself, whether it is that."""
    return {name: variant.kind == kind for name, kind in KINDS.items() if kind != SERVER}


def plan_to_document(plan: Plan) -> dict[str, Any]:
    """A plan as it is stored: a user's own scenarios without what nobody is to see."""
    shown = {name: without_secrets(scenario) for name, scenario in plan.scenarios.items()}
    document: dict[str, Any] = dump(replace(plan, scenarios=shown))
    for stored, deployment in zip(document["deployments"], plan.deployments, strict=True):
        del stored["variant"]
        stored |= flags(deployment.variant)
    return document


def with_variants(stored: Any, path: str) -> dict[str, Any]:
    """A stored object that has a plan, or may have one, with the variants in the place of their flags.

    Raises:
        Malformed: what stands in the place of the plan isn't one.
    """
    document = members(stored, path)
    if document.get("plan") is None:
        return document
    path += ".plan"
    plan = members(document["plan"], path)
    deployments = [
        _with_variant(members(deployment, f"{path}.deployments[{i}]"), plan, f"{path}.deployments[{i}]")
        for i, deployment in enumerate(items(plan.get("deployments"), f"{path}.deployments"))
    ]
    return {**document, "plan": {**plan, "deployments": deployments}}


def _with_variant(deployment: Mapping[str, Any], plan: Mapping[str, Any], path: str) -> dict[str, Any]:
    set_ = [
        kind for name, kind in KINDS.items() if parse(bool, deployment.get(name, False), f"{path}.{name}")
    ]
    kind = set_[0] if set_ else SERVER
    source = plan.get("against") if kind == OLD else dump(THIS_CHECKOUT)
    return {**deployment, "variant": {"kind": dump(kind), "source": source}}
