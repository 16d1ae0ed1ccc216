"""Parses C# files: prints the place of each syntax error, and fails if there is one."""

import pathlib
import sys

import tree_sitter
import tree_sitter_c_sharp


def errors(node: tree_sitter.Node) -> list[tree_sitter.Node]:
    if node.is_error or node.is_missing:
        return [node]
    return [error for child in node.children if child.has_error for error in errors(child)]


def main() -> int:
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_c_sharp.language()))
    files = [file for folder in sys.argv[1:] for file in sorted(pathlib.Path(folder).rglob("*.cs"))]
    found = [
        f"{file}:{node.start_point.row + 1}: syntax error"
        for file in files
        for node in errors(parser.parse(file.read_bytes()).root_node)
    ]
    print(*found, f"{len(files)} files", sep="\n")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main())
