"""URL converters. Text that no converter accepts is answered with 404 before a query is made."""


class PictureConverter:
    regex = "[0-9a-f]{32}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
