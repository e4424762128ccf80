"""The tables of the schema `public`."""
