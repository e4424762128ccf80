"""docker-compose.yml with its variables filled in, and with the images of the Dockerfile."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.deployment.dockerfile import Stage, stages

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yml"
VARIABLE = re.compile(r"\$\{(\w+):-((?:[^{}]|\$\{\w+:-[^{}]*\})*)\}")  # a default may contain another default


@dataclass(frozen=True)
class Service:
    name: str
    definition: dict[str, Any]
    stage: Stage | None  # of the Dockerfile; None when the image comes from elsewhere

    @property
    def command(self) -> list[str]:
        return self.definition.get("command") or (self.stage.command() if self.stage else [])

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of the file, without that of the image."""
        return {name: str(value) for name, value in self.definition.get("environment", {}).items()}

    @property
    def health_check(self) -> list[str]:
        """Return the command, without `CMD`; nothing when there is none, or when it is switched off."""
        check = self.definition.get("healthcheck")
        if check is None:
            return self.stage.health_check() if self.stage else []
        return check.get("test", ["CMD"])[1:]

    @property
    def user(self) -> str | None:
        return self.definition.get("user") or (self.stage.last("USER") if self.stage else None)

    @property
    def image(self) -> str | None:
        return self.definition.get("image")

    @property
    def depends_on(self) -> dict[str, str]:
        """Return {service: condition}."""
        return {name: how["condition"] for name, how in self.definition.get("depends_on", {}).items()}


def services(variables: Mapping[str, str] | None = None) -> dict[str, Service]:
    """Return the services by name; `variables` are those of .env."""
    whole = fill_in(yaml.safe_load(FILE.read_text()), variables or {})
    definitions, known = whole["services"], stages()
    builds = {name: it["build"] for name, it in definitions.items() if "build" in it}
    built = {name: known[build["target"]] for name, build in builds.items()}
    # An image that one service builds and names is that of all that name it.
    shared = {definitions[name]["image"]: stage for name, stage in built.items() if "image" in definitions[name]}
    return {
        name: Service(name, definition, built.get(name) or shared.get(definition.get("image", "")))
        for name, definition in definitions.items()
    }


def fill_in(value: Any, variables: Mapping[str, str]) -> Any:
    """Replace `${NAME:-default}` in every text, as Compose does: also after the YAML has been read."""
    if isinstance(value, dict):
        return {name: fill_in(item, variables) for name, item in value.items()}
    if isinstance(value, list):
        return [fill_in(item, variables) for item in value]
    if isinstance(value, str):
        return VARIABLE.sub(lambda match: variables.get(match[1]) or fill_in(match[2], variables), value)
    return value
