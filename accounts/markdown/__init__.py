"""The parser of the Markdown that members write. It parses at a limited cost."""
