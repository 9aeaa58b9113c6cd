"""Serving the application on this machine with waitress, in a process for each core.

Answering a page is Python for the better part, which one process does on one core. The first
process listens and starts the others, which open the index for themselves and take connections
from the same socket.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
from multiprocessing import get_context
from pathlib import Path
from types import FrameType

import click
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from index.extract.reader import Limits
from index.workers import start_as_worker
from search.engine import Engine
from web.app import create_app
from web.guard import LOOPBACK
from web.uploads import WAITING, Uploads
from web.wire import MAX_KEPT, Channel

PROCESSES = min(len(os.sched_getaffinity(0)), 4)  # each holds an encoder and its caches
THREADS = 2  # at work in each: while one waits for a slow client, the other answers
CONNECTIONS = 32  # in each; a connection may hold a body in memory


class CannotServe(click.ClickException):
    """The address cannot be listened on; the message says what to do."""

    exit_code = 2


class Server(TcpWSGIServer):  # type: ignore[misc]
    """waitress's server, which leaves a connection to another process while its threads work.

    Threads that an upload holds do no work, so they do not count, and others are there for them.
    """

    channel_class = Channel
    uploads: Uploads

    def readable(self) -> bool:
        """Whether to accept a connection: as long as fewer than THREADS requests are worked on."""
        dispatcher = self.task_dispatcher
        at_work = dispatcher.active_count + len(dispatcher.queue) - self.uploads.held
        return bool(super().readable()) and at_work < THREADS


def run(
    engine: Engine, host: str, port: int, processes: int = 1, limits: Limits | None = None
) -> None:
    """Serve `engine` until interrupted or told to end; requests under way are finished.

    An upload that takes more than `limits` to read is refused.

    On loopback only loopback names are answered, so that no web site can reach the index by a
    name of its own that resolves here. Who names another host takes on who may reach it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise CannotServe(
            f"Cannot listen on {host} port {port}: {error.strerror}. Choose another with --port."
        ) from error
    context = get_context("spawn")
    others = [
        context.Process(target=_serve_too, args=(engine.address, host, listening, limits))
        for _ in range(processes - 1)
    ]
    for other in others:
        other.start()
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"precedent is at http://{shown}:{listening.getsockname()[1]}/  (Ctrl-C ends it)")
    try:
        _serve(engine, host, listening, limits)
    finally:
        for other in others:
            other.terminate()


def _serve_too(directory: Path, host: str, listening: socket.socket, limits: Limits | None) -> None:
    """What each further process does, until the first one ends it or is gone."""
    start_as_worker()
    engine = Engine(directory)
    engine.warm_up()
    _serve(engine, host, listening, limits)


def _serve(engine: Engine, host: str, listening: socket.socket, limits: Limits | None) -> None:
    """Answer what this process takes from `listening`, until told to end."""
    uploads = Uploads(limits)
    dispatcher = ThreadedTaskDispatcher()
    dispatcher.set_thread_count(THREADS + 1 + WAITING)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that one waits is no news
    server = Server(
        create_app(engine, hosts=LOOPBACK if host in LOOPBACK else None, uploads=uploads),
        map={},
        _sock=listening,
        dispatcher=dispatcher,
        bind_socket=False,
        sockinfo=(listening.family, listening.type, listening.proto, listening.getsockname()),
        adj=Adjustments(
            sockets=[listening],
            ident="precedent",
            connection_limit=CONNECTIONS,
            max_request_body_size=MAX_KEPT,
            # No patient's record is spooled to a file: neither what is asked nor what is answered.
            inbuf_overflow=MAX_KEPT,
            outbuf_overflow=MAX_KEPT,
        ),
    )

    server.uploads = uploads
    uploads.on_held = server.pull_trigger  # it may accept a connection now

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    server.run()
    server.close()
