"""Django's PostgreSQL backend, carrying the active tenant into the database: `ENGINE = "tenancy.postgresql"`."""
