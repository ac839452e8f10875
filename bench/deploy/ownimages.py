"""The images of this checkout's servers and driver, which a run builds under names of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bench.catalogue.versions import Checkout
from bench.deploy import identity, images, ownership
from bench.deploy.buildcontext import build_context
from bench.deploy.engine import Engine


def of_checkout(
    engine: Engine,
    checkout: Checkout,
    services: Iterable[str],
    run_id: str,
    bases: Mapping[str, str],
    say: images.Say,
) -> Mapping[str, str]:
    """Build them. Other checkouts' runs, which call theirs the same, change nothing.

    Args:
        services: of the compose file; one that only names an image is left as it is.

    Returns:
        By the name that the compose file has for an image, the engine's id of what was built. The image has
        that name, too, until somebody gives it to another; and until the run has ended one of the run's own.

    Raises:
        EngineError: a build failed.
    """
    with build_context(checkout) as compose_file:
        resolved = images.services(engine, [compose_file], bases)
        tag = ownership.tag(run_id)
        named = {
            name: f"wsgi-bench/{name}:{tag}" for name in sorted(set(services)) if "build" in resolved[name]
        }
        overriding = {name: {"image": own} for name, own in named.items()}
        images.build_as(engine, compose_file, overriding, bases, say)
    built = identity.describe(engine, named.values())
    ids = {resolved[name]["image"]: built[own].id for name, own in named.items()}
    for name, own in named.items():
        engine.run("image", "tag", own, resolved[name]["image"])
    return ids
