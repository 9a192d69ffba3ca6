"""Opens the port and answers until it is interrupted."""

from __future__ import annotations

import contextlib
import socket
import threading
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path

from picmodel.errors import InputError
from picmodel.report.headlines import Claimed
from picmodel.report.story import Story
from picmodel.view.library import Library
from picmodel.view.pages import Pages

NEEDS = 'this needs the libraries of the viewer; install them with: pip install "picmodel[view]"'
#: of a free port that the system gives
ANY = 0


def serve(
    root: Path,
    host: str,
    port: int,
    claims: Callable[[Story], Sequence[Claimed]],
    ready: Callable[[str, bool], None],
    opens: bool = False,
) -> None:
    """Serve the results below a folder until interrupted.

    Args:
        port: `ANY` for a free one.
        ready: told the address, and whether only this machine reaches it, as soon as requests are answered.
        opens: the reader's browser opens at the address.

    Raises:
        InputError: there is no such folder, a library is missing, or the port cannot be opened.
    """
    try:
        import uvicorn

        from picmodel.view.app import Viewer, application, is_local
    except ModuleNotFoundError:
        raise InputError([NEEDS]) from None
    viewer = Viewer(Library(root), Pages(claims))
    with _opened(host, port) as door:
        address = f"http://{f'[{host}]' if ':' in host else host}:{door.getsockname()[1]}/"
        ready(address, is_local(host))
        if opens:
            threading.Timer(0.5, webbrowser.open, [address]).start()
        config = uvicorn.Config(application(viewer, host), log_level="warning", access_log=False)
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[door])


def _opened(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        remedy = "another program may have it; leave --port out for a free one" if port else "see --host"
        raise InputError([f"cannot listen on {host} port {port} ({error}); {remedy}"]) from None
