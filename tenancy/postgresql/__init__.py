"""Django's PostgreSQL backend with the active tenant in each transaction: `ENGINE = "tenancy.postgresql"`."""
