"""The command `precedent`: index, search, similar, show, dump, evaluate, verify, serve.

Exit codes: 0 done; 1 done, but something was quarantined or in conflict, or a check failed; 2 the
call is wrong, with one sentence that says what to run.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from index.privacy import forbid_core_dumps
from search.facets import FACETS, OUTCOMES
from search.request import MODES, SORTS, CaseRequest, Filters, Mode, Page, SearchRequest, Sort

if TYPE_CHECKING:
    from search.engine import Engine
    from search.results import Hit, Results

DEFAULT_INDEX = Path(".precedent")
_Command = TypeVar("_Command", bound=Callable[..., object])


def _index_option() -> Callable[[_Command], _Command]:
    return click.option(
        "--index",
        "directory",
        type=click.Path(path_type=Path),
        envvar="PRECEDENT_INDEX",
        default=DEFAULT_INDEX,
        show_default=True,
        help="The index directory; PRECEDENT_INDEX names another default.",
    )


def _request_options(command: _Command) -> _Command:
    """The options that `search` and `similar` share."""
    for kind in reversed(FACETS):
        command = click.option(f"--{kind.name}", multiple=True, help=kind.described)(command)
    for option in (
        click.option(
            "--sort", type=click.Choice([str(sort) for sort in SORTS]), default="relevance"
        ),
        _mode_option(),
        click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True),
        click.option("--offset", type=click.IntRange(0), default=0),
        click.option("--json", "as_json", is_flag=True, help="Print what the API returns."),
        _index_option(),
    ):
        command = option(command)
    return command


def _mode_option() -> Callable[[_Command], _Command]:
    modes = [str(mode) for mode in MODES]
    return click.option("--mode", type=click.Choice(modes), default="hybrid", show_default=True)


def _kept(filters: dict[str, tuple[str, ...]]) -> Filters:
    return {name: values for name, values in filters.items() if values}


@contextmanager
def _refusals() -> Iterator[None]:
    """What a person can mend becomes one sentence on stderr and exit code 2."""
    from index.encoder import ModelUnavailable
    from index.extract.reader import ReaderUnavailable
    from index.manifest import IndexUnusable
    from search.backend import NotFound
    from search.query import QueryError

    try:
        yield
    except QueryError as error:
        place = "" if error.position is None else f" (at character {error.position + 1})"
        _refuse(f"{error.message} {error.remedy}{place}")
    except (IndexUnusable, ModelUnavailable, ReaderUnavailable) as error:
        _refuse(str(error))
    except NotFound as error:
        _refuse(f"{error}: `precedent search WORDS` finds ids")
    except BrokenPipeError:  # whoever read the output has gone
        raise
    except OSError as error:
        if error.filename is None:  # a sentence of our own
            _refuse(str(error))
        _refuse(f"{error.filename}: {error.strerror}; give a file that can be read")


def _refuse(sentence: str) -> NoReturn:
    click.echo(f"precedent: {sentence}", err=True)
    sys.exit(2)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="precedent")
def main() -> None:
    """Search prior Independent Medical Review determinations. Nothing leaves this machine."""
    forbid_core_dumps()


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--prune", is_flag=True, help="Remove letters whose files under PATHS are gone.")
@_index_option()
def index(paths: tuple[Path, ...], prune: bool, directory: Path) -> None:
    """Add or update the letters in PATHS: files, folders and ZIP archives."""
    from index.build import build
    from index.progress import Reporter

    with _refusals():
        try:
            done = build(paths, directory, Reporter(sys.stderr), prune=prune)
        except KeyboardInterrupt:
            click.echo("precedent: stopped; run the same command again to go on", err=True)
            sys.exit(130)
    click.echo(
        f"{done.read} read: {done.new} new, {done.changed} changed, {done.same} same, "
        f"{done.removed} removed, {len(done.quarantined)} quarantined, "
        f"{len(done.conflicts)} in conflict; the index holds "
        f"{done.letters} letters with {done.issues} issues"
    )
    if done.generation == 1:
        click.echo("getting the search ready", err=True)
        _prepare(directory)
    for entry in done.quarantined:
        click.echo(f"quarantined: {entry.source}: {entry.reason} {entry.remedy}", err=True)
    for conflict in done.conflicts:
        click.echo(f"conflict: {conflict.letter}: {conflict.reason} {conflict.remedy}", err=True)
    if done.quarantined or done.conflicts:
        sys.exit(1)


def _prepare(directory: Path) -> None:
    """Compile the search kernels, once per installation, so that no question waits for it."""
    from search.engine import Engine

    Engine(directory).warm_up().join()


# A word that is to be left out begins with a minus, as an option does: -home asks for no help.
@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("words", nargs=-1, required=True)
@_request_options
def search(
    words: tuple[str, ...],
    sort: str,
    mode: str,
    limit: int,
    offset: int,
    as_json: bool,
    directory: Path,
    **filters: tuple[str, ...],
) -> None:
    """Search for WORDS: all of them, with AND OR NOT, "phrases", -minus, field:word, pre*."""
    from web.serialize import to_json

    for word in words:
        if word.startswith("--"):
            raise click.NoSuchOption(word)
    request = SearchRequest(
        words=" ".join(words),
        filters=_kept(filters),
        mode=Mode(mode),
        page=Page(offset=offset, limit=limit, sort=Sort(sort)),
    )
    with _refusals():
        results = _open(directory).search(request)
        if results.letter_id:
            _show(directory, results.letter_id, as_json)
        elif as_json:
            _print_json(to_json(results))
        else:
            _print_results(results)


@main.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@_request_options
def similar(
    file: Path,
    sort: str,
    mode: str,
    limit: int,
    offset: int,
    as_json: bool,
    directory: Path,
    **filters: tuple[str, ...],
) -> None:
    """Find the prior issues most similar to the request in FILE (PDF, DOCX, TXT; - for stdin)."""
    from index.extract import Unreadable
    from index.extract.reader import Reader
    from web.serialize import to_json

    with _refusals(), Reader() as reader:
        reader.start()  # it gets ready while the index is opened
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        engine = _open(directory)
        try:
            text = reader.text("standard input" if str(file) == "-" else file.name, data)
        except Unreadable as error:
            _refuse(f"{file}: {error.reason} {error.remedy}")
        request = CaseRequest(
            text=text,
            filters=_kept(filters),
            mode=Mode(mode),
            page=Page(offset=offset, limit=limit, sort=Sort(sort)),
        )
        results = engine.similar(request)
        if as_json:
            _print_json(to_json(results))
            return
        if results.understood.requested:
            click.echo(f"Requested: {results.understood.requested}")
        _print_results(results)


@main.command()
@click.argument("id", metavar="ISSUE_OR_LETTER_ID")
@click.option("--json", "as_json", is_flag=True, help="Print what the API returns.")
@_index_option()
def show(id: str, as_json: bool, directory: Path) -> None:  # noqa: A002
    """Show a letter, or one issue of it."""
    with _refusals():
        _show(directory, id, as_json)


def _show(directory: Path, id: str, as_json: bool) -> None:  # noqa: A002
    from search.understand.syntax import case_number
    from web.serialize import issue_record, letter_record, to_json

    id = case_number(id) or id  # noqa: A001
    page = _open(directory).letter(id, neighbours=0)
    letter, number = page.letter, id.partition("#")[2]
    shown = [issue for issue in letter.issues if not number or issue.number == int(number)]
    if as_json:
        _print_json(to_json(issue_record(page, int(number)) if number else letter_record(page)))
        return
    click.echo(f"{letter.id}  decided {letter.decision_date or 'on an unknown date'}")
    if not number and letter.summary:
        click.echo(f"\n{letter.summary}")
    for issue in shown:
        click.echo(f"\n{letter.id}#{issue.number}  {OUTCOMES[issue.outcome]}\n{issue.request}")
        click.echo(f"  Administrator: {issue.claims_administrator_guideline}")
        click.echo(f"  Reviewer: {issue.reviewer_guideline}\n\n{issue.rationale}")


@main.command()
@_index_option()
def dump(directory: Path) -> None:
    """Print every letter as JSON Lines."""
    from index.extract import shown
    from index.manifest import read_manifest
    from index.store import Store
    from web.dump import letter_record

    with _refusals():
        generation = read_manifest(directory).generation
        store = Store(directory, read_only=True)
        sources = store.sources.by_letter(generation)
        for letter in store.letters(generation):
            record = letter_record(letter, shown(sources.get(letter.id, b"")))
            click.echo(json.dumps(record, ensure_ascii=False))
        store.close()


@main.command()
@click.option("--topics", required=True, type=click.Path(path_type=Path))
@click.option("--qrels", required=True, type=click.Path(path_type=Path))
@_mode_option()
@click.option("--run", "run_file", type=click.Path(path_type=Path), help="Write a TREC run.")
@click.option("--json", "as_json", is_flag=True)
@_index_option()
def evaluate(
    topics: Path, qrels: Path, mode: str, run_file: Path | None, as_json: bool, directory: Path
) -> None:
    """Measure the rankings against judgments: nDCG@10, recall@50, MRR, by kind of topic."""
    from dataclasses import asdict

    from search.evaluation import (
        BadJudgments,
        measure,
        read_qrels,
        read_topics,
        run_topics,
        write_run,
    )

    with _refusals():
        try:
            asked, judged = read_topics(topics), read_qrels(qrels)
        except BadJudgments as error:
            _refuse(str(error))
        run = run_topics(_open(directory), asked, Mode(mode))
        measures = measure(run, judged, asked)
        if run_file is not None:
            write_run(run_file, run, f"precedent-{mode}")
    if as_json:
        _print_json({"mode": mode, **{kind: asdict(m) for kind, m in measures.items()}})
        return
    click.echo(f"{'kind':<10} {'topics':>6} {'nDCG@10':>8} {'recall@50':>9} {'MRR':>6}")
    for kind, m in measures.items():
        click.echo(f"{kind:<10} {m.topics:>6} {m.ndcg_10:>8.3f} {m.recall_50:>9.3f} {m.mrr:>6.3f}")


@main.command()
@_index_option()
def verify(directory: Path) -> None:
    """Check checksums, and that store, words and vectors hold the same issues."""
    from index.verify import faults

    with _refusals():
        found = faults(directory)
    for fault in found:
        click.echo(f"precedent: {fault}", err=True)
    if found:
        click.echo(
            f"precedent: delete {directory} and run `precedent index` on the letters again",
            err=True,
        )
        sys.exit(1)
    click.echo("all checks passed")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8017, show_default=True)
@_index_option()
def serve(host: str, port: int, directory: Path) -> None:
    """Serve the pages and the API."""
    from search.engine import Engine
    from web.serve import PROCESSES, run

    with _refusals():
        engine = Engine(directory)
        engine.warm_up()
        run(engine, host, port, PROCESSES)


def _open(directory: Path) -> Engine:
    """The engine for one question."""
    from search.engine import Engine

    return Engine(directory)


def _print_json(record: dict[str, Any]) -> None:
    click.echo(json.dumps(record, ensure_ascii=False, indent=1))


def _print_results(results: Results) -> None:
    click.echo(results.total_words)
    for note in results.notes:
        click.echo(f"({note})")
    for hit in results.hits:
        _print_hit(hit)
    if results.nearby:
        click.echo("\nNearest under these filters, less similar:")
    for hit in results.nearby:
        _print_hit(hit)


def _print_hit(hit: Hit) -> None:
    decided = f"  {hit.decision_date}" if hit.decision_date else ""
    click.echo(f"\n{hit.issue}  {OUTCOMES[hit.outcome]}{decided}\n  {hit.disputed}")
    for snippet in hit.snippets[:1]:
        click.echo(f"  \u201c{snippet.text}\u201d")


os.environ.setdefault("OMP_NUM_THREADS", "1")  # one request, one core: pages share the machine
