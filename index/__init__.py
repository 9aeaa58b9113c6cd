"""Letters in, an index on disk out."""

from index.privacy import silence_dependencies

silence_dependencies()
