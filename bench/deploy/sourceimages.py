"""The images of another source: built from its checkout on this one's base images, for one run alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.catalogue.versions import Checkout, Checkouts
from bench.deploy import images
from bench.deploy.engine import Engine
from bench.model import Deployment
from bench.model.variant import THIS_CHECKOUT, Source


def of_all(
    engine: Engine,
    checkouts: Checkouts,
    deployments: Sequence[Deployment],
    run_id: str,
    labels: Mapping[str, str],
    bases: Mapping[str, str],
    say: images.Say,
) -> Mapping[Source, Mapping[str, Any]]:
    """The services of every source's compose file; of another source than this one, built by `build`."""
    services: dict[Source, Mapping[str, Any]] = {}
    for source, checkout in checkouts.items():
        if source == THIS_CHECKOUT:
            services[source] = images.services(engine, [checkout.compose_file], bases)
        else:
            of_it = [d for d in deployments if d.variant.source == source]
            services[source] = build(engine, checkout, of_it, run_id, labels, bases, say)
    return services


def build(
    engine: Engine,
    checkout: Checkout,
    deployments: Sequence[Deployment],
    run_id: str,
    labels: Mapping[str, str],
    bases: Mapping[str, str],
    say: images.Say,
) -> Mapping[str, Any]:
    """Build them, and resolve the services of its compose file.

    Args:
        deployments: those of this source.
        labels: put on every image, by which it is removed when the run has ended.

    Raises:
        EngineError: a build failed; has the end of its output.
    """
    as_it_stands = images.services(engine, [checkout.compose_file], bases)
    # One that only names an image is used as it stands.
    overriding = {
        d.server.name: {
            "image": f"wsgi-bench/{d.server.name}:{d.variant.kind.name}-{run_id}",
            "build": {"labels": dict(labels)},
        }
        for d in deployments
        if "build" in as_it_stands.get(d.server.name, {})
    }
    if not overriding:
        return as_it_stands
    images.build_as(engine, checkout.compose_file, overriding, bases, say, " (old version)")
    named = {name: {**as_it_stands[name], "image": own["image"]} for name, own in overriding.items()}
    return {**as_it_stands, **named}
