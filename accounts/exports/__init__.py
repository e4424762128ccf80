"""Files that members download: CSV, XLSX and JSON."""
