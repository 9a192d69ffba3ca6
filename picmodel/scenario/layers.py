"""What a scenario is put together from, layer by layer, and the same without one of its settings.

A scenario is its files (those it extends, then itself), the design, and the point of a sweep, merged in
this order.  The layers are kept, so that the effect of one setting can be told from what the layers below
it say: `settings` lists all leaves, and `Layers.without` leaves one out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from picmodel.scenario.source import Key, Node, Path, merge, without, written

#: keys that say how documents are put together; no scenario has them
CONTROL = ("extends", "designs", "reference", "baseline", "sweep", "outside")


@dataclass(frozen=True)
class Setting:
    """One leaf of a layer.

    Attributes:
        path: from the top of a scenario; an override is ``("overrides", path)``, an item of its list has
            a number behind it.
        own: the file that was loaded says so, not one that it extends.
        node: the value as it is written.
    """

    layer: str
    path: Path
    node: Node
    own: bool
    file: str

    @property
    def name(self) -> str:
        return written(self.path)


@dataclass(frozen=True)
class Layers:
    """Documents of a scenario.

    Attributes:
        files: each over those before; the last one is the file that was loaded.
        design: name of the design, or "".
        point: partial document of the point of a sweep.
        label: name of that point, or "".
    """

    files: tuple[Node, ...]
    stem: str
    design: str = ""
    point: Node | None = None
    label: str = ""

    def document(self) -> Node:
        """All layers merged, without the keys that put documents together."""
        whole = merged(self.files)
        parts = whole.child("designs")
        found = _plain(whole)
        design = parts.child(self.design) if parts and self.design else None
        if design is not None:
            found = merge(found, without(_plain(design), "name"))
        return merge(found, self.point) if self.point else found

    def settings(self) -> Iterator[Setting]:
        """Every leaf of every layer."""
        for node in self.files:
            own, file = node is self.files[-1], node.place.file
            for path, leaf in _leaves(_plain(node)):
                yield Setting("", path, leaf, own, file)
            parts = node.child("designs")
            design = parts.child(self.design) if parts and self.design else None
            for path, leaf in _leaves(design) if design else ():
                yield Setting("design", path, leaf, own, file)
        for path, leaf in _leaves(self.point) if self.point else ():
            yield Setting("point", path, leaf, True, leaf.place.file)

    def without(self, setting: Setting, instead: Node | None = None) -> Layers:
        """The same layers without one setting, or with another value in its place."""
        if setting.layer == "point":
            assert self.point is not None
            return replace(self, point=_changed(self.point, setting.path, instead))
        path = setting.path if setting.layer == "" else ("designs", self.design, *setting.path)
        files = tuple(_changed(f, path, instead) if f.place.file == setting.file else f for f in self.files)
        return replace(self, files=files)


def merged(files: Sequence[Node]) -> Node:
    """Documents from left to right."""
    whole, *rest = files
    for node in rest:
        whole = merge(whole, node)
    return whole


def _plain(node: Node) -> Node:
    return replace(node, value={key: child for key, child in node.entries().items() if key not in CONTROL})


def _leaves(node: Node, above: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Leaves below a mapping: values, lists of values, empty mappings, single years of a path by year."""
    for key, child in node.entries().items():
        path = (*above, key)
        if path[0] == "overrides" and len(path) == 2:
            if isinstance(child.value, tuple):
                yield from ((((*path, i)), item) for i, item in enumerate(child.value))
            else:
                yield path, child
        elif isinstance(child.value, dict) and child.value and not _one_year(child):
            yield from _leaves(child, path)
        elif isinstance(child.value, tuple) and any(isinstance(i.value, dict) for i in child.value):
            yield from _leaves_of_list(child, path)
        else:
            yield path, child


def _leaves_of_list(node: Node, path: Path) -> Iterator[tuple[Path, Node]]:
    """A list of mappings: each of its items whole, and every leaf inside them."""
    for i, item in enumerate(node.value):
        yield (*path, i), item
        yield from _leaves(item, (*path, i))


def _one_year(node: Node) -> bool:
    """A value by year of one year only: without it nothing would be left."""
    return len(node.value) == 1 and isinstance(next(iter(node.value)), int)


def _changed(node: Node, path: Path, instead: Node | None) -> Node:
    """A document without what is at ``path``, or with another value there; it may not have it."""
    step, *rest = path
    child = node.child(step)
    if child is None:
        return node
    new = _changed(child, tuple(rest), instead) if rest else instead
    if isinstance(node.value, tuple):
        items: list[Node] = [*node.value[: int(step)], *([new] if new else []), *node.value[int(step) + 1 :]]
        return replace(node, value=tuple(items))
    children: dict[Key, Node] = {key: value for key, value in node.entries().items() if key != step}
    if new is not None:
        children = {key: new if key == step else value for key, value in node.entries().items()}
    return replace(node, value=children)
