"""What keeps a patient's words on this machine, whatever libraries would do by themselves.

Some libraries report their use to their makers, look for newer files on a hub, or leave caches in
the user's folders. They are told not to by variables of the environment, which they read when they
are imported, so `silence_dependencies` runs when any of our packages is imported.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys

_SILENT = {
    # ONNX Runtime 1.31 reports sessions, and keeps a device id below the user's cache folder.
    # Its own `disable_telemetry_events` comes too late: the first report is sent at the import.
    "ORT_DISABLE_TELEMETRY": "1",
    # What transformers and sentence-transformers load stands in the folder they are given.
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
    # torch makes this folder when it is imported, else one below the temporary folder.
    "TORCHINDUCTOR_CACHE_DIR": sys.prefix,
}
_PR_SET_DUMPABLE = 4  # linux/prctl.h


class NotPrivate(RuntimeError):
    """A library that reports its use was imported before it could be told not to."""


def silence_dependencies() -> None:
    """Tell every dependency to send nothing and to leave nothing in the user's folders.

    Raises NotPrivate where onnxruntime is imported already and was not told before.
    """
    if "onnxruntime" in sys.modules and os.environ.get("ORT_DISABLE_TELEMETRY") != "1":
        raise NotPrivate(
            "onnxruntime was imported before precedent and reports its use to its maker: import "
            "precedent's packages first, or start Python with ORT_DISABLE_TELEMETRY=1"
        )
    os.environ.update(_SILENT)


def forbid_core_dumps() -> None:
    """Have the kernel write no memory of this process to disk, whatever ends it.

    The limit alone does not do: dumps that are piped to a collector pass it by.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
