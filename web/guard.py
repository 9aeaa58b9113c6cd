"""Who may talk to this server, and what a browser may do with its answers.

The pages hold patients' words: no other host is contacted, no other site may frame, read or post
to them, and a name that merely resolves to this machine is not enough to be answered.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from flask import Flask, Response, request

from web.errors import Problem

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def _hostname(netloc: str) -> str:
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""


def _check_host(hosts: Collection[str]) -> None:
    if _hostname(request.headers.get("Host", "")) not in hosts:
        raise Problem(
            400,
            "unknown_host",
            "This server does not answer to that host name.",
            "Open it as http://localhost, or start it with --host to serve other names.",
        )


def _check_origin() -> None:
    """Refuse a form or script of another site.

    Under our own no-referrer policy a browser sends "Origin: null" with our forms, so null alone
    proves nothing; where Sec-Fetch-Site is sent, it decides.
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin", "null")
    foreign = (
        site not in ("same-origin", "none")
        if site
        else origin != "null" and _host_of(origin) != request.headers.get("Host")
    )
    if foreign:
        raise Problem(
            403,
            "cross_site",
            "Another site sent this request.",
            "Open the page on this machine and send it from there.",
        )


def _host_of(origin: str) -> str:
    """The host that an Origin header names; empty where it names none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def install(app: Flask, hosts: Collection[str] | None) -> None:
    """Check every request of `app`; `hosts` are the names it answers to, None any."""

    @app.before_request
    def check() -> None:
        if hosts is not None:
            _check_host(hosts)
        if request.method == "POST":
            _check_origin()

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.method == "POST":
            response.headers["Cache-Control"] = "no-store"
        elif request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response
