"""One immutable batch of issues: postings, attributes and vectors, as files and as arrays."""
