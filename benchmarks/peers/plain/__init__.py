"""No package: a column `account` in each table, and a filter in each query."""
