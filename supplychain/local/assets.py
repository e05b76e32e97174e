"""Copy what pages load out of the npm packages into build/static: run by path, by ./run and by the Dockerfile.

Only the files that pages use are taken. References to source maps are cut off, because the maps stay behind and
Django refuses to collect a file that names a missing one.
"""

import re
import shutil
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
PACKAGES = CHECKOUT / "node_modules"
TARGET = CHECKOUT / "build" / "static"
ICON_LIST = CHECKOUT / "static" / "icons.txt"

_FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler/css/tabler.min.css",
    "@tabler/core/dist/js/tabler.min.js": "tabler/js/tabler.min.js",
}
_SOURCE_MAP = re.compile(r"\n?(/\*# sourceMappingURL=.*?\*/|//# sourceMappingURL=\S+)\s*$")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_SVG = re.compile(r"<svg\b(?P<attributes>[^>]*)>(?P<shapes>.*)</svg>", re.DOTALL)
_KEPT_ATTRIBUTES = re.compile(r'\b(?:viewBox|fill|stroke|stroke-width|stroke-linecap|stroke-linejoin)="[^"]*"')
# The invisible square that every icon of the set begins with.
_BLANK_SHAPE = re.compile(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>')


class MissingIconError(Exception):
    """An icon of static/icons.txt is not in the package."""


def main() -> int:
    """Build all files; end with 1 and a sentence when an icon does not exist."""
    for source, target in _FILES.items():
        _copy_text(PACKAGES / source, TARGET / target)
    try:
        sprite = build_sprite(read_icon_names(ICON_LIST), folder=PACKAGES / "@tabler" / "icons" / "icons")
    except MissingIconError as error:
        print(error, file=sys.stderr)
        return 1
    _write(TARGET / "icons" / "sprite.svg", sprite)
    return 0


def read_icon_names(path: Path) -> list[str]:
    """Return the names of the list: one a line, `#` begins a comment; `filled/star` names a filled icon."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    names = (line.split("#", 1)[0].strip() for line in lines)
    return sorted({name for name in names if name})


def build_sprite(names: list[str], *, folder: Path) -> str:
    """Return one SVG with a `<symbol id="name">` for each icon (`filled/star` becomes `star-filled`)."""
    symbols = "\n".join(_symbol(name, folder=folder) for name in names)
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n'


def _symbol(name: str, *, folder: Path) -> str:
    style, _, icon = name.rpartition("/")
    file = folder / (style or "outline") / f"{icon}.svg"
    if not file.is_file():
        raise MissingIconError(f"static/icons.txt names the icon {name!r}, which @tabler/icons does not have.")
    match = _SVG.search(_COMMENT.sub("", file.read_text(encoding="utf-8")))
    if match is None:
        raise MissingIconError(f"The file of the icon {name!r} is no SVG.")
    attributes = " ".join(_KEPT_ATTRIBUTES.findall(match["attributes"]))
    shapes = " ".join(_BLANK_SHAPE.sub("", match["shapes"]).split())
    return f'<symbol id="{icon}{"-" + style if style else ""}" {attributes}>{shapes}</symbol>'


def _copy_text(source: Path, target: Path) -> None:
    _write(target, _SOURCE_MAP.sub("\n", source.read_text(encoding="utf-8")))


def _write(target: Path, text: str) -> None:
    if target.exists() and target.read_text(encoding="utf-8") == text:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.draft")
    draft.write_text(text, encoding="utf-8")
    shutil.move(draft, target)


if __name__ == "__main__":
    sys.exit(main())
