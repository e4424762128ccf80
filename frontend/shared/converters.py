"""What the keys of projects and tasks look like in URLs. Anything else is answered with 404 before a query is made."""

from dataclasses import dataclass

PROJECT = "[A-Z][A-Z0-9]{1,9}"


@dataclass(frozen=True, slots=True)
class TaskKey:
    """WEB-42."""

    project: str
    number: int

    def __str__(self) -> str:
        return f"{self.project}-{self.number}"


class ProjectKeyConverter:
    regex = PROJECT

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class PictureConverter:
    regex = "[0-9a-f]{32}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class TaskKeyConverter:
    regex = f"{PROJECT}-[1-9][0-9]{{0,8}}"  # nine digits fit the column

    def to_python(self, value: str) -> TaskKey:
        project, _, number = value.rpartition("-")
        return TaskKey(project, int(number))

    def to_url(self, value: object) -> str:
        return str(value)
