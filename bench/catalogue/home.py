"""Where the harness's own files are, and where the results of a user belong."""

from __future__ import annotations

from pathlib import Path

from bench.model.errors import UsageError

PACKAGE = Path(__file__).parents[1]
"""The folder of this package."""
_CHECKOUT = PACKAGE.parent
# What the wheel carries of the checkout, in the same folders: pyproject.toml, `force-include`.
_SHARED = PACKAGE / "share"

IN_CHECKOUT = not _SHARED.is_dir()
"""Whether this is run from a checkout, and not from what was installed of it."""
HOME = _CHECKOUT if IN_CHECKOUT else _SHARED
"""The folder with `docker-compose.yml`, `servers/` and `apps/`."""


def at_home(path: str, option: str) -> Path:
    """A path whose `~`, which a shell leaves where it knows no such user, stands for a home.

    Raises:
        UsageError: there is no such user.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise UsageError(
            f"{option} {path}: there is no such user, or none with a home. Write the whole path."
        ) from None


def inside(folder: Path, root: Path = HOME) -> bool:
    """Whether a folder belongs to the checkout that this is run from, or to another one.

    Args:
        root: of the other one.
    """
    return IN_CHECKOUT and any(folder.resolve().is_relative_to(of.resolve()) for of in (HOME, root))


def is_checkout(folder: Path) -> bool:
    """Whether a folder is the checkout that this is run from, itself."""
    return IN_CHECKOUT and folder.resolve() == HOME.resolve()


def results_folder(root: Path, folder: Path | None = None) -> Path:
    """The folder that results go to, each in one of its own: `results/` in the checkout; elsewhere
    `wsgi-bench-results/` in the working directory.

    Args:
        root: of the harness's files.
        folder: the working directory, by default.
    """
    here = folder or Path.cwd()
    if here.resolve().is_relative_to(root.resolve()) and root != _SHARED:
        return root / "results"
    return here / "wsgi-bench-results"
