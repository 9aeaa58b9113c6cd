"""Serving the application on this machine with waitress."""

from __future__ import annotations

import signal
import socket
from types import FrameType

import click
from waitress import create_server

from search.engine import Engine
from web.app import create_app
from web.guard import LOOPBACK
from web.wire import MAX_KEPT, Channel

THREADS = 4  # two for each core: 8 answered a sixth fewer pages a second
CONNECTIONS = 32  # each may hold a body in memory


class CannotServe(click.ClickException):
    """The address cannot be listened on; the message says what to do."""

    exit_code = 2


def run(engine: Engine, host: str, port: int) -> None:
    """Serve `engine` until interrupted or told to end; requests under way are finished.

    On loopback only loopback names are answered, so that no web site can reach the index by a
    name of its own that resolves here. Who names another host takes on who may reach it.
    """
    app = create_app(engine, hosts=LOOPBACK if host in LOOPBACK else None)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise CannotServe(
            f"Cannot listen on {host} port {port}: {error.strerror}. Choose another with --port."
        ) from error
    server = create_server(
        app,
        sockets=[listening],
        threads=THREADS,
        ident="precedent",
        connection_limit=CONNECTIONS,
        max_request_body_size=MAX_KEPT,
        # No patient's record is spooled to a file: neither what is asked nor what is answered.
        inbuf_overflow=MAX_KEPT,
        outbuf_overflow=MAX_KEPT,
    )
    server.channel_class = Channel

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"precedent is at http://{shown}:{listening.getsockname()[1]}/  (Ctrl-C ends it)")
    server.run()
    server.close()
