"""The pages, the API and the command line."""

from index.privacy import silence_dependencies

silence_dependencies()
