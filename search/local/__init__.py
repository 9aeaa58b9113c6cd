"""The engine on one machine: Whoosh's inverted index, FAISS, and compiled kernels over arrays."""
