"""The program of an embedded model's process: llama.cpp's own server, on loopback alone.

It reads its settings as one line of JSON from stdin, so that the key is in no process list, says
its port as one line of JSON on stdout, and ends when stdin does: that is when its parent has ended,
however that happened.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from importlib import import_module
from typing import Any

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Serve until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, who ends this
    _die_with_parent()
    settings = json.loads(sys.stdin.readline())
    server = _serve(settings)
    print(json.dumps({"address": server.listening_address}), flush=True)  # noqa: T201
    sys.stdin.read()
    # The server's threads may be generating; nothing of theirs needs an orderly end.
    os._exit(0)


def _serve(settings: dict[str, Any]) -> Any:
    # Threads that wait must sleep, not spin: two models on two busy cores were fifty times slower.
    # OpenMP reads these when it is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    # An extra, 100 MB of code, and without types.
    xllamacpp: Any = import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = settings["path"]
    params.model_alias = {settings["model"]}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [settings["key"]]
    params.cors_origins, params.cors_credentials = "", False
    params.ui, params.endpoint_slots = False, True
    params.n_ctx = settings["context_tokens"] * settings["slots"]
    params.n_parallel = settings["slots"]
    params.cpuparams.n_threads = settings["threads"]
    params.cpuparams_batch.n_threads = settings["threads"]
    params.cpuparams.poll = params.cpuparams_batch.poll = 0
    params.cache_ram_mib = settings["cache_mib"]
    params.verbosity = 1
    params.warmup = False
    return xllamacpp.Server(params)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == 1:  # it ended before the line above
            os._exit(0)


if __name__ == "__main__":
    main()
