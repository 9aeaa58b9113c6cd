"""From what an engine found to what a person reads: hits, marks, explanations, statistics."""
