"""The nouns: evidence (`Case` and its parts) and assumptions (`Model` and its parts). Knows no inference library."""
