"""What uWSGI serves: `application`, which `APP` names."""

from __future__ import annotations

import runpy
from pathlib import Path

application = runpy.run_path(str(Path(__file__).resolve().parents[1] / "application.py"))["application"]()
