"""A question in, ranked issues out."""

from index.privacy import silence_dependencies

silence_dependencies()
