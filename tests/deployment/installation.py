"""A virtual environment with the packages of a requirements file and no others, as the image has it.

Made of links to the packages that are installed here, so it takes a moment and no network.
"""

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from packaging.markers import Marker

ROOT = Path(__file__).resolve().parents[2]
PINNED = re.compile(r"^([\w.-]+)==\S+(?: ; (.+?))?(?: \\)?$", re.MULTILINE)


def environment_with(requirements: str, folder: Path) -> Path:
    """Create a virtual environment in `folder` with the packages of the file `requirements`; return its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(subprocess.run([python, "-c", where], check=True, capture_output=True, text=True).stdout.strip())
    for name in pinned(requirements):
        for file in metadata.files(name) or ():
            if (top := file.parts[0]) != "..":
                link(packages / top, Path(str(file.locate())).parents[len(file.parts) - 1] / top)
            elif file.parent.name == "bin":
                link(folder / "bin" / file.name, Path(str(file.locate())).resolve())
    return python


def pinned(requirements: str) -> list[str]:
    """Return the packages that a requirements file pins for this machine."""
    found = PINNED.findall((ROOT / requirements).read_text())
    return [name for name, marker in found if not marker or Marker(marker).evaluate()]


def link(place: Path, target: Path) -> None:
    if not place.exists():
        place.symlink_to(target)
