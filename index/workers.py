"""Processes that work for another, and end with it however it ends."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from threading import Thread

from index.privacy import forbid_core_dumps


def process_pool(workers: int) -> ProcessPoolExecutor:
    """A pool of `workers` processes; "spawn": a fork of one with threads (faiss) may hang."""
    return ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=start_as_worker
    )


def start_as_worker() -> None:
    """What such a process does first: it ends when its parent is killed, and dumps no memory.

    Waiting for work, it would wait forever.
    """
    forbid_core_dumps()
    Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
