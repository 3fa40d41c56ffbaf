# SPDX-License-Identifier: Apache-2.0
"""Tests of scripts/check.py: each wrong tree must be refused, for the reason it is wrong."""

import importlib.util
import pathlib
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = TOP / "scripts/check.py"
SPDX = "// SPDX-License-Identifier: Apache-2.0\n"

SPEC = importlib.util.spec_from_file_location("check", SCRIPT)
check = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(check)


class Tree:
    """A small git work tree, removed with the test."""

    def __init__(self, test: unittest.TestCase):
        folder = tempfile.TemporaryDirectory()
        test.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        subprocess.run(["git", "init", "-q", folder.name], check=True)

    def write(self, path: str, text: str) -> "Tree":
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return self

    def rules(self) -> list:
        return [breach.rule for breach in check.breaches(self.root)]

    def run(self) -> subprocess.CompletedProcess:
        return subprocess.run(["python3", str(SCRIPT), "--root", str(self.root)],
                              capture_output=True, text=True, check=False)


def function(name: str, lines: int) -> str:
    return f"void {name}() {{\n" + "  Step();\n" * (lines - 2) + "}\n"


class Layers(unittest.TestCase):
    def include(self, path: str, header: str, brackets: str = '""') -> list:
        text = f"{SPDX}#include {brackets[0]}{header}{brackets[1]}\n"
        return Tree(self).write(path, text).rules()

    def test_downward_includes_pass(self):
        self.assertEqual(self.include("agent/trace/a.cc", "agent/model/span.h"), [])
        self.assertEqual(self.include("agent/app/a.cc", "agent/trace/linker.h"), [])
        self.assertEqual(self.include("agent/base/a.cc", "agent/base/result.h"), [])

    def test_upward_and_sideways_includes_fail(self):
        for path, header in [("agent/base/a.h", "agent/model/span.h"),
                             ("agent/model/a.h", "agent/trace/linker.h"),
                             ("agent/protocol/http1/a.cc", "agent/connection/stream.h"),
                             ("agent/capture/a.cc", "agent/process/table.h"),
                             ("agent/connection/a.cc", "agent/exporter/otlp.h")]:
            self.assertEqual(self.include(path, header), ["layer"], path)

    def test_unknown_room_fails(self):
        self.assertEqual(self.include("agent/cellar/a.cc", "agent/cellar/b.h"), ["layer"])

    def test_include_relative_to_the_file_fails(self):
        self.assertEqual(self.include("agent/base/a.cc", "result.h"), ["root"])

    def test_libraries_stay_behind_their_doors(self):
        self.assertEqual(self.include("agent/capture/a.cc", "bpf/libbpf.h", "<>"), [])
        self.assertEqual(self.include("agent/app/a.cc", "bpf/libbpf.h", "<>"), ["layer"])
        self.assertEqual(self.include("agent/app/flags.cc", "gflags/gflags.h", "<>"), [])
        self.assertEqual(self.include("agent/app/main.cc", "gflags/gflags.h", "<>"), ["layer"])
        self.assertEqual(self.include("agent/trace/a.cc", "curl/curl.h", "<>"), ["layer"])

    def test_link_lines_follow_the_layers(self):
        def rules(room: str) -> list:
            text = f"spanwire_room(model SOURCES a.cc DEPENDS {room} LIBRARIES z)\n"
            path = "agent/model/CMakeLists.txt"
            return Tree(self).write(path, SPDX.replace("//", "#") + text).rules()

        self.assertEqual(rules("base"), [])
        self.assertEqual(rules("trace"), ["layer"])


class Sizes(unittest.TestCase):
    def rules(self, text: str, path: str = "agent/base/a.cc") -> list:
        return Tree(self).write(path, SPDX + text).rules()

    def test_file_of_400_lines_passes_and_401_fails(self):
        self.assertEqual(self.rules("int a;\n" * 399), [])
        self.assertEqual(self.rules("int a;\n" * 400), ["file-size"])

    def test_line_of_100_columns_passes_and_101_fails(self):
        self.assertEqual(self.rules("//" + "x" * 98 + "\n"), [])
        self.assertEqual(self.rules("//" + "x" * 99 + "\n"), ["line-length"])

    def test_tabs_count_as_eight_columns(self):
        self.assertEqual(self.rules("\t" * 12 + "x" * 5 + "\n", "bpf/a.c"), ["line-length"])

    def test_function_of_60_lines_passes_and_61_fails(self):
        self.assertEqual(self.rules(function("Short", 60)), [])
        self.assertEqual(self.rules(function("Long", 61)), ["function"])

    def test_functions_are_found_wherever_they_stand(self):
        long = function("Long", 61)
        for text in [f"namespace a {{\n{long}}}\n",
                     f"class A {{\n public:\n  {long}}};\n",
                     f"template <typename T>\n{long}",
                     long.replace("()", "(int a = 3) const noexcept"),
                     long.replace("void Long()", "A::A(int b) : b_{b}, c_(b)"),
                     long.replace("void Long()", "bool operator==(A a, A b)"),
                     long.replace("void Long()", "TEST(A, DoesThings)"),
                     long.replace("void Long()", 'SEC("tp_btf/x")\nint BPF_PROG(long, int a)')]:
            self.assertEqual(self.rules(text), ["function"], text.splitlines()[:3])

    def test_braces_in_text_do_not_count(self):
        body = "".join(f"  Say(\"}}\", '{{', {n});  // }}\n" for n in range(30))
        text = f"void A() {{\n{body}}}\n" + f"void B() {{\n{body}}}\n"
        self.assertEqual(self.rules(text), [])

    def test_long_tables_and_classes_are_not_functions(self):
        self.assertEqual(self.rules("int table[] = {\n" + "  1,\n" * 100 + "};\n"), [])
        methods = "  int a() const { return 1; }\n" * 100
        self.assertEqual(self.rules("class A {\n" + methods + "};\n"), [])

    def test_long_python_and_shell_functions_fail(self):
        spdx = SPDX.replace("//", "#")
        python = "def long():\n" + "    step()\n" * 60
        shell = "long() {\n" + "  step\n" * 60 + "}\n"
        self.assertEqual(Tree(self).write("scripts/a.py", spdx + python).rules(), ["function"])
        self.assertEqual(Tree(self).write("scripts/a.sh", spdx + shell).rules(), ["function"])


class Rest(unittest.TestCase):
    def test_missing_licence_line_fails(self):
        self.assertEqual(Tree(self).write("agent/base/a.cc", "int a;\n").rules(), ["spdx"])

    def test_unknown_top_level_name_fails(self):
        self.assertEqual(Tree(self).write("docs/a.md", "x\n").rules(), ["top-level"])

    def test_ignored_files_do_not_count(self):
        tree = Tree(self).write(".gitignore", "/build/\n").write("build/a.cc", "int a;\n")
        self.assertEqual(tree.rules(), [])

    def test_function_name_is_the_allow_list_subject(self):
        tree = Tree(self).write("agent/base/a.cc", SPDX + function("Long", 61))
        subjects = [breach.subject for breach in check.breaches(tree.root)]
        self.assertEqual(subjects, ["agent/base/a.cc:Long"])


class AllowList(unittest.TestCase):
    ENTRY = "function agent/base/a.cc:Long  # a table of states\n"

    def test_listed_breach_passes(self):
        tree = Tree(self).write("agent/base/a.cc", SPDX + function("Long", 61))
        self.assertEqual(tree.run().returncode, 1)
        tree.write("scripts/check_allow.txt", self.ENTRY)
        self.assertEqual(tree.run().returncode, 0)

    def test_entry_that_is_no_longer_needed_fails(self):
        tree = Tree(self).write("agent/base/a.cc", SPDX + function("Long", 60))
        tree.write("scripts/check_allow.txt", self.ENTRY)
        result = tree.run()
        self.assertEqual(result.returncode, 1)
        self.assertIn("no longer needed", result.stdout)


if __name__ == "__main__":
    unittest.main()
