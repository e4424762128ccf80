"""Bytes without rows: what a file contains and how it is named."""
