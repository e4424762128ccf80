"""The Dockerfile and .dockerignore, as far as ours use what Docker knows."""

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Stage:
    """What is between one FROM and the next. `base` is another stage, or None for an image from elsewhere."""

    name: str
    image: str
    base: "Stage | None"
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, keyword: str) -> list[str]:
        """Return the arguments of every such instruction, those of the stages below first."""
        below = self.base.all(keyword) if self.base else []
        return below + [arguments for name, arguments in self.instructions if name == keyword]

    def last(self, keyword: str) -> str | None:
        found = self.all(keyword)
        return found[-1] if found else None

    def command(self) -> list[str]:
        """Return ENTRYPOINT and CMD together. Both are lists: a shell would keep signals to itself."""
        return [word for keyword in ("ENTRYPOINT", "CMD") for word in json.loads(self.last(keyword) or "[]")]

    def health_check(self) -> list[str]:
        """Return the command of HEALTHCHECK, nothing when there is none."""
        words: list[str] = json.loads((self.last("HEALTHCHECK") or "CMD []").partition("CMD ")[2])
        return words

    def environment(self) -> dict[str, str]:
        assignments = (word for arguments in self.all("ENV") for word in shlex.split(arguments))
        return dict(word.split("=", 1) for word in assignments)

    def copies(self) -> list[tuple[list[str], str]]:
        """Return sources and destination of every COPY from the checkout."""
        found = []
        for arguments in self.all("COPY"):
            words = shlex.split(arguments)
            if not any(word.startswith("--from=") for word in words):
                *sources, destination = [word for word in words if not word.startswith("--")]
                found.append((sources, destination))
        return found


def stages() -> dict[str, Stage]:
    """Return the stages by name, in order."""
    found: dict[str, Stage] = {}
    for keyword, arguments in _instructions((ROOT / "Dockerfile").read_text()):
        if keyword == "FROM":
            image, _, name = re.split(r"\s+", arguments)  # every stage has a name
            found[name] = Stage(name, image, found.get(image))
        else:
            list(found.values())[-1].instructions.append((keyword, arguments))
    return found


def _instructions(text: str) -> list[tuple[str, str]]:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in joined.splitlines()]


def is_ignored(path: str) -> bool:
    """Return whether .dockerignore excludes `path`, relative to the checkout: the last match decides."""
    ignored = False
    parents = [path, *(parent.as_posix() for parent in Path(path).parents)]
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.strip().removeprefix("!")
        if pattern and not pattern.startswith("#") and any(_matches(pattern, name) for name in parents):
            ignored = not line.startswith("!")
    return ignored


def _matches(pattern: str, name: str) -> bool:
    # "**/" is any number of folders, "*" stays in one.
    parts = [
        {"**/": "(.*/)?", "*": "[^/]*", "?": "[^/]"}.get(part, re.escape(part))
        for part in re.split(r"(\*\*/|\*|\?)", pattern)
    ]
    return re.fullmatch("".join(parts), name) is not None
