"""What each address answers: the list of runs, the report of those that are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import cast
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from picmodel.errors import PicmodelError
from picmodel.report import headlines
from picmodel.report.page import TEMPLATES as REPORT
from picmodel.report.words import LANGS, LANGUAGES, Lang, Words, words_for
from picmodel.view.library import Entry, Library
from picmodel.view.pages import EXPORTS, Pages, why_not

TEMPLATES = Path(__file__).parent / "templates"
#: pages carry all that they need; nothing is fetched from anywhere, and no other site may frame them
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self' data: blob:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
LOCAL = ("localhost", "127.0.0.1", "[::1]")


class Viewer:
    """Answers of one folder of results."""

    def __init__(self, library: Library, pages: Pages) -> None:
        self._library = library
        self._pages = pages
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def list(self, request: Request) -> Response:
        """Every run of the folder, with those of the address already chosen."""
        lang = _language(request)
        w = words_for(lang)
        entries = self._library.entries()
        text = self._templates.get_template("list.html").render(
            w=w,
            lang=lang,
            languages=LANGUAGES,
            other=next(one for one in LANGS if one != lang),
            root=self._library.root,
            entries=entries,
            columns=headlines.MAIN,
            chosen=request.query_params.getlist("run"),
            why_not=why_not,
            style=(REPORT / "page.css").read_text("utf-8"),
        )
        return HTMLResponse(text, headers=HEADERS)

    def report(self, request: Request) -> Response:
        """The report of the runs that the address names."""
        lang = _language(request)
        chosen = self._chosen(request, lang)
        if isinstance(chosen, Response):
            return chosen
        try:
            page = self._pages.report(chosen, lang)
        except PicmodelError as error:
            return self._refusal(error, lang)
        headers = {**HEADERS, "ETag": page.tag}
        if request.headers.get("if-none-match") == page.tag:
            return Response(status_code=304, headers=headers)
        return HTMLResponse(page.html, headers=headers)

    def export(self, request: Request) -> Response:
        """All indicators of the runs that the address names, as a file."""
        lang, format_ = _language(request), request.query_params.get("format", "")
        if format_ not in EXPORTS:
            w = words_for(lang)
            return self._message(404, [w("no_format", name=format_)], w)
        chosen = self._chosen(request, lang)
        if isinstance(chosen, Response):
            return chosen
        try:
            name, content = self._pages.export(chosen, lang, format_)
        except PicmodelError as error:
            return self._refusal(error, lang)
        said = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
        return Response(content, media_type=EXPORTS[format_][1], headers={**HEADERS, **said})

    def _chosen(self, request: Request, lang: Lang) -> Sequence[Entry] | Response:
        """The runs that an address names, or the answer where it names none or one that is not there."""
        names, entries = list(dict.fromkeys(request.query_params.getlist("run"))), self._library.entries()
        if not names:
            return RedirectResponse(f"/?lang={lang}", headers=HEADERS)
        w = words_for(lang)
        unknown = [w("no_run", name=name) for name in names if name not in entries]
        return self._message(404, unknown, w) if unknown else [entries[name] for name in names]

    def _refusal(self, error: PicmodelError, lang: Lang) -> Response:
        return self._message(422, getattr(error, "problems", [str(error)]), words_for(lang))

    def not_found(self, request: Request, error: Exception) -> Response:
        w = words_for(_language(request))
        return self._message(404, [w("no_page", path=request.url.path)], w)

    def _message(self, status: int, problems: Sequence[str], w: Words) -> Response:
        text = self._templates.get_template("message.html").render(
            w=w, problems=problems, style=(REPORT / "page.css").read_text("utf-8")
        )
        return HTMLResponse(text, status, headers=HEADERS)


def application(viewer: Viewer, host: str) -> Starlette:
    """The viewer as an application.

    Args:
        host: what it is bound to; where that is this machine alone, requests that call it by another name are
            refused, so that no page of the web can read results through the reader's browser.
    """
    allowed = [*LOCAL, host] if is_local(host) else ["*"]
    return Starlette(
        routes=[
            Route("/", viewer.list),
            Route("/report", viewer.report),
            Route("/export", viewer.export),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=allowed, www_redirect=False),
            Middleware(GZipMiddleware, minimum_size=2000, compresslevel=1),
        ],
        exception_handlers={404: viewer.not_found},
    )


def is_local(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _language(request: Request) -> Lang:
    """The language that the address names, else the one that the browser asks for, else English."""
    said = request.query_params.get("lang", "")
    if said in LANGS:
        return cast(Lang, said)
    return "zh" if request.headers.get("accept-language", "").lower().startswith("zh") else "en"
