"""A request as the address that asks it again, whole or with one thing changed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from search.request import PAGE_SIZE, CaseRequest, Filters, Mode, SearchRequest, Sort


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a request; a pasted text is not part of it, so that no address holds one."""

    request: SearchRequest | CaseRequest

    @property
    def words(self) -> str:
        """The typed words; empty for a case."""
        return self.request.words if isinstance(self.request, SearchRequest) else ""

    @property
    def filters(self) -> Filters:
        """The filters of the request."""
        return self.request.filters

    @property
    def mode(self) -> Mode:
        """Which signals take part."""
        return self.request.mode

    @property
    def sort(self) -> Sort:
        """The order of hits."""
        return self.request.page.sort

    @property
    def offset(self) -> int:
        """How many hits are passed over."""
        return self.request.page.offset

    @property
    def limit(self) -> int:
        """How many hits a page has."""
        return self.request.page.limit

    def pairs(self) -> list[tuple[str, str]]:
        """The arguments that ask this, defaults left out."""
        page, switches = self.request.page, self.request.switches
        pairs = [("q", self.words)] if self.words else []
        pairs += [(name, value) for name, values in self.filters.items() for value in values]
        given = {
            "mode": (str(self.mode), str(Mode.HYBRID)),
            "sort": (str(page.sort), str(Sort.RELEVANCE)),
            "limit": (str(page.limit), str(PAGE_SIZE)),
            "offset": (str(page.offset), "0"),
            "seen": (page.seen, ""),
            "expand": ("yes" if switches.expand else "no", "yes"),
        }
        pairs += [(name, value) for name, (value, usual) in given.items() if value != usual]
        pairs += [("off", term) for term in switches.off]
        return pairs + [("sense", f"{term}:{sense}") for term, sense in switches.senses.items()]

    def url(self, path: str) -> str:
        """The address at `path`."""
        pairs = self.pairs()
        return f"{path}?{urlencode(pairs)}" if pairs else path

    def at(self, offset: int, seen: str = "") -> Address:
        """Another page, read from the index in the state `seen`."""
        return self._paged(offset=max(offset, 0), seen=seen)

    def without(self, facet: str, value: str) -> Address:
        """One filter value less."""
        kept = {
            name: tuple(v for v in values if (name, v) != (facet, value))
            for name, values in self.filters.items()
        }
        return self._changed(filters={name: values for name, values in kept.items() if values})

    def unfiltered(self) -> Address:
        """No filters."""
        return self._changed(filters={})

    def changed(self, name: str, value: str) -> Address:
        """One choice made otherwise: other "words", another "mode" or "sort", or "expand"."""
        match name:
            case "mode":
                return self._changed(mode=Mode(value))
            case "sort":
                return self._paged(sort=Sort(value), offset=0, seen="")
            case "expand":
                switches = replace(self.request.switches, expand=value == "yes")
                return self._changed(switches=switches)
            case _:
                return self._changed(words=value)

    def switched(self, term: str, *, on: bool) -> Address:
        """What `term` stands for searched too, or not."""
        switches = self.request.switches
        off = tuple(other for other in switches.off if other != term.lower())
        if not on:
            off = (*off, term.lower())
        return self._changed(switches=replace(switches, off=off))

    def read_as(self, term: str, sense: str) -> Address:
        """An ambiguous term taken in one of its senses."""
        switched = self.switched(term, on=True)
        senses = {**self.request.switches.senses, term.lower(): sense}
        return switched._changed(switches=replace(switched.request.switches, senses=senses))

    def about(self, terms: Collection[str]) -> Address:
        """Without switches of terms that are not in the request."""
        switches = self.request.switches
        kept = replace(
            switches,
            off=tuple(term for term in switches.off if term in terms),
            senses={term: sense for term, sense in switches.senses.items() if term in terms},
        )
        return Address(replace(self.request, switches=kept))

    def _changed(self, **changes: Any) -> Address:
        """The same but for `changes`, from its first page."""
        return Address(replace(self.request, **changes))._paged(offset=0, seen="")

    def _paged(self, **changes: Any) -> Address:
        return Address(replace(self.request, page=replace(self.request.page, **changes)))
