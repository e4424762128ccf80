"""What does not fit the state that things are in."""


class Conflicting(Exception):
    """Nothing was changed, since it cannot be done to what is there: answered with 409 `conflict` and this text."""
